// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect } from 'chai';
import { startInspect } from '../command.js';
import { batchOf, impression, makeDatafile } from '../harness.js';
import { at, crowd, describePage, post, variedBatch } from './browser.js';

describePage('inspect: the states of the page', pages => {
  it('says in a live region that the inspector has gone, and takes up again with the one that follows', async () => {
    const { page, command, url, endpoint, rows } = await pages.open();
    await post(endpoint, crowd(2, 'earlier'));
    await rows.filter({ hasText: 'earlier1' }).click();
    await page.getByRole('heading', { name: 'Payload' }).waitFor();
    const connection = page.getByRole('status', { name: 'Connection' });
    expect(await connection.getAttribute('aria-live')).to.equal('polite');
    expect(await connection.textContent()).to.equal('');
    command.signal('SIGTERM');
    await command.ended;
    await connection.getByText('The inspector is not running').waitFor();
    await page.getByRole('list', { name: 'Sources' }).getByText('not running').waitFor();

    await startInspect(['--port', new URL(url).port, '--datafile', pages.datafile]);
    await connection.getByText(/was started again at .*Events from before are gone/).waitFor();
    await page.getByText('Waiting for the first batch').waitFor();
    await page.getByRole('button', { name: 'Dismiss' }).click();
    expect(await connection.textContent()).to.equal('');
    await post(endpoint, crowd(2, 'later'));
    await rows.filter({ hasText: 'later1' }).waitFor();
    expect(await rows.filter({ hasText: 'earlier' }).count()).to.equal(0);
    expect(await page.locator('#detail').count()).to.equal(0);
  });

  it('says so of an inspector that hangs, three seconds after its last word, and forgives it', async () => {
    const { command, url } = await startInspect(['--datafile', pages.datafile]);
    const { page } = await pages.visit('about:blank');
    await page.clock.install();
    await page.goto(url);
    await page.getByText('Waiting for the first batch').waitFor();
    command.signal('SIGSTOP');
    // From here on only what is advanced passes.
    await page.clock.pauseAt(Date.now() + 1_000);
    await page.clock.fastForward(3_000);
    await page.getByText('The inspector is not running, or does not answer').waitFor();
    command.signal('SIGCONT');
    await page.clock.fastForward(1_000);
    await page.getByRole('list', { name: 'Sources' }).getByText('live').waitFor();
    expect(await page.getByText('was started again').count()).to.equal(0);
  });

  it('stays live with an inspector that has nothing to tell', async () => {
    const { page } = await pages.open();
    const beats = await page.evaluate(
      () =>
        new Promise<number>(resolve => {
          let beats = 0;
          const source = new EventSource('/api/stream');
          source.addEventListener('beat', () => {
            beats++;
            if (beats < 4) return;
            source.close();
            resolve(beats);
          });
        }),
    );
    expect(beats).to.equal(4);
    expect(await page.getByRole('status', { name: 'Connection' }).textContent()).to.equal('');
  });

  it('says before anything else that events are passed on, and where to', async () => {
    const received: string[] = [];
    const destination = createServer((request, response) => {
      received.push(request.url ?? '');
      request.resume();
      response.writeHead(204).end();
    });
    destination.listen(0, '127.0.0.1');
    await once(destination, 'listening');
    try {
      const to = `http://127.0.0.1:${(destination.address() as AddressInfo).port}/v1/events`;
      const { page, endpoint, rows } = await pages.open({ args: ['--forward-to', to] });
      const note = page.getByRole('note', { name: 'Forwarding' });
      await note.getByText(to).waitFor();
      const first = await page.evaluate(
        () =>
          [...document.querySelectorAll('#page > *')].find(element => !element.matches('.skip'))?.textContent,
      );
      expect(first).to.contain('Events are passed on');
      expect(await page.getByText('nothing leaves this machine').count()).to.equal(0);
      await post(endpoint, crowd(1));
      await rows.filter({ hasText: 'Optimizely answered 204' }).waitFor();
      expect(received).to.deep.equal(['/v1/events']);
    } finally {
      destination.closeAllConnections();
      destination.close();
    }
  });

  it('lists a request to a wrong path and a body that cannot be read as such, with their text', async () => {
    const { page, endpoint, rows } = await pages.open();
    expect(await post(`${endpoint}s`, '{"visitors":"at a wrong path"}')).to.equal(404);
    expect(await post(endpoint, '{"visitors":[ cut short')).to.equal(400);
    const wrongPath = rows.filter({ hasText: 'POST /v1/eventss' });
    await wrongPath.getByText('{"visitors":"at a wrong path"}').waitFor();
    expect(await wrongPath.textContent()).to.contain('answered 404');
    const unreadable = rows.filter({ hasText: '{"visitors":[ cut short' });
    expect(await unreadable.textContent()).to.match(/POST \/v1\/events\s*answered 400: .*JSON/);
    await page.getByRole('button', { name: 'refused requests: show only these' }).click();
    await post(endpoint, variedBatch());
    await page.locator('.figure', { hasText: 'Impressions' }).getByText('3').waitFor();
    expect(await rows.count()).to.equal(2);
    await wrongPath.click();
    await page.locator('#detail pre').getByText('at a wrong path').waitFor();
  });

  it('names project, environment, region and revision of the datafile, and of another one once it is there', async () => {
    const file = join(pages.directory, 'changing.json');
    const project = (overrides: object) =>
      writeFile(file, JSON.stringify(makeDatafile({ environmentKey: 'staging', ...overrides })));
    await project({});
    const { page } = await pages.open({ args: ['--datafile', file] });
    const sources = page.getByRole('list', { name: 'Sources' });
    await sources.getByText('project project-1, environment staging, region US').waitFor();
    await sources.getByText('datafile revision 7').waitFor();
    await project({ environmentKey: 'production', region: 'EU', revision: '8' });
    await sources.getByText('datafile revision 8').waitFor();
    await sources.getByText('environment production, region EU').waitFor();
  });

  it('says that there are too many pages, shows what it can, and takes up once there are fewer', async () => {
    const { url } = await startInspect(['--datafile', pages.datafile]);
    const listening = await Promise.all(
      Array.from({ length: 32 }, async () => {
        const abort = new AbortController();
        await fetch(`${url}api/stream`, { signal: abort.signal });
        return abort;
      }),
    );
    const { page } = await pages.visit(url);
    await page.getByText('The inspector has too many pages open').waitFor();
    await page.getByText('Waiting for the first batch').waitFor();
    for (const abort of listening) abort.abort();
    await page.getByRole('list', { name: 'Sources' }).getByText('live').waitFor();
    expect(await page.getByRole('status', { name: 'Connection' }).textContent()).to.equal('');
  });

  it('lets go of its connection while it is hidden, and has missed nothing once it is seen again', async () => {
    const { page, endpoint, rows } = await pages.open();
    await page.getByText('Waiting for the first batch').waitFor();
    const see = (state: 'visible' | 'hidden') =>
      page.evaluate(wanted => {
        Object.defineProperty(document, 'visibilityState', { value: wanted, configurable: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }, state);
    const letGo = page.waitForEvent('requestfailed', request => request.url().endsWith('/api/stream'));
    await see('hidden');
    await letGo;
    const asked: string[] = [];
    page.on('request', request => asked.push(request.url()));
    await post(endpoint, crowd(3));
    expect(asked).to.deep.equal([]);
    await see('visible');
    await rows.filter({ hasText: 'v2' }).waitFor();
    expect(await page.getByText('was started again').count()).to.equal(0);
  });

  it('asks for no timeline of an id that no URL can hold', async () => {
    const { page, endpoint, rows, complaints } = await pages.open();
    const [long, short] = ['x'.repeat(100_000), 'short'];
    await post(endpoint, batchOf([long, short].map(visitorId => impression({ visitorId, ...at() }))));
    await rows.filter({ hasText: 'xxx' }).click();
    await page.getByRole('heading', { name: 'Payload' }).waitFor();
    expect(await page.getByRole('button', { name: 'Timeline of this visitor' }).count()).to.equal(0);
    await page.keyboard.press('Escape');
    await rows.filter({ hasText: 'short' }).click();
    await page.getByRole('button', { name: 'Timeline of this visitor' }).waitFor();
    expect(complaints).to.deep.equal([]);
  });
});

// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:net';
import { expect } from 'chai';
import { RecordingLogger } from '../../../test/support/fakes.js';
import { ManualRuntime, settle } from '../../../test/support/manual-runtime.js';
import type { ProjectConfig } from '../src/model/gateway-config.js';
import { createRelayEngine } from '../src/relay-engine.js';
import { makeDatafileFile } from './support/engine.js';

/** An address that nothing listens on. */
async function closedAddress(): Promise<string> {
  const server = createServer();
  const port = await new Promise<number>(resolve =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port)),
  );
  await new Promise(resolve => server.close(resolve));
  return `nats://127.0.0.1:${port}`;
}

describe('the configuration of a gateway that receives and delivers', () => {
  /** Only who delivers looks at the endpoint, only who receives at the key of the hash. */
  const unusable: Readonly<Record<string, Partial<ProjectConfig>>> = {
    endpoint: { endpoint: 'nonsense' },
    userIdHashKey: { userIdHashKey: 'short' },
  };

  async function makeParts() {
    const runtime = new ManualRuntime();
    const logger = new RecordingLogger();
    const relay = { servers: await closedAddress() };
    const shop: ProjectConfig = { source: { kind: 'file', path: makeDatafileFile() } };
    const make = (project: Partial<ProjectConfig> = {}) =>
      createRelayEngine({ config: { projects: { shop: { ...shop, ...project } } }, relay, logger, runtime });
    /** Until all has ended that goes on by itself. */
    const ends = async (work: Promise<unknown>) => {
      let isOver = false;
      void work.finally(() => {
        isOver = true;
      });
      while (!isOver) await runtime.advance(100);
    };
    return { runtime, logger, shop, make, ends };
  }

  for (const [option, project] of Object.entries(unusable)) {
    it(`stays as it was for both where ${option} of another one cannot be used by one of them`, async () => {
      const { shop, make, ends, logger } = await makeParts();
      const engine = make();
      const names = () => engine.projects().map(({ name }) => name);
      const before = names();
      const error = await engine
        .reload({ projects: { fine: shop, shop: { ...shop, ...project } } })
        .catch((thrown: unknown) => thrown);
      expect(error).to.be.instanceOf(TypeError).with.property('message').that.includes(option);
      expect(names()).to.deep.equal(before);
      await ends(engine.reload({ projects: { shop, fine: shop } }));
      expect(names()).to.deep.equal(['shop', 'fine', 'shop/deliver', 'fine/deliver']);
      expect(logger.at('error').filter(line => line.includes('fine'))).to.deep.equal([]);
      await ends(engine.close());
    });

    it(`leaves nothing behind that goes on where ${option} cannot be used at the start`, async () => {
      const { make, runtime } = await makeParts();
      expect(() => make(project)).to.throw(TypeError, option);
      for (let turn = 0; turn < 10; turn++) await settle();
      await runtime.advance(20_000);
      expect(runtime.referenced).to.equal(0);
      expect(runtime.armed).to.equal(0);
    });
  }
});

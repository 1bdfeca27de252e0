// SPDX-License-Identifier: Apache-2.0
//
// Stands for Optimizely: its CDN, and the webhook's other end. Nothing to copy.
import { createHmac } from 'node:crypto';
import { datafileOf } from '../datafile.js';

/** What is published, and at first still what was before, as on a CDN. */
export class Cdn {
  #served: object | undefined;
  #next: object | undefined;
  fetches = 0;

  publish(revision: number): void {
    this.#next = datafileOf(revision);
  }

  serve(): object | undefined {
    this.fetches++;
    const serving = this.#served;
    this.#served = this.#next;
    return serving ?? this.#served;
  }
}

/** @returns the status of the answer */
export async function callWebhook(url: string, secret: string, body: string): Promise<number> {
  const signature = createHmac('sha1', secret).update(body).digest('hex');
  const headers = { 'content-type': 'application/json', 'x-hub-signature': `sha1=${signature}` };
  return (await fetch(url, { method: 'POST', headers, body })).status;
}

export function datafileUpdated(revision: number, environment = 'Production'): string {
  return JSON.stringify({
    project_id: 20001,
    timestamp: Math.floor(Date.now() / 1000),
    event: 'project.datafile_updated',
    data: { revision, environment, cdn_url: 'https://cdn.optimizely.com/datafiles/….json' },
  });
}

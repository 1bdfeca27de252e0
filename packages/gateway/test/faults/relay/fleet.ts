// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, GatewayProcess } from '../gateway-process.js';
import type { ReceiptBook } from '../receipt-book.js';

export interface FleetOptions {
  readonly receivers: number;
  readonly deliverers: number;
  /** With datafile.json. */
  readonly folder: string;
  readonly endpoint: string;
  /** Options of the relay but `role`. */
  readonly relay: Record<string, unknown>;
  /** Options of the project. */
  readonly project: Record<string, unknown>;
  readonly book: ReceiptBook;
}

/** A place for one gateway after the other. */
export interface Slot {
  readonly role: 'receive' | 'deliver';
  /** 0: any free one. */
  readonly port: number;
  gateway: GatewayProcess;
}

/** The gateways of a run: some receive, some deliver. */
export class Fleet {
  readonly #options: FleetOptions;
  readonly slots: Slot[] = [];

  constructor(options: FleetOptions) {
    this.#options = options;
    const { folder, endpoint, relay, project } = options;
    for (const role of ['receive', 'deliver'] as const) {
      const config = {
        projects: { default: { datafile: 'datafile.json', endpoint, ...project } },
        relay: { ...relay, role },
      };
      writeFileSync(join(folder, `${role}.json`), JSON.stringify(config));
    }
  }

  get receivers(): Slot[] {
    return this.slots.filter(({ role }) => role === 'receive');
  }

  get deliverers(): Slot[] {
    return this.slots.filter(({ role }) => role === 'deliver');
  }

  async start(): Promise<void> {
    const { receivers, deliverers } = this.#options;
    const add = async (role: Slot['role'], port: number) => {
      this.slots.push({ role, port, gateway: await this.#started(role, port) });
    };
    for (let n = 0; n < receivers; n++) await add('receive', await freePort());
    for (let n = 0; n < deliverers; n++) await add('deliver', 0);
  }

  async kill(slot: Slot): Promise<void> {
    await slot.gateway.end('SIGKILL');
    slot.gateway = await this.#started(slot.role, slot.port);
  }

  /** As in a deployment: one after the other; those that deliver are there before the old one ends. */
  async replaceAll(): Promise<void> {
    for (const slot of this.slots) {
      if (slot.role === 'receive') {
        await this.#end(slot.gateway);
        slot.gateway = await this.#started(slot.role, slot.port);
      } else {
        const old = slot.gateway;
        slot.gateway = await this.#started(slot.role, slot.port);
        await this.#end(old);
      }
    }
  }

  async end(): Promise<void> {
    await Promise.all(this.slots.map(({ gateway }) => this.#end(gateway)));
  }

  async #started(role: Slot['role'], port: number): Promise<GatewayProcess> {
    const config = join(this.#options.folder, `${role}.json`);
    const gateway = new GatewayProcess(['--config', config, '--port', String(port)]);
    await gateway.listening();
    return gateway;
  }

  async #end(gateway: GatewayProcess): Promise<void> {
    const ending = await gateway.end('SIGTERM');
    if (ending !== 0)
      this.#options.book.violate(`SIGTERM ended a gateway with ${ending}:\n${gateway.stderr.slice(-1_000)}`);
  }
}

// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Collector } from '../support/collector.js';
import { type Chain, type ChainReport, type ChainRunOptions, type EndSignal, runChain } from './chain-run.js';
import { gatewayArguments } from './gateway-arguments.js';
import { freePort, GatewayProcess } from './gateway-process.js';

type Link = 'agent' | 'gateway';

/** A Collector with a queue on disk, as agent.yaml has it, and a gateway that keeps no state, each killed and started again. */
export async function runAgent(
  options: ChainRunOptions & { readonly isHurried: boolean },
): Promise<ChainReport> {
  return runChain<Link>(options, {
    kills: [
      [['gateway', 'agent'], 'SIGKILL'],
      [['agent'], 'SIGTERM'],
      [['gateway'], 'SIGTERM'],
      [['gateway'], 'SIGKILL'],
      [['agent'], 'SIGKILL'],
    ],
    startChain: ({ folder, endpoint }) => AgentChain.start(folder, endpoint, options.isHurried),
  });
}

class AgentChain implements Chain<Link> {
  readonly #tracing: Server;
  readonly #agent: Collector;
  readonly #gatewayArguments: readonly string[];
  #gateway: GatewayProcess | undefined;

  private constructor(tracing: Server, agent: Collector, gateway: readonly string[]) {
    this.#tracing = tracing;
    this.#agent = agent;
    this.#gatewayArguments = gateway;
  }

  static async start(folder: string, endpoint: string, isHurried: boolean): Promise<AgentChain> {
    const tracing = createServer((request, response) => request.resume().on('end', () => response.end()));
    tracing.listen(0, '127.0.0.1');
    await once(tracing, 'listening');
    const port = await freePort();
    const agent = await Collector.prepare('agent.yaml', {
      env: {
        GATEWAY_ENDPOINT: `http://127.0.0.1:${port}`,
        TRACING_ENDPOINT: `http://127.0.0.1:${(tracing.address() as AddressInfo).port}`,
      },
    });
    const chain = new AgentChain(
      tracing,
      agent,
      gatewayArguments({ folder, endpoint, port, store: false, ack: undefined, isHurried }),
    );
    await chain.start('gateway');
    await chain.start('agent');
    return chain;
  }

  get port(): number {
    return this.#agent.port;
  }

  get drops(): readonly string[] {
    return this.#agent.drops;
  }

  async start(link: Link): Promise<void> {
    if (link === 'agent') return this.#agent.start();
    this.#gateway = new GatewayProcess(this.#gatewayArguments);
    return this.#gateway.listening();
  }

  async end(link: Link, signal: EndSignal): Promise<void> {
    if (link === 'agent') return this.#agent.end(signal);
    await this.#gateway?.end(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.end('gateway', 'SIGKILL');
    // Killed: what it holds has been counted, or never will be.
    await this.end('agent', 'SIGKILL');
    await this.#agent[Symbol.asyncDispose]();
    this.#tracing.closeAllConnections();
    this.#tracing.close();
  }
}

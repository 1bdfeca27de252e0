// SPDX-License-Identifier: Apache-2.0
import { readEventBatch } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { readWithUuids } from '../events-api/batch-uuids.js';
import { visitorsOf } from '../events-api/visitors.js';
import type { Sender } from '../model/door.js';
import type { BatchIntake } from '../model/intake.js';
import type { BatchReceipt } from '../model/receipt.js';
import { answerToUnknown, projectIdOf, regionOf, WITHOUT_PROJECT } from './batch-project.js';
import { isShowable } from './describe-refusal.js';
import { keyOfVisitor } from './event-key.js';
import { giveReceipt, later503 } from './give-receipt.js';
import type { IntakeDependencies } from './otlp-intake.js';
import { RequestPlan } from './request-plan.js';

type Batch = Readonly<Record<string, unknown>>;

/** Takes batches of Optimizely's SDKs, for the project whose id they carry. */
export class ProjectsBatchIntake implements BatchIntake {
  readonly #deps: IntakeDependencies;

  constructor(dependencies: IntakeDependencies) {
    this.#deps = dependencies;
  }

  async take(batch: Batch, text: string, sender: Sender): Promise<BatchReceipt> {
    const { projects, isDraining, runtime } = this.#deps;
    if (isDraining()) return later503('draining', runtime);
    const visitors = visitorsOf(batch);
    if (typeof visitors === 'string') return { status: 'malformed', message: visitors };
    const id = projectIdOf(batch);
    if (id === undefined) return WITHOUT_PROJECT;
    const project = projects.findById(id, sender.project);
    if (project === undefined) return this.#unknown(id, visitors.length, sender);
    const plan = new RequestPlan();
    const { batch: stamped, texts } = readWithUuids(batch, visitors, text);
    const read = readEventBatch(stamped, {
      region: regionOf(project, batch),
      acceptedAt: runtime.monotonic(),
      texts,
    });
    for (const [index, { event, shown }] of read.entries())
      plan.take(project, { serialized: event, shown, key: keyOfVisitor(event, shown, index) });
    return giveReceipt(plan, { door: 'events', sender: sender.name }, this.#deps);
  }

  #unknown(id: string, count: number, { name }: Sender): BatchReceipt {
    const { projects, runtime, countEvents } = this.#deps;
    const answer = answerToUnknown(id, projects, runtime);
    if (count > 0 && answer.status === 'unknown_project') {
      const project = isShowable(id) ? id : '';
      countEvents({ door: 'events', project, sender: name, outcome: 'unknown_project', count });
    }
    return answer;
  }
}

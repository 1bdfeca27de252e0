// SPDX-License-Identifier: Apache-2.0
import { readEventBatch } from 'opentelemetry-exporter-optimizely/optimizely-sdk';
import { readWithUuids } from '../events-api/batch-uuids.js';
import type { Sender } from '../model/door.js';
import type { BatchIntake, BatchOrigin } from '../model/intake.js';
import type { BatchReceipt } from '../model/receipt.js';
import type { Project } from '../projects/project.js';
import { describeSettled, isShowable, quotedKey } from './describe-refusal.js';
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

  async take(batch: Batch, text: string, sender: Sender, origin?: BatchOrigin): Promise<BatchReceipt> {
    const { projects, isDraining, runtime, maxStreamAgeMillis } = this.#deps;
    if (isDraining()) return later503('draining', runtime);
    const { visitors } = batch;
    if (!Array.isArray(visitors)) return malformed('the batch has no list "visitors"');
    const wrong = visitors.findIndex(visitor => !isObject(visitor));
    if (wrong >= 0) return malformed(`visitors[${wrong}] is not an object`);
    const id = idOf(batch);
    if (id === undefined) return malformed('the batch has no project_id');
    const project = projects.findById(id, sender.project);
    if (project === undefined) return this.#unknown(id, visitors.length, sender, origin !== undefined);
    const plan = new RequestPlan();
    const ageMillis = origin?.ageMillis ?? 0;
    if (maxStreamAgeMillis !== undefined && ageMillis > maxStreamAgeMillis) {
      plan.refuse(project.name, 'expired', describeSettled('expired'), visitors.length);
    } else {
      const { batch: stamped, texts } = readWithUuids(batch, visitors, text);
      const read = readEventBatch(stamped, {
        region: regionOf(project, batch, origin),
        acceptedAt: runtime.monotonic() - ageMillis,
        texts,
      });
      for (const [index, { event, shown }] of read.entries())
        plan.take(project, { serialized: event, shown, key: keyOfVisitor(event, shown, index) });
    }
    return giveReceipt(
      plan,
      { door: origin === undefined ? 'events' : 'stream', sender: sender.name },
      this.#deps,
    );
  }

  /** It may be the project of a datafile that is yet to come. */
  #unknown(id: string, count: number, { name }: Sender, isStreamed: boolean): BatchReceipt {
    const { projects, runtime, countEvents } = this.#deps;
    if (
      projects.all().some(project => project.projectId === undefined && project.config.source.kind !== 'none')
    ) {
      return later503('no_datafile', runtime);
    }
    const message = `project_id ${quotedKey(id)} is of no project in the gateway's configuration`;
    const project = isShowable(id) ? id : '';
    // A stream keeps it for a gateway that may know it: it is not refused yet.
    if (count > 0 && !isStreamed) {
      countEvents({ door: 'events', project, sender: name, outcome: 'unknown_project', count });
    }
    return { status: 'unknown_project', message };
  }
}

function malformed(message: string): BatchReceipt {
  return { status: 'malformed', message };
}

function idOf({ project_id: id }: Batch): string | undefined {
  if (typeof id === 'number') return String(id);
  return typeof id === 'string' && id !== '' ? id : undefined;
}

function regionOf(project: Project, { region }: Batch, origin: BatchOrigin | undefined): 'US' | 'EU' {
  const known = project.datafile?.context.region ?? origin?.region;
  if (known !== undefined) return known;
  return typeof region === 'string' && region.toUpperCase() === 'EU' ? 'EU' : 'US';
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

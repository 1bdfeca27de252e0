// SPDX-License-Identifier: Apache-2.0
import type { BatchPieces } from '../model/batch-pieces.js';
import type { BatchOrigin, MessageIntake } from '../model/intake.js';
import type { BatchReceipt } from '../model/receipt.js';
import { BatchContexts } from './batch-contexts.js';
import { answerToUnknown, projectIdOf, regionOf, WITHOUT_PROJECT } from './batch-project.js';
import { describeSettled } from './describe-refusal.js';
import { awaitReceipt, giveReceipt, later503, TOO_LARGE } from './give-receipt.js';
import type { IntakeDependencies } from './otlp-intake.js';
import { RequestPlan } from './request-plan.js';

const NOTHING_ELSE = { refused: [], shown: new Map<string, number>() } as const;

/** Takes the batches of a stream's messages, for the project whose id they carry. */
export class ProjectsMessageIntake implements MessageIntake {
  readonly #deps: IntakeDependencies;
  readonly #contexts = new BatchContexts();

  constructor(dependencies: IntakeDependencies) {
    this.#deps = dependencies;
  }

  async take(batch: BatchPieces, sender: string, origin: BatchOrigin): Promise<BatchReceipt> {
    const { projects, isDraining, runtime, maxStreamAgeMillis } = this.#deps;
    if (isDraining()) return later503('draining', runtime);
    const id = projectIdOf(batch.others);
    if (id === undefined) return WITHOUT_PROJECT;
    const project = projects.findById(id, undefined);
    if (project === undefined) return answerToUnknown(id, projects, runtime);
    const { visitors } = batch;
    const from = { door: 'stream', sender } as const;
    if (maxStreamAgeMillis !== undefined && origin.ageMillis > maxStreamAgeMillis) {
      const plan = new RequestPlan();
      plan.refuse(project.name, 'expired', describeSettled('expired'), visitors.length);
      return giveReceipt(plan, from, this.#deps);
    }
    const context = this.#contexts.of(batch, regionOf(project, batch.others, origin));
    const settled = project.takeMessage(sender, visitors, {
      context,
      acceptedAt: runtime.monotonic() - origin.ageMillis,
    });
    if (settled === 'too_large') return { status: 'too_large', message: TOO_LARGE };
    if (typeof settled === 'string') return later503(settled, runtime);
    const handedOver = [{ project: project.name, count: visitors.length, settled }];
    return awaitReceipt(handedOver, NOTHING_ELSE, from, this.#deps);
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Sender } from '../model/door.js';
import type { OtlpIntake } from '../model/intake.js';
import type { OtlpExport } from '../model/otlp-event.js';
import type { Receipt } from '../model/receipt.js';
import type { Projects } from '../projects/projects.js';
import { giveReceipt, later503, type ReceiptDependencies } from './give-receipt.js';
import { planOtlp } from './otlp-plan.js';

export interface IntakeDependencies extends ReceiptDependencies {
  readonly projects: Projects;
  readonly isDraining: () => boolean;
  /** Where batches come from a stream: how old their events may be, milliseconds. */
  readonly maxStreamAgeMillis?: number | undefined;
}

/** Takes OTLP requests: reads and resolves all of one first, then takes it whole. */
export class ProjectsOtlpIntake implements OtlpIntake {
  readonly #deps: IntakeDependencies;

  constructor(dependencies: IntakeDependencies) {
    this.#deps = dependencies;
  }

  async take(request: OtlpExport, sender: Sender): Promise<Receipt> {
    const { projects, isDraining, runtime } = this.#deps;
    if (isDraining()) return later503('draining', runtime);
    const plan = planOtlp(request, sender.project, projects);
    return giveReceipt(plan, { door: 'otlp', sender: sender.name }, this.#deps);
  }
}

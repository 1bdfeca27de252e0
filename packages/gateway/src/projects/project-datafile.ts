// SPDX-License-Identifier: Apache-2.0
import type { DatafileIndex, ProjectConfigManager } from 'opentelemetry-exporter-optimizely';

/** The datafile of one project, and how fresh it is. */
export interface ProjectDatafile extends ProjectConfigManager {
  getConfig(): DatafileIndex | undefined;
  /** Looks for a newer one. @returns whether a look that began after this call ended well; never rejects */
  checkNow(): Promise<boolean>;
  /** When the latest look that ended well began, monotonic clock in milliseconds. */
  readonly lastCheckBeganAt: number | undefined;
  /** When it was last known to be current, on the same clock. @default lastCheckBeganAt */
  readonly currentAt?: number | undefined;
}

// SPDX-License-Identifier: Apache-2.0
import type { EventBatcher } from '../batch/event-batcher.js';
import type { ConfigSource } from '../datafile/config-source.js';
import type { ProcessLife } from '../lifecycle/process-life.js';
import { NotificationType } from '../model/notification.js';
import type { EventIntake } from '../serialize/event-intake.js';
import type { Foundation } from './foundation.js';

interface Followers extends Pick<Foundation, 'notifications'> {
  readonly intake: EventIntake;
  readonly batcher: EventBatcher;
  readonly life: ProcessLife;
}

/** What a datafile changes when it comes into force: what waits for one is resolved, and a batch has one revision. */
export function followConfig(
  config: ConfigSource,
  { intake, batcher, life, notifications }: Followers,
): void {
  config.onChange(next => {
    intake.resolveWaiting(next);
    batcher.contextChanged(next.context);
    life.sendPromptly();
    batcher.nudge();
    const { revision } = next.context;
    notifications.sendNotifications(NotificationType.OPTIMIZELY_CONFIG_UPDATE, { revision });
  });
}

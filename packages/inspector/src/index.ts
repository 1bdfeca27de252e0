// SPDX-License-Identifier: Apache-2.0

/**
 * For an application in development: tells the event inspector what no batch says.
 *
 * @module optimizely-event-inspector
 */

export type { AttachedInspector, NotificationCenterLike } from './attach/attach-inspector.js';
export { attachInspector } from './attach/attach-inspector.js';
export type { SeenLogRecord, SeenSpan } from './attach/span-notes.js';

// SPDX-License-Identifier: Apache-2.0
//
// Two places at which an application has the last word on what leaves it.
import { type BeforeSend, NotificationCenter, NotificationType } from 'opentelemetry-exporter-optimizely';

/** Sees each event when it is recorded, before it is queued or stored: leaves out probes, and where visitors live. */
export const beforeSend: BeforeSend = event => {
  if (event.userId.startsWith('probe-')) return null;
  const { city, ...attributes } = event.attributes ?? {};
  return { ...event, attributes };
};

/** Sees each request before it is first dispatched: leaves the coupon out of the tags. */
export const notificationCenter = new NotificationCenter();
notificationCenter.addNotificationListener(NotificationType.LOG_EVENT, ({ params }) => {
  for (const { snapshots } of params.visitors) {
    for (const { events } of snapshots) for (const { tags } of events) delete tags?.coupon;
  }
});

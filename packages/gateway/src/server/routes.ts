// SPDX-License-Identifier: Apache-2.0
import type { Door, DoorAnswer } from '../model/door.js';

/** As metrics name it. */
export type DoorName = 'traces' | 'logs' | 'events';

export type Route =
  | { readonly kind: 'door'; readonly name: DoorName; readonly door: Door }
  | {
      readonly kind: 'page';
      /** Whether only senders may see it. */
      readonly isGuarded: boolean;
      readonly answer: () => DoorAnswer | Promise<DoorAnswer>;
    };

/** By path. */
export type Routes = Readonly<Record<string, Route>>;

/** The methods of a route, as `Allow` has them. */
export const ALLOWED: Readonly<Record<Route['kind'], string>> = { door: 'POST', page: 'GET, HEAD' };

/** @returns the route of a request's target, which may be a whole URL; undefined if there is none */
export function findRoute(routes: Routes, target: string): Route | undefined {
  const path = target.replace(/^https?:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0] ?? '';
  return Object.hasOwn(routes, path) ? routes[path] : undefined;
}

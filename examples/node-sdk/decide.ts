// SPDX-License-Identifier: Apache-2.0
import { fractionOf } from './hash.js';

export type HeroBanner = 'mountains' | 'beach';
export type CheckoutFlow = 'three_steps' | 'one_page';

/**
 * Which variation a visitor sees: always the same one. A real shop asks Optimizely's SDK instead
 * (`client.createUserContext(userId).decide('checkout_flow')`); hashing lets this one run without an account.
 */
export function decideHeroBanner(visitorId: string): HeroBanner {
  return fractionOf(`hero_banner/${visitorId}`) < 0.5 ? 'mountains' : 'beach';
}

export function decideCheckoutFlow(visitorId: string): CheckoutFlow {
  return fractionOf(`checkout_flow/${visitorId}`) < 0.5 ? 'three_steps' : 'one_page';
}

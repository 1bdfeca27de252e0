// SPDX-License-Identifier: Apache-2.0

// The shapes of @openfeature/server-sdk (and web-sdk) that are used here, so that neither is needed at run time.

export interface EvaluationContextLike {
  readonly targetingKey?: string | undefined;
  readonly [key: string]: unknown;
}

/** What a flag evaluation came to. */
export interface EvaluationDetailsLike {
  readonly flagKey: string;
  readonly value?: unknown;
  readonly variant?: string | undefined;
  readonly reason?: string | undefined;
  readonly errorCode?: string | undefined;
  readonly flagMetadata?: Readonly<Record<string, unknown>> | undefined;
}

export interface HookContextLike {
  readonly flagKey: string;
  readonly context: EvaluationContextLike;
  readonly providerMetadata?: { readonly name: string } | undefined;
}

/** `value` is a number by OpenFeature's specification; the other members are the application's own. */
export interface TrackingDetailsLike {
  readonly value?: number | undefined;
  readonly [key: string]: unknown;
}

/** A provider that takes what `client.track()` is told. */
export interface TrackingProvider {
  track(
    trackingEventName: string,
    context?: EvaluationContextLike,
    trackingEventDetails?: TrackingDetailsLike,
  ): void;
}

// SPDX-License-Identifier: Apache-2.0

export interface DatafileRequest {
  readonly url: string;
  /** Sent to the URL's own origin only: a redirect to another one gets none of them. */
  readonly headers: Readonly<Record<string, string>>;
  /** Bytes of the unpacked body; a larger one is an error. */
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

export interface DatafileResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** `''` where the status is not 200. */
  readonly body: string;
}

/** Fetches a datafile. Rejects where there is no whole answer. */
export interface DatafileTransport {
  get(request: DatafileRequest): Promise<DatafileResponse>;
  /** How the log names the proxy that requests to a URL go through. @returns undefined if it knows of none */
  describeProxyFor(url: string): string | undefined;
  close(): Promise<void>;
}

/** Keeps the last good datafile across restarts: a file, or any key-value store. Failures are logged and do no harm. */
export interface DatafileCache {
  /** Returns the datafile of this key as it was set, or nothing if there is none. */
  get(key: string): Promise<string | null | undefined> | string | null | undefined;
  /** @param datafile JSON text */
  set(key: string, datafile: string): unknown;
}

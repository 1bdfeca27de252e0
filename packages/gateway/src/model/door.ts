// SPDX-License-Identifier: Apache-2.0

/** Who sends, as far as counting and fair shares go. */
export interface Sender {
  /** Name of the bearer token, common name of the client certificate, or the remote address. */
  readonly name: string;
  /** Value of the header that selects a project, if the request has it. */
  readonly project: string | undefined;
}

/** A request whose body was read and unpacked within the limits. */
export interface DoorRequest {
  readonly body: Buffer;
  /** The media type alone, in lower case, such as `application/x-protobuf`; `''` if there is none. */
  readonly mediaType: string;
  readonly sender: Sender;
}

export interface DoorAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer | string;
  /** Why it is a refusal, for the log: many senders do not show what they are answered. Holds nothing of the request. */
  readonly problem?: string;
}

/** Why the server refuses a request before, or instead of, handing it to its door. */
export interface ServerRefusal {
  readonly status: 400 | 401 | 403 | 405 | 413 | 415 | 431 | 503;
  readonly message: string;
  readonly retryAfterSeconds?: number;
}

/** Where one kind of request is taken. It never throws and never rejects. */
export interface Door {
  answer(request: DoorRequest): Promise<DoorAnswer>;
  /** A refusal in the words of this door's protocol. */
  refuse(refusal: ServerRefusal, mediaType: string): DoorAnswer;
}

// SPDX-License-Identifier: Apache-2.0
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isCheck } from '../diagnosis/diagnose.js';
import type { Inspection } from '../inspection/inspection.js';
import { batchDetail, eventDetail } from '../view/detail.js';
import { exportLines } from '../view/export.js';
import { summarize } from '../view/overview.js';
import { PayloadSearch } from '../view/payload-search.js';
import { queryRows, type RowQuery } from '../view/rows.js';
import type { DatafileState, Overview } from '../view/types.js';
import { viewVisitor } from '../view/visitor.js';
import type { ChangeStream } from './change-stream.js';
import { sendJson, sendLines, sendText } from './responses.js';

export interface ApiOptions {
  readonly inspection: Inspection;
  readonly stream: ChangeStream;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly endpoint: () => string;
  readonly datafile: () => DatafileState;
  readonly forwardsTo: () => string | undefined;
  readonly sampleProgram: () => string | undefined;
}

const MOST_ROWS = 500;
const LONGEST_FILTER = 1_000;

/** What the page asks. Everything is read-only but `POST /api/clear`, which forgets what was shown. */
export class Api {
  readonly #options: ApiOptions;
  readonly #searches = new PayloadSearch();
  #overview: Overview | undefined;

  constructor(options: ApiOptions) {
    this.#options = options;
  }

  answer({ method }: IncomingMessage, response: ServerResponse, url: URL): void {
    const { inspection, stream } = this.#options;
    if (method === 'POST' && url.pathname === '/api/clear') {
      inspection.clear();
      this.#searches.clear();
      sendJson(response, {});
    } else if (method !== 'GET') {
      sendText(response, 405, 'this is not to be done here');
    } else if (url.pathname === '/api/stream') {
      if (!stream.add(response)) sendText(response, 503, 'too many pages are open: close some');
    } else if (url.pathname === '/api/export') {
      sendLines(response, exportLines(inspection, readQuery(url.searchParams), this.#searches));
    } else {
      const found = this.#find(url);
      if (found === undefined) sendText(response, 404, 'it is not here, or not any more');
      else sendJson(response, found);
    }
  }

  #find({ pathname, searchParams }: URL): unknown {
    const { inspection } = this.#options;
    if (pathname === '/api/overview') return this.#look();
    if (pathname === '/api/visitor') return viewVisitor(inspection, searchParams.get('id') ?? '');
    if (pathname === '/api/rows') return queryRows(inspection, readQuery(searchParams), this.#searches);
    const [, sequence, index] = /^\/api\/batches\/(\d{1,15})(?:\/(\d{1,9}))?$/.exec(pathname) ?? [];
    return index === undefined
      ? batchDetail(inspection, Number(sequence))
      : eventDetail(inspection, Number(sequence), Number(index));
  }

  /** Several pages share what one of them made the server count. */
  #look(): Overview {
    const { inspection, startedAt, endpoint, datafile, forwardsTo, sampleProgram } = this.#options;
    if (this.#overview?.tick.version !== inspection.version) {
      this.#overview = {
        ...summarize(inspection, forwardsTo()),
        startedAt,
        endpoint: endpoint(),
        datafile: datafile(),
        forwardsTo: forwardsTo(),
        sampleProgram: sampleProgram(),
      };
    }
    return this.#overview;
  }
}

function readQuery(given: URLSearchParams): RowQuery {
  const text = (name: string) => (given.get(name) ?? '').slice(0, LONGEST_FILTER);
  const count = (name: string, fallback: number) => {
    const value = given.get(name);
    return value !== null && /^\d{1,15}$/.test(value) ? Number(value) : fallback;
  };
  const until = count('until', -1);
  const check = text('check');
  return {
    filter: {
      visitor: text('visitor'),
      experiment: text('experiment'),
      event: text('event'),
      problem: text('problem'),
      search: text('search'),
      check: isCheck(check) ? check : '',
    },
    until: until === -1 ? undefined : until,
    sort: text('sort') === 'oldest' ? 'oldest' : 'newest',
    from: count('from', 0),
    count: Math.min(count('count', 100), MOST_ROWS),
  };
}

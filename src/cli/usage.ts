// SPDX-License-Identifier: Apache-2.0
import { CLIENT_NAME } from '../util/version.js';

export const USAGE = `Usage: ${CLIENT_NAME} <command> [options]

  store ls DIR             what a FileEventStore directory holds; changes nothing
  store replay DIR         deliver what dead processes left there
    --endpoint URL         where to (default: OPTIMIZELY_EVENTS_ENDPOINT, or the Events API of each event's region)
    --datafile FILE, --sdk-key KEY
                           for events that were recorded before there was a datafile
    --give-up-after N      seconds without any progress (default 30)

  --help, --version

Nothing leaves this machine but what you ask for: --sdk-key fetches a datafile, store replay sends events.

Exit codes: 0 done, nothing wrong; 1 events were lost or left, or it could not be done; 2 it was called wrongly.

  OPTIMIZELY_DATAFILE_ACCESS_TOKEN, OPTIMIZELY_DATAFILE_URL_TEMPLATE   are read with --sdk-key
  NO_COLOR                                                     no colors

To see what Optimizely would make of your events: npx optimizely-event-inspector
`;

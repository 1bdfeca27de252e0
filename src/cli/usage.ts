// SPDX-License-Identifier: Apache-2.0
import { CLIENT_NAME } from '../util/version.js';

export const USAGE = `Usage: ${CLIENT_NAME} <command> [options]

  inspect                  an Events endpoint on 127.0.0.1 and a page that shows what arrives
    --port N               where to listen (default 4319; 0: any free port)
    --datafile FILE        check ids against this datafile; read again whenever it changes
    --sdk-key KEY          check ids against the datafile of this SDK key, fetched from Optimizely
    --forward              pass batches on to Optimizely, and answer what it answers
    --forward-to URL       pass them on to this address instead
    --no-page              no page: print a line an event, and a summary at Ctrl-C
    --keep N               how many events are kept (default 100000); the oldest go first

  validate FILE|-          check a payload, a list of them, or one a line (JSON lines)
    --datafile FILE, --sdk-key KEY

  store ls DIR             what a FileEventStore directory holds; changes nothing
  store replay DIR         deliver what dead processes left there
    --endpoint URL         where to (default: the Events API of each event's region)
    --datafile FILE, --sdk-key KEY
                           for events that were recorded before there was a datafile
    --give-up-after N      seconds without any progress (default 30)

  --help, --version

Nothing leaves this machine but what you ask for: --sdk-key fetches a datafile, --forward, --forward-to and
store replay send events.

Exit codes: 0 done, nothing wrong; 1 problems were found, or it could not be done; 2 called wrongly.

  OPTIMIZELY_EVENTS_ENDPOINT=http://127.0.0.1:4319/v1/events   points an application at the inspector
  OPTIMIZELY_DATAFILE_ACCESS_TOKEN, OPTIMIZELY_DATAFILE_URL_TEMPLATE   are read with --sdk-key
  NO_COLOR                                                     no colours
`;

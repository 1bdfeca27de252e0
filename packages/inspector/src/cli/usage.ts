// SPDX-License-Identifier: Apache-2.0
import { COMMAND } from './version.js';

export const USAGE = `Usage: ${COMMAND} [command] [options]

  inspect                  an Events endpoint on 127.0.0.1 and a page that shows what arrives (the default)
    --port N               where to listen (default 4319; 0: any free port)
    --datafile FILE        check ids against this datafile; read again whenever it changes
    --sdk-key KEY          check ids against the datafile of this SDK key, fetched from Optimizely
    --sample               check ids against a sample datafile, and serve it, with a program that uses it
    --forward              pass batches on to Optimizely, and answer what it answers
    --forward-to URL       pass them on to this address instead
    --no-page              no page: print a line for each event, and a summary at Ctrl-C
    --keep N               how many events are kept (default 100000); the oldest go first

  validate FILE|-          check a payload, a list of them, or one on each line (JSON Lines)
    --datafile FILE, --sdk-key KEY

  --help, --version

Nothing leaves this machine but what you ask for: --sdk-key fetches a datafile; --forward and --forward-to
send events.

Exit codes: 0 nothing is wrong; 1 problems were found, or it could not be done; 2 it was called wrongly.

  OPTIMIZELY_EVENTS_ENDPOINT=http://127.0.0.1:4319/v1/events   points an application at the inspector
  OPTIMIZELY_DATAFILE_ACCESS_TOKEN, OPTIMIZELY_DATAFILE_URL_TEMPLATE   are read with --sdk-key
  NO_COLOR                                                     no colors
`;

#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
import { listenWhileLoading } from './loading-signals.js';

listenWhileLoading();
// Not imported above: all that is imported is loaded, for a third of a second, before the first line here runs.
void import('./command.js')
  .then(({ main }) => main(process.argv.slice(2)))
  .then(exitCode => process.exit(exitCode));

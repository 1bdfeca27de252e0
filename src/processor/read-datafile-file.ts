// SPDX-License-Identifier: Apache-2.0
import { DatafileError, parseDatafile } from '../datafile/parse-datafile.js';
import type { PackageLogger } from '../model/logger.js';
import { fs, resolve } from '../util/builtins.js';
import { decodeText } from '../util/decode-text.js';
import { errorLabel } from '../util/error-label.js';
import { safeText } from '../util/safe-text.js';

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'does not exist',
  ENOTDIR: 'does not exist',
  EISDIR: 'is a directory, not a file',
  EACCES: 'may not be read by this process',
  EPERM: 'may not be read by this process',
};

/**
 * The text of the datafile that `OPTIMIZELY_DATAFILE_PATH` names.
 *
 * @param until what ends the waiting of the events, for the log
 * @returns undefined if it can't be used, which is logged
 */
export function readDatafileFile(path: string, until: string, logger: PackageLogger): string | undefined {
  const problem = (what: string) => {
    const line = `OPTIMIZELY_DATAFILE_PATH: ${safeText(resolve(path))} ${what}; events wait until ${until}`;
    logger.alert('OPTIMIZELY_BAD_DATAFILE', 'error', line);
    return undefined;
  };
  let text: string;
  try {
    text = decodeText(fs.readFileSync(path));
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    return problem(REASONS[code] ?? `can't be read (${errorLabel(error)})`);
  }
  try {
    parseDatafile(text);
    return text;
  } catch (error) {
    const why = error instanceof DatafileError ? error.message : 'the datafile cannot be read';
    return problem(`is not a datafile: ${why}`);
  }
}

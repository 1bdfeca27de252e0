// SPDX-License-Identifier: Apache-2.0
import { end, send } from './child.js';
import { compare } from './compare.js';
import type { Row, Size } from './row.js';

/** A process for each family of rows: the code that V8 has optimized for one bears on no other. */
const [family, mode] = process.argv.slice(2);
const size: Size = { short: mode === 'short' };
const { rows } = (await import(`../${family}.js`)) as { rows: (size: Size) => Row[] };
for (const row of rows(size)) await send(await compare(row, size));
// What still listens or hangs by design holds nobody up.
end();

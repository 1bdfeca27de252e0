// SPDX-License-Identifier: Apache-2.0
import { collector, kafka, TOOLS } from './toolbox.js';

// npm run senders:install [-- NAME …]: SDKs of other languages, the Collector, and Kafka, for the gateway's tests. Where one
// can't be installed, its tests are skipped; the command says so and goes on.

const chosen = process.argv.slice(2);
const unknown = chosen.filter(name => TOOLS.every(tool => tool.name !== name));
if (unknown.length > 0) {
  console.error(`unknown: ${unknown.join(', ')}; there are: ${TOOLS.map(({ name }) => name).join(', ')}`);
  process.exit(2);
}
for (const tool of TOOLS) {
  // The Collector takes minutes, and the broker is of use only with it: only where they are named.
  if (chosen.length === 0 ? tool === collector || tool === kafka : !chosen.includes(tool.name)) continue;
  const startedAt = performance.now();
  try {
    tool.install();
    console.log(`${tool.name}: installed, ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
  } catch (error) {
    console.log(
      `${tool.name}: not installed, its tests are skipped: ${error instanceof Error ? error.message : error}`,
    );
  }
}

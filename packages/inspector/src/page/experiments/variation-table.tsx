// SPDX-License-Identifier: Apache-2.0
import type { ExperimentView } from '../../view/types.js';
import { count, percent } from '../ui/format.js';

const HEAD = ['Variation', 'Visitors', 'Impressions', 'Share', 'Expected'];

/** How many visitors each variation has, and how many it should have. */
export function VariationTable({ experiment: { key, variations } }: { readonly experiment: ExperimentView }) {
  return (
    <div class="scrolls" role="region" aria-label={`Variations of ${key}`} tabIndex={0}>
      <table>
        <thead>
          <tr>
            {HEAD.map(text => (
              <th key={text} scope="col">
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {variations.map(({ id, key: name, baseline, visitors, impressions, share, expectedShare }) => (
            <tr key={id}>
              <th scope="row">
                {name}
                {baseline && <span class="tag">baseline</span>}
              </th>
              <td>{count(visitors)}</td>
              <td>{count(impressions)}</td>
              <td>{percent(share)}</td>
              <td>{expectedShare === undefined ? 'no traffic' : percent(expectedShare)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

// SPDX-License-Identifier: Apache-2.0
import type { DatafileState, Overview } from '../../view/types.js';
import type { Link } from '../state/connection.js';
import { useStore } from '../state/store.js';

interface Source {
  readonly style: 'good' | 'warning' | 'lost' | 'muted';
  readonly sign: string;
  readonly text: string;
}

/** Where what is shown comes from, and where it goes. */
export function Sources() {
  const { overview, connection } = useStore();
  const sources = [linkSource(connection.link.value), ...(overview.value ? sourcesOf(overview.value) : [])];
  return (
    <ul class="sources" aria-label="Sources">
      {sources.map(({ style, sign, text }) => (
        <li key={text} class={style}>
          <span class="sign" aria-hidden="true">
            {sign}
          </span>
          {text}
        </li>
      ))}
    </ul>
  );
}

function linkSource(link: Link): Source {
  switch (link) {
    case 'live':
      return { style: 'good', sign: '●', text: 'live' };
    case 'connecting':
      return { style: 'muted', sign: '…', text: 'connecting' };
    case 'gone':
      return { style: 'lost', sign: '✕', text: 'not running' };
    case 'crowded':
      return { style: 'warning', sign: '!', text: 'too many pages' };
  }
}

function* sourcesOf({ datafile, forwardsTo }: Overview): Generator<Source> {
  yield datafileSource(datafile);
  if (datafile.state === 'in force') {
    const { projectId, environmentKey, region } = datafile.project;
    const project = [
      projectId && `project ${projectId}`,
      environmentKey && `environment ${environmentKey}`,
      `region ${region}`,
    ];
    yield { style: 'muted', sign: '·', text: project.filter(Boolean).join(', ') };
  }
  if (forwardsTo === undefined) yield { style: 'muted', sign: '–', text: 'nothing leaves this machine' };
}

function datafileSource(datafile: DatafileState): Source {
  switch (datafile.state) {
    case 'none':
      return { style: 'muted', sign: '–', text: 'no datafile: ids are not checked' };
    case 'waiting':
      return { style: 'warning', sign: '…', text: `waiting for the datafile of ${datafile.source}` };
    case 'unusable':
      return { style: 'lost', sign: '✕', text: `${datafile.source}: ${datafile.message}` };
    case 'in force':
      return datafile.message === undefined
        ? { style: 'good', sign: '✓', text: `datafile revision ${datafile.revision}` }
        : {
            style: 'warning',
            sign: '!',
            text: `datafile revision ${datafile.revision} still: ${datafile.message}`,
          };
  }
}

// SPDX-License-Identifier: Apache-2.0
import type { Overview } from '../../view/types.js';
import { CopyButton } from '../ui/copy-button.js';
import { type Snippet, snippetsFor } from './snippets.js';

const INSTALL =
  'npm install opentelemetry-exporter-optimizely @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223';

/** What to do while nothing has arrived. */
export function FirstSteps({ overview }: { readonly overview: Overview }) {
  const { endpoint, datafile, sampleProgram } = overview;
  return (
    <section class="first-steps" aria-labelledby="first-steps-heading">
      <h2 id="first-steps-heading">Waiting for the first batch</h2>
      <p>
        Nothing has arrived yet at <code>{endpoint}</code>.
        {sampleProgram === undefined && ' Send events here in one of three ways.'}
      </p>
      {sampleProgram !== undefined && (
        <>
          <SampleSteps program={sampleProgram} />
          <p>Or send events of your own in one of three ways.</p>
        </>
      )}
      <ol class="ways">
        {snippetsFor(endpoint).map(snippet => (
          <Way key={snippet.id} snippet={snippet} />
        ))}
      </ol>
      {datafile.state === 'none' && (
        <p class="note">
          No datafile was given, so ids are not looked up: start the inspector with{' '}
          <code>--datafile FILE</code> or <code>--sdk-key KEY</code>.
        </p>
      )}
    </section>
  );
}

function Way({ snippet: { id, title, explanation, code } }: { readonly snippet: Snippet }) {
  return (
    <li id={`way-${id}`}>
      <h3>{title}</h3>
      <p class="note">{explanation}</p>
      <div class="copyable">
        <pre>{code}</pre>
        <CopyButton label="Copy" of={title} text={() => code} />
      </div>
    </li>
  );
}

function SampleSteps({ program }: { readonly program: string }) {
  const commands = [INSTALL, `curl -O ${program}`, 'node sample.mjs'];
  return (
    <section class="sample" aria-label="Sample project">
      <h3>Try it with the sample project</h3>
      <p class="note">In a folder that has a package.json, or gets one from npm init -y:</p>
      {commands.map(command => (
        <div key={command} class="copyable">
          <pre>{command}</pre>
          <CopyButton label="Copy" of={command} text={() => command} />
        </div>
      ))}
    </section>
  );
}

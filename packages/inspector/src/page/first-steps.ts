// SPDX-License-Identifier: Apache-2.0
import type { Overview } from '../view/types.js';
import { copyButton, h } from './dom.js';

/** What to do while nothing has arrived. */
export function firstSteps({ endpoint, datafile, sampleProgram }: Overview): HTMLElement[] {
  return [
    h('h3', {}, 'Waiting for the first batch'),
    ...(sampleProgram === undefined ? [] : sampleSteps(sampleProgram)),
    h('p', {}, 'Start your application with'),
    copyable(`OPTIMIZELY_EVENTS_ENDPOINT=${endpoint}`),
    h(
      'p',
      {},
      'or give the address as ',
      h('code', {}, 'endpoint'),
      ' to the processor, or to the event dispatcher of an official Optimizely SDK:',
    ),
    copyable(endpoint),
    h(
      'p',
      { class: 'note' },
      'A batch leaves the application after 10 events, or 30 seconds after its first event. During development, ',
      h('code', {}, 'batchSize: 1'),
      ' sends each event at once.',
    ),
    ...(datafile.state === 'none' ? [withoutDatafile()] : []),
  ];
}

function sampleSteps(program: string): HTMLElement[] {
  return [
    h('p', {}, 'Send the events of the sample project, from a folder in which the packages are installed'),
    copyable(
      'npm install opentelemetry-exporter-optimizely @opentelemetry/api@1.9 @opentelemetry/sdk-node@0.223',
    ),
    copyable(`curl -O ${program}`),
    copyable('node sample.mjs'),
  ];
}

function withoutDatafile(): HTMLElement {
  return h(
    'p',
    { class: 'note' },
    'No datafile was given, so ids are not looked up: start the inspector with --datafile FILE or --sdk-key KEY.',
  );
}

function copyable(text: string): HTMLElement {
  return h(
    'p',
    { class: 'copyable' },
    h('code', {}, text),
    copyButton('Copy', () => text),
  );
}

// SPDX-License-Identifier: Apache-2.0
import type { CheckState, CheckView, DiagnosisView } from '../../view/types.js';
import { counted } from '../ui/format.js';
import { Check } from './check.js';

interface DiagnosisProps {
  readonly diagnosis: DiagnosisView;
  /** Whose results are missing, for those who hear a button without seeing the card. */
  readonly of: string;
  /** What was found for all experiments stands above them, and is not said again for each. */
  readonly shared?: DiagnosisView;
}

const SIGNS: Record<DiagnosisView['state'], [sign: string, style: string]> = {
  cause: ['✕', 'lost'],
  suspect: ['!', 'warning'],
  healthy: ['✓', 'good'],
  waiting: ['…', 'muted'],
};
const FOUND: readonly CheckState[] = ['cause', 'suspect', 'consequence'];

/** Why there are no results: what was found, the root cause first; what was looked at without a finding is folded. */
export function Diagnosis({ diagnosis, of, shared }: DiagnosisProps) {
  const { checks, rootCause } = diagnosis;
  const found = inOrder(diagnosis).filter(check => !isIn(shared, check));
  const root = checks.find(({ id }) => id === rootCause);
  const rest = (...states: CheckState[]) => checks.filter(({ state }) => states.includes(state));
  return (
    <section class="diagnosis" aria-label={`Why no results: ${of}`}>
      {root === undefined && <Headline state={diagnosis.state} text={diagnosis.headline} />}
      {root !== undefined && isIn(shared, root) && (
        <Headline
          state={diagnosis.state}
          text={`${root.state === 'cause' ? 'The root cause' : 'What is suspected first'} concerns all experiments, and stands above: “${root.title}”.`}
        />
      )}
      {found.length > 0 && (
        <ol class="checks" aria-label="Findings, the root cause first">
          {found.map(check => (
            <Check key={check.id} check={check} of={of} isRoot={check.id === rootCause} />
          ))}
        </ol>
      )}
      <Folded label="passed" sign="✓" checks={rest('passed')} of={of} />
      <Folded label="can’t be told yet" sign="…" checks={rest('waiting', 'unknown')} of={of} />
    </section>
  );
}

interface HeadlineProps {
  readonly state: DiagnosisView['state'];
  readonly text: string;
}

function Headline({ state, text }: HeadlineProps) {
  const [sign, style] = SIGNS[state];
  return (
    <p class={`headline ${style}`}>
      <span class="sign" aria-hidden="true">
        {sign}
      </span>
      <strong>{text}</strong>
    </p>
  );
}

/** The root cause first, then other causes and suspicions, then what follows from them; else as they come. */
function inOrder({ checks, rootCause }: DiagnosisView): CheckView[] {
  const rank = ({ id, state }: CheckView) => (id === rootCause ? -1 : FOUND.indexOf(state));
  return checks.filter(({ state }) => FOUND.includes(state)).sort((a, b) => rank(a) - rank(b));
}

function isIn(shared: DiagnosisView | undefined, { id, sentence }: CheckView): boolean {
  return shared?.checks.some(check => check.id === id && check.sentence === sentence) === true;
}

interface FoldedProps {
  readonly label: string;
  readonly sign: string;
  readonly checks: readonly CheckView[];
  readonly of: string;
}

function Folded({ label, sign, checks, of }: FoldedProps) {
  if (checks.length === 0) return null;
  return (
    <details class="folded">
      <summary>
        <span class="sign" aria-hidden="true">
          {sign}
        </span>
        {counted(checks.length, 'check')} {label}
        <span class="unseen"> of {of}</span>
      </summary>
      <ul class="checks">
        {checks.map(check => (
          <Check key={check.id} check={check} of={of} isRoot={false} />
        ))}
      </ul>
    </details>
  );
}

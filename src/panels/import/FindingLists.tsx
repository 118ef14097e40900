import type { Finding } from '../../scenario/import/imported';
import { sentence } from '../shared/sentence';
import type { Understood } from './Report';
import { lineWords } from '../../words/panels/import/findings';
import { FINDINGS } from '../../words/panels/import/dialog';
import { SHARED } from '../../words/panels/shared';

/** What disagrees, what is missing, and what else is to be known; each with its lines. */
export function FindingLists({ reply }: { readonly reply: Understood }) {
  const { contradictions, gaps, remarks } = reply;
  if (contradictions.length + gaps.length + remarks.length === 0)
    return <p className="muted">{FINDINGS.none}</p>;
  return (
    <>
      <FindingList title={FINDINGS.contradictions} findings={contradictions} tone="stale" />
      <FindingList title={FINDINGS.missing} findings={gaps} />
      <FindingList title={FINDINGS.remarks} findings={remarks} />
    </>
  );
}

/** More are folded away. */
const OPEN = 4;
/** In the document at once: more make a page stand still. */
const MOST = 300;

interface FindingListProps {
  readonly title: string;
  readonly findings: readonly Finding[];
  readonly tone?: 'stale';
}

function FindingList({ title, findings, tone }: FindingListProps) {
  if (findings.length === 0) return null;
  return (
    <details className="import-section" open={tone !== undefined || findings.length <= OPEN}>
      <summary>
        <h3 className="eyebrow">{title}</h3>
        <span className="chip" {...(tone === undefined ? {} : { 'data-tone': tone })}>
          {findings.length}
        </span>
      </summary>
      <ul className="findings" tabIndex={0} aria-label={title} data-tone={tone}>
        {findings.slice(0, MOST).map((finding, index) => (
          <li key={index}>
            {sentence(finding.text)}{' '}
            {finding.lines.length > 0 && <span className="finding-lines">{lineWords(finding.lines)}</span>}
          </li>
        ))}
        {findings.length > MOST && <li className="muted">{SHARED.more(findings.length - MOST)}</li>}
      </ul>
    </details>
  );
}

import { useMemo } from 'react';
import type { LineRange } from '../../scenario/import/imported';
import { quoteRanges } from './text-ranges';
import { rangeWords } from '../../words/panels/import/findings';
import { FINDINGS, SUMMARY } from '../../words/panels/import/dialog';

/** More are folded away. */
const OPEN = 5;
const MOST = 300;

interface NotUnderstoodProps {
  readonly text: string;
  readonly ranges: readonly LineRange[];
}

/** Lines that nothing made sense of, so that nothing is lost unseen. */
export function NotUnderstood({ text, ranges }: NotUnderstoodProps) {
  const quoted = useMemo(() => quoteRanges(text, ranges.slice(0, MOST)), [text, ranges]);
  if (ranges.length === 0) return null;
  const lines = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return (
    <details className="import-section" open={ranges.length <= OPEN}>
      <summary>
        <h3 className="eyebrow">{FINDINGS.notUnderstood}</h3>
        <span className="chip">{SUMMARY.lines(lines)}</span>
      </summary>
      <ol className="ranges" tabIndex={0} aria-label={FINDINGS.linesNotUnderstood}>
        {quoted.map((range) => (
          <li key={range.first}>
            <span className="finding-lines">{rangeWords(range)}</span> <code>{range.text}</code>
          </li>
        ))}
        {ranges.length > MOST && <li className="muted">{FINDINGS.morePlaces(ranges.length - MOST)}</li>}
      </ol>
    </details>
  );
}

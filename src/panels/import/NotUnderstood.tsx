import { useMemo } from 'react';
import type { LineRange } from '../../scenario/import/imported';
import { count } from '../../ui/numbers';
import { quoteRanges } from './text-ranges';
import { rangeWords } from './words';

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
        <h3 className="eyebrow">Not understood</h3>
        <span className="chip">{count(lines, 'line')}</span>
      </summary>
      <ol className="ranges" tabIndex={0} aria-label="Lines not understood">
        {quoted.map((range) => (
          <li key={range.first}>
            <span className="finding-lines">{rangeWords(range)}</span> <code>{range.text}</code>
          </li>
        ))}
        {ranges.length > MOST && <li className="muted">and {ranges.length - MOST} more places</li>}
      </ol>
    </details>
  );
}

import { Button } from '../../ui/Button';
import { count } from '../../ui/numbers';
import { sentence } from '../shared/sentence';
import type { Understood } from './Report';
import { groupSpan, groupWords, IOMMU_NAMES } from './words';

interface SummaryProps {
  readonly reply: Understood;
  /** Messages of the kernel beside the machine that say what went wrong. */
  readonly wrongs: number;
  /** Shows them. */
  readonly onWrongs: () => void;
}

/** What was recognised, in one line; and of what it was read. */
export function Summary({ reply, wrongs, onWrongs }: SummaryProps) {
  const { functions, iommu, certainty } = reply;
  // What a person typed in between is no source.
  const sources = reply.sources.filter(({ kind }) => kind !== 'command');
  return (
    <div className="import-summary">
      <p className="import-headline">
        {count(functions, 'PCI function')}, {groupWords(groupSpan(certainty))},{' '}
        <span>{IOMMU_NAMES[iommu.kind]}</span>
        {!iommu.told && <span className="chip">assumed</span>}
      </p>
      <p className="prose">
        {sentence(iommu.why)}
        {iommu.units.length > 0 && (
          <>
            {' '}
            Its {iommu.units.length === 1 ? 'unit' : 'units'}: <code>{iommu.units.join(', ')}</code>
          </>
        )}
      </p>
      {sources.length > 0 && (
        <ul className="row" aria-label="Recognised in the text">
          {sources.map(({ kind, title, firstLine, lines }) => (
            <li
              key={`${kind} ${firstLine}`}
              className="source-chip"
              data-tip={`from line ${firstLine.toLocaleString('en')}`}
            >
              {title} <span className="muted">{count(lines, 'line')}</span>
            </li>
          ))}
          {wrongs > 0 && (
            <li>
              <Button className="log-link" onClick={onWrongs}>
                {count(wrongs, 'fault or error', 'faults and errors')} in the log, below
              </Button>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

import { Button } from '../../ui/Button';
import { sentence } from '../shared/sentence';
import type { Understood } from './Report';
import { groupWords, IOMMU_NAMES } from '../../words/panels/import/findings';
import { SUMMARY } from '../../words/panels/import/dialog';
import { Phrase } from '../../ui/Phrase';
import { groupSpan } from './group-span';

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
        {SUMMARY.headline(functions, groupWords(groupSpan(certainty)))} <span>{IOMMU_NAMES[iommu.kind]}</span>
        {!iommu.told && <span className="chip">{SUMMARY.assumed}</span>}
      </p>
      <p className="prose">
        {sentence(iommu.why)}
        {iommu.units.length > 0 && (
          <>
            {' '}
            <Phrase
              text={SUMMARY.units(iommu.units.length)}
              parts={{ units: <code>{iommu.units.join(', ')}</code> }}
            />
          </>
        )}
      </p>
      {sources.length > 0 && (
        <ul className="row" aria-label={SUMMARY.recognised}>
          {sources.map(({ kind, title, firstLine, lines }) => (
            <li key={`${kind} ${firstLine}`} className="source-chip" data-tip={SUMMARY.fromLine(firstLine)}>
              {title} <span className="muted">{SUMMARY.lines(lines)}</span>
            </li>
          ))}
          {wrongs > 0 && (
            <li>
              <Button className="log-link" onClick={onWrongs}>
                {SUMMARY.wrongs(wrongs)}
              </Button>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

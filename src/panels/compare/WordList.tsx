import { useCallback, useState } from 'react';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { count, groupedHex } from '../../ui/numbers';
import { MemoryLink } from '../shared/MemoryLink';
import { useReading } from '../shared/use-reading';
import { Words } from '../shared/Words';
import { stepAt, type WordChange } from './table-words';

/** Rows at first; more on request. */
const AT_FIRST = 64;

interface WordListProps {
  readonly words: readonly WordChange[];
  /** Whose entries they are; null: plain memory. */
  readonly unitId: WorldId | null;
  /** B is of the present script, at this line. */
  readonly isNow: boolean;
  readonly cursor: number;
}

/** Words that differ, old and new. */
export function WordList({ words, unitId, isNow, cursor }: WordListProps) {
  const [all, setAll] = useState(false);
  const [opened, setOpened] = useState<number | null>(null);
  const now = useApp((state) => state.cursor);
  const lookups = useApp((state) => state.seen.lookups);
  const decodes = unitId !== null && isNow && cursor === now;
  if (words.length === 0) return <p className="muted">No word differs.</p>;
  return (
    <>
      <p className="muted" role="status">
        {count(words.length, 'word')} of 64 bits {words.length === 1 ? 'differs' : 'differ'}
      </p>
      <div className="scroll-x">
        <table className="table compare-words">
          <thead>
            <tr>
              <th>at</th>
              {unitId !== null && <th>level</th>}
              <th>A</th>
              <th>B</th>
            </tr>
          </thead>
          <tbody>
            {words.slice(0, all ? undefined : AT_FIRST).map((word) => (
              <tr key={word.pa}>
                <td>
                  <MemoryLink pa={word.pa} />
                </td>
                {unitId !== null && <td>{word.level ?? '–'}</td>}
                <td>
                  <del>{digitsOf(word.before)}</del>
                </td>
                <td>
                  {decodes && stepAt(lookups, word.pa) !== null ? (
                    <button
                      type="button"
                      className="link"
                      aria-expanded={opened === word.pa}
                      data-tip="What it means, bit by bit"
                      onClick={() => setOpened(opened === word.pa ? null : word.pa)}
                    >
                      <ins>{digitsOf(word.after)}</ins>
                    </button>
                  ) : (
                    <ins>{digitsOf(word.after)}</ins>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {!all && words.length > AT_FIRST && (
        <button type="button" className="btn" onClick={() => setAll(true)}>
          All {words.length.toLocaleString('en')}
        </button>
      )}
      {decodes && opened !== null && words.some(({ pa }) => pa === opened) && (
        <Decoded pa={opened} unitId={unitId} />
      )}
    </>
  );
}

const digitsOf = (word: bigint | null): string => (word === null ? 'no table' : groupedHex(word));

/** The entry as the hardware would read it now: the way it read others of this table. */
function Decoded({ pa, unitId }: { readonly pa: number; readonly unitId: WorldId }) {
  const peekEntry = useApp((state) => state.actions.peekEntry);
  const lookups = useApp((state) => state.seen.lookups);
  const entry = useReading(
    useCallback(async () => {
      const step = stepAt(lookups, pa);
      if (step?.pa == null || step.index === null) return null;
      const { occupancy: _, words: _words, fields: _fields, ...table } = step;
      return peekEntry(unitId, table, step.index + (pa - step.pa) / 8);
    }, [lookups, pa, peekEntry, unitId]),
  );
  if (!entry || entry.pa !== pa) return null;
  return (
    <div className="compare-decoded">
      <h4>{entry.title}</h4>
      <Words words={entry.words} fields={entry.fields} />
    </div>
  );
}

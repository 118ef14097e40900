import { Fragment, useMemo, useState } from 'react';
import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { groupedHex } from '../../ui/numbers';
import { MemoryLink } from '../shared/MemoryLink';
import { readingOf } from '../shared/table-reading';
import { WORDS, COMPARE } from '../../words/panels/compare';
import { DecodedBoth } from './DecodedBoth';
import type { Place } from './moments';
import type { WordChange } from './table-words';

/** Rows at first; more on request. */
const AT_FIRST = 64;

interface WordListProps {
  readonly words: readonly WordChange[];
  /** Whose entries they are; null: plain memory, as far as is known. */
  readonly hwptId: WorldId | null;
  readonly a: Place;
  readonly b: Place;
}

/** Words that differ, old and new; an entry of a table opened bit by bit, as it was in the one moment and in the other. */
export function WordList({ words, hwptId, a, b }: WordListProps) {
  const [all, setAll] = useState(false);
  const [opened, setOpened] = useState<number | null>(null);
  const lookups = useApp((state) => state.seen.lookups);
  const readings = useMemo(
    () =>
      new Map(
        words
          .slice(0, all ? undefined : AT_FIRST)
          .map(({ pa, level }) => [pa, readingOf(lookups, { pa, level, hwptId })]),
      ),
    [words, all, lookups, hwptId],
  );
  if (words.length === 0) return <p className="muted">{WORDS.none}</p>;
  const shown = words.find(({ pa }) => pa === opened);
  const reading = shown && readings.get(shown.pa);
  return (
    <>
      <p className="muted" role="status">
        {WORDS.differ(words.length)}
      </p>
      <div className="scroll-x">
        <table className="table compare-words">
          <thead>
            <tr>
              <th>{WORDS.at}</th>
              {hwptId !== null && <th>{WORDS.level}</th>}
              <th>{COMPARE.a}</th>
              <th>{COMPARE.b}</th>
            </tr>
          </thead>
          <tbody>
            {words.slice(0, all ? undefined : AT_FIRST).map((word) => (
              <Fragment key={word.pa}>
                <tr>
                  <td>
                    <MemoryLink pa={word.pa} />
                  </td>
                  {hwptId !== null && <td>{word.level ?? '–'}</td>}
                  <td>
                    <del>{digitsOf(word.before)}</del>
                  </td>
                  <td>
                    {readings.get(word.pa) ? (
                      <button
                        type="button"
                        className="link"
                        aria-expanded={opened === word.pa}
                        data-tip={WORDS.bothTip}
                        onClick={() => setOpened(opened === word.pa ? null : word.pa)}
                      >
                        <ins>{digitsOf(word.after)}</ins>
                      </button>
                    ) : (
                      <ins>{digitsOf(word.after)}</ins>
                    )}
                  </td>
                </tr>
                {word === shown && reading && (
                  <tr className="compare-opened">
                    <td colSpan={4}>
                      <DecodedBoth word={word} reading={reading} a={a} b={b} />
                    </td>
                  </tr>
                )}
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      {!all && words.length > AT_FIRST && (
        <button type="button" className="btn" onClick={() => setAll(true)}>
          {WORDS.all(words.length)}
        </button>
      )}
    </>
  );
}

const digitsOf = (word: bigint | null): string => (word === null ? WORDS.noTable : groupedHex(word));

import { useCallback } from 'react';
import { useApp } from '../../store';
import type { WalkStep } from '../../engine/sim/batch';
import { useReading } from '../shared/use-reading';
import type { TableReading } from '../shared/table-reading';
import { Words } from '../shared/Words';
import { WORDS } from '../../words/panels/compare';
import type { Place } from './moments';
import type { WordChange } from './table-words';
import { keyOf, placesOf } from './use-moments';

interface DecodedBothProps {
  readonly word: WordChange;
  readonly reading: TableReading;
  readonly a: Place;
  readonly b: Place;
}

/** An entry as the hardware would read it in either moment: the way it read others of these tables. */
export function DecodedBoth({ word, reading, a, b }: DecodedBothProps) {
  const readEntryAt = useApp((state) => state.actions.readEntryAt);
  const key = keyOf(a, b);
  const found = useReading(
    useCallback(
      async () => ({
        key,
        steps: await Promise.all(
          placesOf(key).map((place) =>
            place === null ? null : readEntryAt(place.cursor, reading, place.script),
          ),
        ),
      }),
      [key, readEntryAt, reading],
    ),
  );
  if (found?.key !== key) return null;
  const [was = null, is = null] = found.steps;
  return (
    <>
      <Moment name="A" step={was} there={word.before !== null} />
      <Moment name="B" step={is} there={word.after !== null} />
    </>
  );
}

interface MomentProps {
  readonly name: 'A' | 'B';
  readonly step: WalkStep | null;
  /** There was a table at that address. */
  readonly there: boolean;
}

const Moment = ({ name, step, there }: MomentProps) => (
  <section className="compare-decoded" aria-label={WORDS.entryIn(name)}>
    <h4>
      {name}: {step?.title ?? ''}
    </h4>
    {!there || step === null ? (
      <p className="muted">{WORDS.noTableHere}</p>
    ) : (step.words[0] ?? 0n) === 0n ? (
      <p className="muted">{WORDS.zeroes}</p>
    ) : (
      <Words words={step.words} fields={step.fields} />
    )}
  </section>
);

import { useCallback, useMemo, useState } from 'react';
import { useApp } from '../../store';
import { Section, Term } from '../../ui/Section';
import { useReading } from '../shared/use-reading';
import { all, titleOf, type Objects } from '../shared/words';
import type { Place } from './moments';
import { diffWords } from './table-words';
import { keyOf, placesOf } from './use-moments';
import { WordList } from './WordList';
import { TERMS } from '../shared/terms';
import { WORDS, COMPARE } from '../../words/panels/compare';

interface TableWordsProps {
  readonly a: Place;
  readonly b: Place;
  readonly worlds: { readonly a: Objects; readonly b: Objects };
}

/** The entries of an HWPT's tables that are others in the two moments. */
export function TableWords({ a, b, worlds }: TableWordsProps) {
  const readTablesAt = useApp((state) => state.actions.readTablesAt);
  const selection = useApp((state) => state.selection);
  const hwpts = useMemo(() => {
    const both = { ...worlds.a, ...worlds.b };
    return all(both, 'hwpt');
  }, [worlds]);
  const [chosen, setChosen] = useState<string | null>(null);
  const hwpt =
    hwpts.find(({ id }) => id === chosen) ?? hwpts.find(({ id }) => id === selection) ?? hwpts[0] ?? null;
  const id = hwpt?.id ?? null;
  const key = keyOf(a, b);
  const found = useReading(
    useCallback(async () => {
      if (id === null) return null;
      const [first, second] = await Promise.all(
        placesOf(key).map((place) => (place === null ? null : readTablesAt(place.cursor, id, place.script))),
      );
      return { id, key, words: diffWords(first ?? [], second ?? []) };
    }, [id, key, readTablesAt]),
  );
  if (hwpt === null) return null;
  const words = found?.id === id && found.key === key ? found.words : undefined;
  return (
    <Section title={<Term tip={TERMS.hwpt}>{WORDS.tables}</Term>}>
      <label className="field">
        <span>{WORDS.tablesOf}</span>
        <select className="input" value={hwpt.id} onChange={(event) => setChosen(event.target.value)}>
          {hwpts.map((each) => (
            <option key={each.id} value={each.id}>
              {titleOf(each)}
              {each.name === null ? '' : ` ${each.name}`}
            </option>
          ))}
        </select>
      </label>
      {words === undefined ? (
        <p className="muted">{COMPARE.reading}</p>
      ) : (
        <WordList words={words} hwptId={hwpt.id} a={a} b={b} />
      )}
    </Section>
  );
}

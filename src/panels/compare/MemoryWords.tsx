import { useCallback, useState } from 'react';
import { useApp } from '../../store';
import { Section } from '../../ui/Section';
import { AddressForm } from '../shared/AddressForm';
import { useReading } from '../shared/use-reading';
import { WORDS } from '../../words/panels/compare';
import type { Place } from './moments';
import { diffWords } from './table-words';
import { keyOf, placesOf } from './use-moments';
import { WordList } from './WordList';

const BYTES = 4096;

/** A page of physical memory in both moments. */
export function MemoryWords({ a, b }: { readonly a: Place; readonly b: Place }) {
  const readMemoryAt = useApp((state) => state.actions.readMemoryAt);
  const [pa, setPa] = useState<number | null>(null);
  const key = keyOf(a, b);
  const found = useReading(
    useCallback(async () => {
      if (pa === null) return null;
      const [was = null, is = null] = await Promise.all(
        placesOf(key).map((place) =>
          place === null ? null : readMemoryAt(place.cursor, pa, BYTES, place.script),
        ),
      );
      const stretches = [was, is].map((bytes) => (bytes === null ? [] : [{ pa, level: null, bytes }]));
      return {
        pa,
        key,
        none: was === null && is === null,
        words: diffWords(stretches[0] ?? [], stretches[1] ?? []),
      };
    }, [key, pa, readMemoryAt]),
  );
  return (
    <Section title={WORDS.page}>
      <AddressForm
        pa={null}
        verb={WORDS.compare}
        onGo={(address) => setPa(Math.floor(address / BYTES) * BYTES)}
      />
      {found && found.pa === pa && found.key === key && (
        <>
          {found.none ? (
            <p className="prose">{WORDS.noMemory}</p>
          ) : (
            <WordList words={found.words} hwptId={null} a={a} b={b} />
          )}
        </>
      )}
    </Section>
  );
}

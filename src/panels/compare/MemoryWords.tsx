import { useCallback, useState } from 'react';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { useReading } from '../shared/use-reading';
import { diffWords } from './table-words';
import { WordList } from './WordList';

const BYTES = 4096;

/** A page of physical memory in both moments. */
export function MemoryWords({ a, b }: { readonly a: number; readonly b: number }) {
  const readMemoryAt = useApp((state) => state.actions.readMemoryAt);
  const [text, setText] = useState('');
  const [pa, setPa] = useState<number | null>(null);
  const found = useReading(
    useCallback(async () => {
      if (pa === null) return null;
      const [was, is] = await Promise.all([readMemoryAt(a, pa, BYTES), readMemoryAt(b, pa, BYTES)]);
      const stretches = [was, is].map((bytes) => (bytes === null ? [] : [{ pa, level: null, bytes }]));
      return {
        pa,
        none: was === null && is === null,
        words: diffWords(stretches[0] ?? [], stretches[1] ?? []),
      };
    }, [a, b, pa, readMemoryAt]),
  );
  const value = parseAddress(text);
  return (
    <Section title="A page of memory">
      <form
        className="row"
        onSubmit={(event) => {
          event.preventDefault();
          if (value !== null) setPa(Math.floor(value / BYTES) * BYTES);
        }}
      >
        <label className="grow">
          <span className="sr-only">Physical address, in hex</span>
          <input
            className="input input-mono"
            value={text}
            placeholder="0x1_0000_0000"
            aria-invalid={text !== '' && value === null}
            onChange={(event) => setText(event.target.value)}
          />
        </label>
        <Button type="submit" disabled={value === null}>
          Compare
        </Button>
      </form>
      {found && found.pa === pa && (
        <>
          {found.none ? (
            <p className="prose">There is no memory in either moment.</p>
          ) : (
            <WordList words={found.words} unitId={null} isNow={false} cursor={b} />
          )}
        </>
      )}
    </Section>
  );
}

/** Hex, with or without `0x` and grouping; null when it is none. */
function parseAddress(text: string): number | null {
  const digits = text.trim().replace(/^0x/i, '').replaceAll('_', '');
  return /^[0-9a-f]{1,13}$/i.test(digits) ? parseInt(digits, 16) : null;
}

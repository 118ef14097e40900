import { useCallback } from 'react';
import type { WalkStep } from '../../engine/sim/batch';
import { useApp } from '../../store';
import { groupedHex } from '../../ui/numbers';
import { useReading } from '../shared/use-reading';
import { Words } from '../shared/Words';
import { ENTRY } from '../../words/panels/walk';
import { Phrase } from '../../ui/Phrase';

/** An entry that the hardware read: bit by bit, and for whoever wants to see what another value would do. */
export function EntryDetail({ step }: { readonly step: WalkStep }) {
  const { pa, words, fields, title } = step;
  if (pa === null) return <Words words={words} fields={fields} ruler={words.length === 1} />;
  return <Editable pa={pa} words={words} fields={fields} title={title} />;
}

interface EditableProps extends Pick<WalkStep, 'words' | 'fields' | 'title'> {
  readonly pa: number;
}

function Editable({ pa, words, fields, title }: EditableProps) {
  const act = useApp((state) => state.actions.act);
  const now = useMemoryWords(pa, words.length);
  /** Memory may hold something else since: bits are turned over as they are, not as they were. */
  const held = now ?? words;
  const changed = now?.some((word, at) => word !== words[at]) ?? false;
  const poke = (at: number, value: bigint): void =>
    void act([`poke 0x${(pa + at * 8).toString(16)} "0x${value.toString(16)}"`]);
  return (
    <>
      <Words
        words={words}
        fields={fields}
        ruler={words.length === 1}
        edit={{
          what: title,
          current: held,
          write: poke,
          flip(bit) {
            const at = Math.floor(bit / 64);
            poke(at, (held[at] ?? 0n) ^ (1n << BigInt(bit % 64)));
          },
        }}
      />
      {changed && (
        <p className="stale-note" role="status">
          <Phrase
            text={ENTRY.changed}
            parts={{ words: <code>{held.map((word) => groupedHex(word)).join(' ')}</code> }}
          />
        </p>
      )}
    </>
  );
}

/** What memory holds now; undefined until it is read, and where no memory is. */
function useMemoryWords(pa: number, count: number): readonly bigint[] | undefined {
  const readMemory = useApp((state) => state.actions.readMemory);
  const bytes = useReading(useCallback(() => readMemory(pa, count * 8), [readMemory, pa, count]));
  if (!bytes || bytes.length < count * 8) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: count }, (_, at) => view.getBigUint64(at * 8, true));
}

import { useState } from 'react';
import { Button } from '../../ui/Button';
import { groupedHex } from '../../ui/numbers';
import { BITS } from '../../words/panels/bits';

interface EditWordProps {
  readonly value: bigint;
  readonly bits: number;
  /** What it is, for whoever cannot see where it stands. */
  readonly what: string;
  readonly onWrite: (value: bigint) => void;
  /** Nothing is written after all. */
  readonly onLeave: () => void;
}

/** A number in hex that a person may change. */
export function EditWord({ value, bits, what, onWrite, onLeave }: EditWordProps) {
  const [text, setText] = useState(groupedHex(value, bits / 4));
  const next = parseHex(text, bits);
  return (
    <form
      className="row edit-word"
      onSubmit={(event) => {
        event.preventDefault();
        if (next !== null) onWrite(next);
      }}
      onKeyDown={(event) => {
        if (event.key !== 'Escape') return;
        event.stopPropagation();
        onLeave();
      }}
    >
      <label className="grow">
        <span className="sr-only">{BITS.newValue(what)}</span>
        <input
          className="input input-mono"
          autoFocus
          spellCheck="false"
          value={text}
          aria-invalid={next === null}
          onChange={(change) => setText(change.target.value)}
        />
      </label>
      <Button type="submit" disabled={next === null}>
        {BITS.write}
      </Button>
      <Button onClick={onLeave}>{BITS.cancel}</Button>
    </form>
  );
}

/** Hex, with or without `0x` and grouping; null when it is none, or does not fit. */
export function parseHex(text: string, bits: number): bigint | null {
  const digits = text.trim().replace(/^0x/i, '').replaceAll('_', '');
  if (!/^[0-9a-f]+$/i.test(digits)) return null;
  const value = BigInt(`0x${digits}`);
  return value >> BigInt(bits) === 0n ? value : null;
}

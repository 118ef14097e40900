import { useState } from 'react';
import type { EntryField, LookupStep } from '../../engine/sim/batch';
import { groupedHex, plainHex } from '../../ui/numbers';

/** An entry bit by bit: the bytes as they lie in memory, and every field by its name. */
export function EntryDetail({ step }: { readonly step: LookupStep }) {
  const [lit, setLit] = useState<EntryField | null>(null);
  const range = lit === null ? null : bitRange(lit.bits);
  return (
    <div className="entry" onPointerLeave={() => setLit(null)}>
      {step.words.map((word, index) => (
        <Bits key={index} word={word} first={index * 64} range={range} />
      ))}
      <table className="table">
        <thead>
          <tr>
            <th>bits</th>
            <th>field</th>
            <th>value</th>
            <th>means</th>
          </tr>
        </thead>
        <tbody>
          {step.fields.map((field) => (
            <tr key={field.bits} data-lit={field === lit} onPointerEnter={() => setLit(field)}>
              <td>{field.bits}</td>
              <td>{field.name}</td>
              <td>{field.value < 10n ? String(field.value) : groupedHex(field.value)}</td>
              <td className="wrap field-meaning">{field.meaning}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

interface BitsProps {
  readonly word: bigint;
  /** Number of its lowest bit within the entry. */
  readonly first: number;
  readonly range: { readonly high: number; readonly low: number } | null;
}

/** 16 hex digits; those that hold bits of the field in question are marked. */
function Bits({ word, first, range }: BitsProps) {
  const digits = plainHex(word, 16);
  return (
    <code className="entry-hex">
      {[...digits].map((digit, at) => {
        const low = first + (15 - at) * 4;
        const isLit = range !== null && range.high >= low && range.low <= low + 3;
        return (
          <span key={at} data-lit={isLit} data-gap={at % 4 === 0 && at > 0}>
            {digit}
          </span>
        );
      })}
      <span className="muted entry-hex-bits">
        {first + 63}:{first}
      </span>
    </code>
  );
}

/** `51:12` or `0`. */
function bitRange(bits: string): { readonly high: number; readonly low: number } | null {
  const [high, low] = bits.split(':').map(Number);
  if (high === undefined || Number.isNaN(high)) return null;
  return { high, low: low ?? high };
}

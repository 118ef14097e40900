import { Pencil } from 'lucide-react';
import { useState } from 'react';
import type { Field } from '../../engine/hw/common/fields';
import { groupedHex, plainHex } from '../../ui/numbers';
import { BITS } from '../../words/panels/bits';
import { bitRange, fieldIn, type BitRange } from './bit-range';
import { BitRuler } from './BitRuler';
import { EditWord } from './EditWord';
import './words.css';

export interface WordsEdit {
  /** What it is, for whoever cannot see where it stands. */
  readonly what: string;
  /** The words as they are now: where an edit begins. */
  readonly current: readonly bigint[];
  /** Writes one word. */
  readonly write: (at: number, value: bigint) => void;
  /** Turns one bit over, counted over all words. */
  readonly flip?: (bit: number) => void;
}

interface WordsProps {
  /** 64-bit words, low first; one of 32 bits where `bytes` is 4. */
  readonly words: readonly bigint[];
  readonly fields: readonly Field[];
  readonly bytes?: 4 | 8;
  /** Every bit is shown, too. */
  readonly ruler?: boolean;
  /** Absent: it can only be read. */
  readonly edit?: WordsEdit;
}

/** An entry, register or record bit by bit: its digits, and every field by the document's name. */
export function Words({ words, fields, bytes = 8, ruler = false, edit }: WordsProps) {
  const [lit, setLit] = useState<Field | null>(null);
  const [editing, setEditing] = useState<number | null>(null);
  const range = lit === null ? null : bitRange(lit.bits);
  return (
    <div className="entry" onPointerLeave={() => setLit(null)}>
      {words.map((word, at) =>
        edit && editing === at ? (
          <EditWord
            key={at}
            value={edit.current[at] ?? word}
            bits={bytes * 8}
            what={nameOf(edit, at, words.length)}
            onWrite={(value) => {
              setEditing(null);
              edit.write(at, value);
            }}
            onLeave={() => setEditing(null)}
          />
        ) : (
          <div key={at} className="entry-line">
            <Bits
              word={word}
              digits={bytes * 2}
              first={at * 64}
              range={range}
              onPoint={(high, low) => setLit(fieldIn(fields, high, low))}
            />
            {edit && (
              <button
                type="button"
                className="entry-edit"
                aria-label={BITS.edit(nameOf(edit, at, words.length))}
                data-tip={BITS.editTip}
                onClick={() => setEditing(at)}
              >
                <Pencil size={12} aria-hidden="true" />
              </button>
            )}
          </div>
        ),
      )}
      {ruler && words[0] !== undefined && (
        <BitRuler word={words[0]} fields={fields} lit={lit} onLight={setLit} />
      )}
      {fields.length > 0 && (
        <table className="table">
          <thead>
            <tr>
              <th>{BITS.bits}</th>
              <th>{BITS.field}</th>
              <th>{BITS.value}</th>
              <th>{BITS.means}</th>
            </tr>
          </thead>
          <tbody>
            {fields.map((field) => (
              <tr
                key={`${field.bits} ${field.name}`}
                data-lit={field === lit}
                onPointerEnter={() => setLit(field)}
                onFocus={() => setLit(field)}
              >
                <td>{field.bits}</td>
                <td>{field.name}</td>
                <td className="field-value">
                  <Value field={field} flip={edit?.flip} />
                </td>
                <td className="wrap field-meaning">{field.meaning}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </div>
  );
}

const nameOf = ({ what }: WordsEdit, at: number, words: number): string =>
  words === 1 ? what : BITS.word(what, at);

/** A single bit can be turned over where it stands. */
function Value({ field, flip }: { readonly field: Field; readonly flip: WordsEdit['flip'] }) {
  const text = field.value < 10n ? String(field.value) : groupedHex(field.value);
  if (!flip || !/^\d+$/.test(field.bits)) return text;
  return (
    <button
      type="button"
      className="bit"
      aria-label={BITS.turn(field.name, text)}
      data-tip={BITS.turnTip(field.value === 0n ? 1 : 0)}
      onClick={() => flip(Number(field.bits))}
    >
      {text}
    </button>
  );
}

interface BitsProps {
  readonly word: bigint;
  readonly digits: number;
  /** Number of its lowest bit within the entry. */
  readonly first: number;
  readonly range: BitRange | null;
  /** A digit was pointed at: the bits that it shows. */
  readonly onPoint: (high: number, low: number) => void;
}

/** Hex digits; those that hold bits of the field in question are marked. */
function Bits({ word, digits, first, range, onPoint }: BitsProps) {
  return (
    <code className="entry-hex">
      {[...plainHex(word, digits)].map((digit, at) => {
        const low = first + (digits - 1 - at) * 4;
        const isLit = range !== null && range.high >= low && range.low <= low + 3;
        return (
          <span
            key={at}
            data-lit={isLit}
            data-gap={at % 4 === 0 && at > 0}
            onPointerEnter={() => onPoint(low + 3, low)}
          >
            {digit}
          </span>
        );
      })}
      <span className="muted entry-hex-bits">
        {first + digits * 4 - 1}:{first}
      </span>
    </code>
  );
}

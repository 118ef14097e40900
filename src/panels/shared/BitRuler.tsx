import type { Field } from '../../engine/hw/common/fields';
import { fieldAt, bitRange } from './bit-range';

interface BitRulerProps {
  readonly word: bigint;
  readonly fields: readonly Field[];
  readonly lit: Field | null;
  readonly onLight: (field: Field | null) => void;
}

const ROWS = [63, 31] as const;

/** Every bit of a word, 32 a row, in the shades of its fields: neighbours differ, what has no name is plain. */
export function BitRuler({ word, fields, lit, onLight }: BitRulerProps) {
  return (
    <div className="ruler" aria-hidden="true">
      {ROWS.map((high) => (
        <div key={high} className="ruler-row">
          {Array.from({ length: 32 }, (_, at) => {
            const bit = high - at;
            const field = fieldAt(fields, bit);
            const range = field === null ? null : bitRange(field.bits);
            const first = range !== null && (range.high === bit || at === 0);
            const place = field === null ? -1 : fields.indexOf(field);
            return (
              <span
                key={bit}
                data-set={((word >> BigInt(bit)) & 1n) === 1n}
                data-shade={place < 0 ? undefined : place % 2}
                data-lit={field !== null && field === lit}
                data-byte={at > 0 && at % 8 === 0}
                onPointerEnter={() => onLight(field)}
              >
                {((word >> BigInt(bit)) & 1n) === 1n ? 1 : 0}
                {first && range.high - range.low > 5 && <small>{field?.name}</small>}
              </span>
            );
          })}
        </div>
      ))}
    </div>
  );
}

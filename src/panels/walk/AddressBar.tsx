import type { AddressField } from '../../engine/sim/batch';
import { byteSize, plainHex } from '../../ui/numbers';
import { listKeys } from '../shared/list-keys';
import { ADDRESS } from '../../words/panels/walk';
import { bitRanges, joinedBits, type ShownField } from './address';
import { levelColour, linkOf } from './links';
import './address.css';

interface AddressBarProps {
  readonly fields: readonly AddressField[];
  /** The level whose table is being read. */
  readonly reached: number | null;
  readonly done: boolean;
  /** Of the leaf, once it is known: what it maps, log2. */
  readonly sizeLg2: number | null;
  /** Opens the entry that a field selects. */
  readonly onLevel: (level: number) => void;
}

/**
 * The IOVA, cut where the table format cuts it: widths follow the bits, hex above binary. One tab stop; a field leads to
 * the entry that it selects.
 */
export function AddressBar({ fields, reached, done, sizeLg2, onLevel }: AddressBarProps) {
  if (fields.length === 0) return null;
  const shown = bitRanges(fields);
  const bits = shown.reduce((sum, field) => sum + field.bits, 0);
  return (
    <div className="address" style={{ ['--bits' as string]: bits }}>
      <ol className="address-bar" aria-label={ADDRESS.fields} onKeyDown={listKeys('.address-field')}>
        {shown.map((field, at) => (
          <li key={field.label} style={{ flexGrow: field.bits, ['--c' as string]: levelColour(field.level) }}>
            <button
              type="button"
              className="address-field"
              tabIndex={at === 0 ? 0 : -1}
              data-link={field.level > 0 ? linkOf(field.level, 1) : undefined}
              data-lit={done || field.level === reached}
              data-skipped={field.skipped}
              data-range={rangeOf(field)}
              data-tip={(field.skipped ? ADDRESS.fieldSkipped : ADDRESS.field)(
                field.label,
                rangeOf(field),
                field.value,
              )}
              onClick={() => onLevel(field.level)}
            >
              <b>{plainHex(field.value, Math.ceil(field.bits / 4))}</b>
              <span>{field.label}</span>
            </button>
            <Merged field={field} />
          </li>
        ))}
      </ol>
      <div className="address-bits" aria-hidden="true">
        {shown.map((field) => (
          <code
            key={field.label}
            data-link={field.level > 0 ? linkOf(field.level, 1) : undefined}
            style={{ flexGrow: field.bits, ['--c' as string]: levelColour(field.level) }}
          >
            {BigInt(field.value).toString(2).padStart(field.bits, '0')}
          </code>
        ))}
      </div>
      {sizeLg2 !== null && <LargePage fields={fields} sizeLg2={sizeLg2} />}
    </div>
  );
}

const rangeOf = ({ high, low }: ShownField): string => (high === low ? `${low}` : `${high}:${low}`);

/** Fields of the levels that a large page left unread: they run on into the offset. */
function Merged({ field: { bits, merged } }: { readonly field: ShownField }) {
  return merged?.map((each, at) => (
    <i
      key={each.level}
      className="address-merged"
      aria-hidden="true"
      data-label={each.label}
      style={{
        left: `${(100 * merged.slice(0, at).reduce((sum, other) => sum + other.bits, 0)) / bits}%`,
        width: `${(100 * each.bits) / bits}%`,
        ['--m' as string]: levelColour(each.level),
      }}
    />
  ));
}

/** Why fewer fields are used than the format has. */
function LargePage({
  fields,
  sizeLg2,
}: {
  readonly fields: readonly AddressField[];
  readonly sizeLg2: number;
}) {
  const merged = fields.find(({ level }) => level === 0)?.merged ?? [];
  const more = joinedBits(fields, sizeLg2);
  const words = [
    ...(merged.length > 0
      ? [
          ADDRESS.merged(
            merged.reduce((sum, { bits }) => sum + bits, 0),
            merged.map(({ label }) => label).join(', '),
          ),
        ]
      : []),
    ...(more > 0 ? [ADDRESS.equal(2 ** more, more)] : []),
  ];
  if (words.length === 0) return null;
  return (
    <p className="address-note">
      <b>{ADDRESS.page(byteSize(2 ** sizeLg2))}</b> {words.join('; ')}.
    </p>
  );
}

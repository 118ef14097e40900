import type { AddressField } from '../../engine/sim/batch';
import { plainHex } from '../../ui/numbers';

export const levelColour = (level: number): string =>
  level === 0 ? 'var(--off)' : `var(--lv${Math.min(level, 5)})`;

interface AddressBarProps {
  readonly fields: readonly AddressField[];
  /** The level whose table is being read. */
  readonly reached: number | null;
  readonly done: boolean;
}

/** The IOVA, cut where the table format cuts it. Widths follow the bits. */
export function AddressBar({ fields, reached, done }: AddressBarProps) {
  if (fields.length === 0) return null;
  return (
    <ol className="address-bar" aria-label="The IOVA in index fields">
      {fields.map((field) => (
        <li
          key={field.label}
          style={{ flexGrow: field.bits, ['--c' as string]: levelColour(field.level) }}
          data-level={field.level}
          data-lit={done || field.level === reached}
          data-tip={`${field.label}: ${field.bits} bits, ${field.value}`}
        >
          <b>{plainHex(field.value, Math.ceil(field.bits / 4))}</b>
          <span>{field.label}</span>
        </li>
      ))}
    </ol>
  );
}

import { useState } from 'react';
import type { FieldView, StructView } from '../../engine/uapi/hex';
import { plainHex } from '../../ui/numbers';
import { listKeys } from '../shared/list-keys';
import { STRUCT } from '../../words/panels/ioctls';

const GROUP = 8;

const DIRECTIONS = ['in', 'out', 'inout'] as const;
const ARROW = { in: '→', out: '←', inout: '⇄' } as const;

interface StructBytesProps {
  readonly struct: StructView;
  /** What points to it, e.g. `data_uptr`. Absent: the call itself. */
  readonly behind?: string;
}

/** A structure as bytes and as fields; pointing at one shows the other. */
export function StructBytes({ struct, behind }: StructBytesProps) {
  const [pointed, setPointed] = useState<number | null>(null);
  const { fields } = struct;
  const changed = fields.some((field) => field.changed);
  return (
    <div className="struct" onPointerLeave={() => setPointed(null)}>
      <p className="struct-name">
        {behind !== undefined && (
          <>
            <code>{behind}</code> <span aria-hidden="true">→</span>{' '}
          </>
        )}
        <code>struct {struct.name}</code> <span className="muted">{STRUCT.bytes(struct.before.length)}</span>
      </p>
      <Bytes struct={struct} pointed={pointed} onPoint={setPointed} />
      <p className="struct-legend" aria-hidden="true">
        {DIRECTIONS.filter((dir) => fields.some((field) => field.dir === dir)).map((dir) => (
          <span key={dir} data-dir={dir}>
            {STRUCT.direction[dir]}
          </span>
        ))}
        {changed && <span data-changed="true">{STRUCT.changed}</span>}
      </p>
      <FieldTable
        label={behind === undefined ? STRUCT.fields : STRUCT.fieldsOf(behind)}
        fields={fields}
        pointed={pointed}
        onPoint={setPointed}
      />
    </div>
  );
}

interface BytesProps {
  readonly struct: StructView;
  readonly pointed: number | null;
  readonly onPoint: (field: number) => void;
}

/** Eight bytes together, as many groups in a row as there is room for; as they went back, what was before on hover. */
function Bytes({ struct, pointed, onPoint }: BytesProps) {
  const { fields, before, after } = struct;
  const owners = ownersOf(fields, before.length);
  const groups = Array.from({ length: Math.ceil(before.length / GROUP) }, (_, group) => group * GROUP);
  // The list of fields says all of this to a screen reader.
  return (
    <div className="bytes" aria-hidden="true">
      {groups.map((from) => (
        <div key={from} className="bytes-group">
          <span className="bytes-offset">+{plainHex(from, 2)}</span>
          {[...after.subarray(from, from + GROUP)].map((byte, index) => {
            const at = from + index;
            const owner = owners[at] ?? 0;
            const field = fields[owner];
            const was = before[at] ?? 0;
            return (
              <span
                key={at}
                className="byte"
                data-dir={field?.dir}
                data-changed={was !== byte}
                data-zero={byte === 0 && was === byte}
                data-pointed={owner === pointed}
                data-first={field?.offset === at}
                data-last={field !== undefined && field.offset + field.bytes === at + 1}
                title={was === byte ? field?.name : STRUCT.was(field?.name ?? '', plainHex(was, 2))}
                onPointerEnter={() => onPoint(owner)}
              >
                {plainHex(byte, 2)}
              </span>
            );
          })}
        </div>
      ))}
    </div>
  );
}

/** For each byte, which field it belongs to. */
function ownersOf(fields: readonly FieldView[], length: number): readonly number[] {
  const owners = new Array<number>(length).fill(0);
  fields.forEach((field, index) => owners.fill(index, field.offset, field.offset + field.bytes));
  return owners;
}

interface FieldTableProps {
  readonly label: string;
  readonly fields: readonly FieldView[];
  readonly pointed: number | null;
  readonly onPoint: (field: number | null) => void;
}

function FieldTable({ label, fields, pointed, onPoint }: FieldTableProps) {
  return (
    <ul className="struct-fields" aria-label={label} onKeyDown={listKeys('.struct-field')}>
      {fields.map((field, index) => (
        <li
          key={field.offset}
          className="struct-field"
          tabIndex={index === (pointed ?? 0) ? 0 : -1}
          data-pointed={index === pointed}
          data-idle={field.absent || (field.name.startsWith('__reserved') && !field.changed)}
          data-changed={field.changed}
          onPointerEnter={() => onPoint(index)}
          onFocus={() => onPoint(index)}
          onBlur={() => onPoint(null)}
        >
          <code className="struct-offset">{plainHex(field.offset, 2)}</code>
          <span className="struct-dir" title={STRUCT.direction[field.dir]}>
            <span aria-hidden="true">{ARROW[field.dir]}</span>
            <span className="sr-only">{STRUCT.direction[field.dir]}</span>
          </span>
          <code>{field.name}</code>
          <code className="struct-value">
            <Value field={field} />
          </code>
        </li>
      ))}
    </ul>
  );
}

function Value({ field }: { readonly field: FieldView }) {
  if (field.absent) return <span className="muted">{STRUCT.notGiven}</span>;
  if (!field.changed) return <Breakable text={field.before} />;
  return (
    <>
      {field.dir !== 'out' && (
        <span className="struct-was">
          <Breakable text={field.before} /> ⇒{' '}
        </span>
      )}
      <b>
        <Breakable text={field.after} />
      </b>
    </>
  );
}

/** Names of flags are long: a line may end behind each `|`. */
const Breakable = ({ text }: { readonly text: string }) =>
  text.split('|').map((part, index) => (
    <span key={part}>
      {index > 0 && (
        <>
          |<wbr />
        </>
      )}
      {part}
    </span>
  ));

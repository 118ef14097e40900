import { ChevronDown, ChevronUp } from 'lucide-react';
import { useEffect, useState } from 'react';
import { useApp } from '../../store';
import { Button, IconButton } from '../../ui/Button';
import { groupedHex, plainHex } from '../../ui/numbers';
import { Section, Term } from '../../ui/Section';
import { TERMS } from '../shared/terms';
import './memory.css';

const BYTES = 256;
const ROW = 16;

/** Physical memory as it is now. Follows every change of the machine. */
export function MemoryPanel() {
  const pa = useApp((state) => state.memoryPa);
  const showMemory = useApp((state) => state.actions.showMemory);
  return (
    <>
      <Section title={<Term tip={TERMS.pa}>Physical address</Term>}>
        <AddressForm key={pa} pa={pa} onGo={showMemory} />
      </Section>
      {pa === null ? (
        <Section>
          <p className="prose">Type an address, or click one in a walk, a cache or a buffer.</p>
        </Section>
      ) : (
        <Bytes pa={pa} onMove={showMemory} />
      )}
    </>
  );
}

interface AddressFormProps {
  readonly pa: number | null;
  readonly onGo: (pa: number) => void;
}

function AddressForm({ pa, onGo }: AddressFormProps) {
  const [text, setText] = useState(pa === null ? '' : groupedHex(pa));
  const value = parseAddress(text);
  return (
    <form
      className="row"
      onSubmit={(event) => {
        event.preventDefault();
        if (value !== null) onGo(value);
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
        Show
      </Button>
    </form>
  );
}

/** Hex, with or without `0x` and grouping; null when it is none, or beyond what memory can have. */
function parseAddress(text: string): number | null {
  const digits = text.trim().replace(/^0x/i, '').replaceAll('_', '');
  return /^[0-9a-f]{1,13}$/i.test(digits) ? parseInt(digits, 16) : null;
}

interface BytesProps {
  readonly pa: number;
  readonly onMove: (pa: number) => void;
}

function Bytes({ pa, onMove }: BytesProps) {
  const start = Math.floor(pa / ROW) * ROW;
  const bytes = useMemory(start);
  return (
    <Section
      title={
        <span className="row">
          <span className="grow">{BYTES} bytes</span>
          <IconButton
            label="Earlier"
            disabled={start === 0}
            onClick={() => onMove(Math.max(0, start - BYTES))}
          >
            <ChevronUp size={15} />
          </IconButton>
          <IconButton label="Later" onClick={() => onMove(start + BYTES)}>
            <ChevronDown size={15} />
          </IconButton>
        </span>
      }
    >
      {bytes === undefined && <p className="muted">Reading…</p>}
      {bytes === null && <p className="prose">There is no memory at {groupedHex(start)}.</p>}
      {bytes && <HexDump bytes={bytes} start={start} pa={pa} />}
    </Section>
  );
}

/** Undefined while it is read. Reads again when lines have run. */
function useMemory(start: number): Uint8Array | null | undefined {
  const read = useApp((state) => state.actions.readMemory);
  const cursor = useApp((state) => state.cursor);
  const epoch = useApp((state) => state.epoch);
  const [found, setFound] = useState<{ readonly start: number; readonly bytes: Uint8Array | null } | null>(
    null,
  );
  useEffect(() => {
    let current = true;
    void read(start, BYTES).then((bytes) => {
      if (current) setFound({ start, bytes });
    });
    return () => {
      current = false;
    };
  }, [read, start, cursor, epoch]);
  return found?.start === start ? found.bytes : undefined;
}

interface HexDumpProps {
  readonly bytes: Uint8Array;
  readonly start: number;
  /** Marked: the eight bytes from here. */
  readonly pa: number;
}

function HexDump({ bytes, start, pa }: HexDumpProps) {
  const rows = Array.from({ length: Math.ceil(bytes.length / ROW) }, (_, row) => row * ROW);
  return (
    <div className="scroll-x">
      <table className="table hex-dump">
        <tbody>
          {rows.map((from) => (
            <tr key={from}>
              <th scope="row">{groupedHex(start + from)}</th>
              <td>
                {[...bytes.subarray(from, from + ROW)].map((byte, at) => {
                  const address = start + from + at;
                  const marked = address >= pa && address < pa + 8;
                  return (
                    <span key={at} data-zero={byte === 0} data-marked={marked} data-half={at === 8}>
                      {plainHex(byte, 2)}
                    </span>
                  );
                })}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

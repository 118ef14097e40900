import type { RiscvIommu } from '../../engine/hw/riscv/device/device';
import { entryFrame, queueEntries } from '../../engine/hw/riscv/device/faults';
import { formatPair } from './hex';
import type { RigMemory } from './rig-memory';
import type { Answer } from './riscv-rig';

/** A queue that the unit fills: its registers, and the bytes of a record. */
interface Queue {
  readonly base: number;
  readonly head: number;
  readonly tail: number;
  readonly bytes: number;
}

export const drainFaults = (memory: RigMemory, device: RiscvIommu, queue: Queue): readonly Answer[] =>
  drain(memory, device, queue, ([lo = 0, hi = 0, , , iovaLo = 0, iovaHi = 0, lo2 = 0, hi2 = 0], raw) => ({
    cause: lo & 0xfff,
    pid: lo >>> 12,
    pv: hi & 1,
    priv: (hi >>> 1) & 1,
    ttyp: (hi >>> 2) & 0x3f,
    did: hi >>> 8,
    iotval: formatPair(iovaHi, iovaLo),
    iotval2: formatPair(hi2, lo2),
    raw,
  }));

export const drainPageRequests = (memory: RigMemory, device: RiscvIommu, queue: Queue): readonly Answer[] =>
  drain(memory, device, queue, ([lo = 0, hi = 0, payloadLo = 0, payloadHi = 0], raw) => ({
    pid: lo >>> 12,
    pv: hi & 1,
    priv: (hi >>> 1) & 1,
    exec: (hi >>> 2) & 1,
    did: hi >>> 8,
    payload: formatPair(payloadHi, payloadLo),
    raw,
  }));

/** Reads the records from head to tail, as software would, and moves the head. */
function drain(
  memory: RigMemory,
  device: RiscvIommu,
  queue: Queue,
  decode: (words: readonly number[], raw: string) => Answer,
): readonly Answer[] {
  const { state } = device;
  const entries = queueEntries(state.reg(queue.base));
  const records: Answer[] = [];
  let head = state.reg(queue.head) >>> 0;
  while (head !== state.reg(queue.tail) >>> 0) {
    const pfn = entryFrame(state, queue.base, head, queue.bytes);
    const raw = memory.bytes(pfn, (head * queue.bytes) % 4096, queue.bytes);
    records.push(decode(wordsOf(raw, state.bigEndian), raw));
    head = (head + 1) % entries;
  }
  device.registers.write32(queue.head, head | 0);
  return records;
}

/** 32-bit words of a record, low half of each doubleword first. */
function wordsOf(raw: string, bigEndian: boolean): readonly number[] {
  const words: number[] = [];
  for (const text of raw.match(/.{16}/g) ?? []) {
    const bytes = text.match(/../g) ?? [];
    const digits = (bigEndian ? bytes : bytes.reverse()).join('');
    words.push(parseInt(digits.slice(8), 16) | 0, parseInt(digits.slice(0, 8), 16) | 0);
  }
  return words;
}

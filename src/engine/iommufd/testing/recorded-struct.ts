import type { Errno, Result } from '../../kernel/errno';
import {
  BAD_VA,
  BUFFER_SLOT,
  BUFFER_VA,
  BUFFERS,
  SCRATCH_VA,
  STRUCT_BYTES,
  STRUCT_VA,
  type OpField,
  type OpRow,
} from './recorded-ops';
import { errnoName, fnv, hexBytes, prot, type Step } from './recorded-step';
import { bitmap, load, store } from './recorded-script';

const IMAGE_BYTES = 8192;
const SCRATCH_FILL = 0x10000;
const FILL = 0xeeee_eeee_eeee_eeeen;
const KERNEL_VA = 0xffff_8880_0000_0000n;

/** Lays a structure out, makes the call, and prints what came back, as the recorder does. */
export function runStruct(row: OpRow, step: Step): string {
  const { memory } = step.process;
  const scratch = usesScratch(step) ? new Uint8Array(SCRATCH_FILL).fill(0xee) : new Uint8Array();
  const image = compose(row, step, scratch);
  memory.write(SCRATCH_VA, scratch);
  const where = step.line.keys.get('_ptr') ?? null;
  const argVa = place(image, where, step);
  const result = callFd(step, row.cmd, argVa);
  memory.protect(STRUCT_VA, BigInt(STRUCT_BYTES), prot('rw'));
  const head = result.ok ? '= OK' : `= ${errnoName(result.errno)}`;
  if (where !== null && where !== 'ro') return head;
  return head + printAnswer(row, step, image, result);
}

/** Whether the structure points at the area for arrays and blobs. */
const usesScratch = ({ line: { op, keys } }: Step): boolean =>
  op === 'IOVA_RANGES' || op === 'GET_HW_INFO' || ['data', 'ranges', 'bits'].some((key) => keys.has(key));

/** ioctl(2). What the VFS does before a file's own commands. Linux: fs/ioctl.c do_vfs_ioctl() */
export function callFd(step: Step, cmd: number, argVa: bigint): Result<number> {
  const FIONBIO = 0x5421;
  const { process, machine } = step;
  const open = process.files.get(step.fd());
  const failed = (errno: Errno): Result<number> => ({ ok: false, errno, why: 'refused by the VFS' });
  if (!open) return failed('EBADF');
  if (cmd === FIONBIO) return process.memory.read(argVa, 4).ok ? { ok: true, value: 0 } : failed('EFAULT');
  if (open.kind !== 'kernel' || !open.file.ioctl) return failed('ENOTTY');
  return machine.run(open.file.ioctl(process.caller, cmd, argVa));
}

function compose(row: OpRow, step: Step, scratch: Uint8Array): Uint8Array {
  const { line, registers, value } = step;
  const { keys } = line;
  const image = new Uint8Array(IMAGE_BYTES);
  const field = (name: string): OpField | undefined => row.fields.find((each) => each.name === name);
  const put = (name: string, word: bigint): void => {
    const found = field(name);
    if (found && !keys.has(name)) store(image, found.offset, found.bytes, word);
  };
  if (row.sub !== 0) store(image, 4, 4, BigInt(row.sub));
  for (const { name, offset, bytes, kind } of row.fields) {
    store(image, offset, bytes, value(name, kind === 'id' || kind === 'fd' || kind === 'ox' ? FILL : 0n));
  }
  const data = keys.get('data');
  if (data !== undefined) {
    const blob = registers.blob(data);
    scratch.set(blob);
    put('dptr', SCRATCH_VA);
    put('dlen', BigInt(blob.length));
    const entry = Number(value('elen'));
    if (field('elen')) put('num', BigInt(entry ? Math.floor(blob.length / entry) : 0));
  }
  const ranges = keys.get('ranges');
  if (ranges !== undefined) {
    const blob = registers.ranges(ranges);
    scratch.set(blob);
    put('num', BigInt(blob.length / 16));
    put('ptr', SCRATCH_VA);
  }
  const bits = keys.get('bits');
  if (bits !== undefined) {
    scratch.fill(0, 0, 0x2000);
    scratch.set(bitmap(bits));
    put('ptr', SCRATCH_VA);
  }
  if (line.op === 'IOVA_RANGES') {
    put('ptr', SCRATCH_VA);
    put('num', 32n);
  }
  if (line.op === 'GET_HW_INFO' && value('dlen') !== 0n) put('dptr', SCRATCH_VA);
  // VFIO's structures call their size argsz.
  if (row.fields[0]?.offset !== 0 || !keys.has(row.fields[0].name))
    store(image, 0, 4, value('_size', BigInt(row.bytes)));
  for (const poke of keys.get('_poke')?.split(',') ?? []) {
    const [offset = '0', byte = '0'] = poke.split(':');
    image[Number(registers.evaluate(offset))] = Number(BigInt.asUintN(8, registers.evaluate(byte)));
  }
  return image;
}

/** The user pointer. */
function place(image: Uint8Array, where: string | null, { process, value }: Step): bigint {
  const { memory } = process;
  memory.write(STRUCT_VA, new Uint8Array(STRUCT_BYTES));
  if (where === null || where === 'ro') {
    memory.write(STRUCT_VA, image);
    if (where === 'ro') memory.protect(STRUCT_VA, BigInt(STRUCT_BYTES), prot('r'));
    return STRUCT_VA;
  }
  if (where === 'null') return 0n;
  if (where === 'kernel') return KERNEL_VA;
  if (where !== 'edge') return BAD_VA;
  const fit = value('_fit', 4n);
  const argVa = STRUCT_VA + BigInt(STRUCT_BYTES) - fit;
  memory.write(argVa, image.slice(0, Number(fit)));
  return argVa;
}

function printAnswer(row: OpRow, step: Step, before: Uint8Array, result: Result<number>): string {
  const { line, registers, process } = step;
  const read = process.memory.read(STRUCT_VA, IMAGE_BYTES);
  if (!read.ok) return ' ?';
  const after = read.value;
  let text = '';
  if (result.ok && line.op === 'T_DMABUF') {
    text += ` fd=${process.files.print(result.value)}`;
    registers.set(line.label, 'fd', BigInt(result.value));
    registers.set(line.label, null, BigInt(result.value));
  } else if (result.ok && result.value > 0) text += ` ret=${result.value}`;
  for (const field of row.fields) text += printField(field, step, before, after, result.ok, row.primary);
  return text + printStray(row, before, after) + printMore(step, before, after, result);
}

function printField(
  field: OpField,
  { line, registers, process }: Step,
  before: Uint8Array,
  after: Uint8Array,
  succeeded: boolean,
  primary: string | null,
): string {
  const { name, offset, bytes, kind } = field;
  const was = load(before, offset, bytes);
  const is = load(after, offset, bytes);
  const out = kind !== 'in';
  if (succeeded && out) {
    const word = kind === 'fd' ? BigInt.asIntN(32, is) : is;
    registers.set(line.label, kind === 'fd' ? 'fd' : name, word);
    if (name === primary) registers.set(line.label, null, word);
  }
  if (was === is && !(succeeded && out)) return '';
  if (was === is && (kind === 'id' || kind === 'fd' || kind === 'ox')) {
    // The recorder leaves registers of what was not written as they were.
    return ` ${name}=unset`;
  }
  const mark = succeeded && out ? '' : '!';
  if (kind === 'fd') return ` ${name}=${process.files.print(Number(BigInt.asIntN(32, is)))}${mark}`;
  const hex = kind === 'iox' || kind === 'ox' || (kind === 'in' && bytes === 8);
  return ` ${name}=${hex ? `0x${is.toString(16)}` : is}${mark}`;
}

/** Bytes outside every field must not change. */
function printStray(row: OpRow, before: Uint8Array, after: Uint8Array): string {
  const words = (bytes: Uint8Array): BigUint64Array => new BigUint64Array(bytes.slice().buffer);
  const [was, is] = [words(before), words(after)];
  if (was.every((word, at) => word === is[at])) return '';
  for (let at = 0; at < before.length; at++) {
    if (before[at] === after[at]) continue;
    if (row.fields.some(({ offset, bytes }) => at >= offset && at < offset + bytes)) continue;
    return ` byte${at}=${hexBytes(after.subarray(at, at + 1))}!`;
  }
  return '';
}

function printMore(step: Step, before: Uint8Array, after: Uint8Array, result: Result<number>): string {
  const { line, registers, process } = step;
  const scratch = (bytes: number): Uint8Array => {
    const read = process.memory.read(SCRATCH_VA, bytes);
    return read.ok ? read.value : new Uint8Array(bytes);
  };
  const bytesAt = (va: bigint, bytes: number): Uint8Array | null => {
    const read = process.memory.read(va, bytes);
    return read.ok ? read.value : null;
  };
  const given = (offset: number, bytes: number): bigint => load(before, offset, bytes);
  const isBuffer = (va: bigint): boolean => va >= BUFFER_VA && va < BUFFER_VA + BigInt(BUFFERS) * BUFFER_SLOT;
  switch (line.op) {
    case 'IOVA_RANGES':
      if (given(16, 8) !== SCRATCH_VA || (!result.ok && result.errno !== 'EMSGSIZE')) return '';
      return printRanges(step, scratch(256 * 16));
    case 'GET_HW_INFO': {
      const length = Number(given(12, 4));
      if (given(16, 8) !== SCRATCH_VA || length === 0 || scratch(64).every((byte) => byte === 0xee))
        return '';
      return ` data=${hexBytes(scratch(Math.min(length, 24)))}`;
    }
    case 'VIOMMU_ALLOC': {
      const blob = line.keys.get('data');
      if (blob === undefined || !result.ok || given(32, 8) !== SCRATCH_VA) return '';
      const length = registers.blob(blob).length;
      if (length === 0) return '';
      if (length >= 24) {
        registers.set(line.label, 'off', load(scratch(24), 8, 8));
        registers.set(line.label, 'mlen', load(scratch(24), 16, 8));
      }
      return ` data=${hexBytes(scratch(Math.min(length, 24)))}`;
    }
    case 'GET_DIRTY': {
      const size = given(32, 8);
      if (!isBuffer(given(40, 8)) || size === 0n || !result.ok) return '';
      const bits = (given(24, 8) + size - 1n) / size;
      return printBits(
        (va) => bytesAt(va, 1)?.[0] ?? null,
        given(40, 8),
        Number(bits > 8192n ? 8192n : bits),
      );
    }
    case 'VFIO_INFO': {
      const room = Number(given(0, 4));
      if (!result.ok || load(after, 16, 4) === 0n || room <= 24) return '';
      const end = Math.min(Number(load(after, 0, 4)), room, 512);
      return ` caps=${hexBytes(after.subarray(24, end))}`;
    }
    case 'T_ACC_RW': {
      if (!result.ok || (given(40, 4) & 1n) !== 0n || given(32, 8) < BUFFER_VA || given(24, 8) === 0n)
        return '';
      const read = bytesAt(given(32, 8), Number(given(24, 8)));
      return ` fnv=${read ? fnv(read) : 'unreadable'}`;
    }
    default:
      return '';
  }
}

function printRanges({ line, registers }: Step, array: Uint8Array): string {
  const ranges: string[] = [];
  for (let index = 0; index < 256; index++) {
    const [start, last] = [load(array, index * 16, 8), load(array, index * 16 + 8, 8)];
    if (start === FILL && last === FILL) break;
    ranges.push(`0x${start.toString(16)}:0x${last.toString(16)}`);
    if (index > 3) continue;
    registers.set(line.label, `r${index}a`, start);
    registers.set(line.label, `r${index}b`, last);
  }
  return ` ranges=${ranges.join(',')}`;
}

/** Runs of set bits; `!` where the bitmap cannot be read. */
function printBits(byteAt: (va: bigint) => number | null, va: bigint, bits: number): string {
  const runs: string[] = [];
  let run = 0;
  for (let bit = 0; bit <= bits; bit++) {
    const byte = bit < bits ? byteAt(va + BigInt(bit >> 3)) : 0;
    if (byte === null) return ` bits=${runs.join(',')}!`;
    if ((byte & (1 << (bit & 7))) !== 0) {
      run++;
      continue;
    }
    if (run > 0) runs.push(run > 1 ? `${bit - run}-${bit - 1}` : `${bit - run}`);
    run = 0;
  }
  return ` bits=${runs.length > 0 ? runs.join(',') : 'none'}`;
}

import { U64_MAX } from '../../../lib/u64';
import { ERRNO, type Result } from '../../kernel/errno';
import { ioctl } from '../call';
import type { Capability, Caller } from '../caller';
import { RecordedMachine } from './recorded-machine';
import { OPS, SCRATCH_VA, STRUCT_PAGES, STRUCT_VA, type OpRow } from './recorded-ops';

/** Operations that change nothing this engine has: their recorded results are believed. */
const BELIEVED = new Set(
  'FILL GET_HW_INFO GET_DIRTY SET_DIRTY T_DIRTY T_IOPF T_VEVENT T_CHECK_IOTLB T_CHECK_CACHE STATUS HASH DUMP POLL INVALIDATE VFIO_API T_LIMIT T_PASID_CHECK'.split(
    ' ',
  ),
);

interface Line {
  readonly op: string;
  readonly label: string | null;
  readonly words: readonly string[];
  readonly keys: ReadonlyMap<string, string>;
}

/**
 * Runs a recorded script against the engine and compares line by line, until the script does something that the engine
 * lacks.
 */
export class Replay {
  compared = 0;
  private readonly machine = new RecordedMachine();
  private readonly registers = new Map<string, bigint>();
  private readonly buffers = new Map<string, bigint>();
  private readonly capabilities = new Set<Capability>(['CAP_SYS_RESOURCE', 'CAP_IPC_LOCK']);

  /** The first difference, or null. */
  run(text: string): string | null {
    const lines = text.split('\n');
    for (let at = 0; at < lines.length; at++) {
      const source = lines[at] ?? '';
      if (source === '' || source.startsWith('#') || source.startsWith('=')) continue;
      const expected = lines[at + 1] ?? '';
      const line = parseLine(source);
      if (!line) break;
      if (!BELIEVED.has(line.op)) {
        const actual = this.step(line);
        // What failed on the real kernel changed nothing: it can be passed over.
        if (actual === null && expected.startsWith('= OK')) break;
        if (actual === null) continue;
        this.compared++;
        if (actual !== expected)
          return `line ${at + 1}: ${source}\n  expected ${expected}\n  actual   ${actual}`;
      }
      this.remember(line, expected);
    }
    return this.machine.close();
  }

  /** The result line, or null where the engine has nothing to say. */
  private step(line: Line): string | null {
    if (line.op.startsWith('T_'))
      return [...line.keys.keys()].some((key) => key.startsWith('_')) ? null : this.test(line);
    switch (line.op) {
      case 'BUF':
        return this.buffer(line);
      case 'UNBUF':
        this.machine.unmap(this.value(line, 'va'), this.value(line, 'len'));
        return '= OK';
      case 'PROT':
        this.machine.protect(this.value(line, 'va'), this.value(line, 'len'), line.keys.get('prot') ?? '');
        return '= OK';
      case 'CAP':
        return this.capability(line);
    }
    const row = OPS.get(line.op);
    return row ? this.ioctl(line, row) : null;
  }

  private buffer(line: Line): string {
    const [name = '', size = '0', kind = 'anon'] = line.words;
    const at = BigInt(line.keys.get('at') ?? 0);
    const va = 0x10_0000_0000n + (BigInt(this.buffers.size) << 30n) + at;
    this.buffers.set(name, va);
    this.machine.map(va, BigInt(size), kind);
    return '= OK';
  }

  private capability(line: Line): string {
    const [verb, name] = line.words;
    const capability: Capability = name === 'sys_resource' ? 'CAP_SYS_RESOURCE' : 'CAP_IPC_LOCK';
    if (verb === 'drop') this.capabilities.delete(capability);
    else this.capabilities.add(capability);
    return '= OK';
  }

  private test(line: Line): string | null {
    const value = (key: string): bigint => this.value(line, key);
    const { machine } = this;
    switch (line.op) {
      case 'T_MOCK':
        return machine.mockDevice(value('pt'), 0n);
      case 'T_MOCK_FLAGS':
        return machine.mockDevice(value('pt'), value('flags'));
      case 'T_REPLACE':
        return machine.replace(value('stdev'), value('pt'));
      case 'T_RESERVED':
        return machine.reserve(value('ioas'), value('start'), value('len'));
      case 'T_CHECK_MAP':
        return machine.checkMap(value('hwpt'), value('iova'), value('len'), value('va'));
      case 'T_CHECK_REFS':
        return machine.checkRefs(value('len'), value('va'), value('refs'));
      default:
        return null;
    }
  }

  private ioctl(line: Line, row: OpRow): string | null {
    const { memory } = this.machine;
    const bytes = new Uint8Array(256);
    const view = new DataView(bytes.buffer);
    const put = (name: string, value: bigint): void => {
      const field = row.fields.find((each) => each.name === name);
      if (field) store(view, field.offset, field.bytes, value);
    };
    for (const field of row.fields) put(field.name, this.value(line, field.name));
    const scratch = new Uint8Array(0x2000).fill(0xee);
    const blob = line.keys.get('data');
    if (blob !== undefined) {
      const target = this.machine.ctx.objects.peek(Number(BigInt.asUintN(32, this.value(line, 'pt'))));
      if (target?.kind !== 'ioas') return null;
      const data = this.blob(blob);
      scratch.set(data);
      if (!line.keys.has('dptr')) put('dptr', SCRATCH_VA);
      if (!line.keys.has('dlen')) put('dlen', BigInt(data.length));
    }
    const ranges = line.keys.get('ranges')?.split(',') ?? [];
    ranges.forEach((range, index) => {
      const [start = '0', last = '0'] = range.split(':');
      const at = new DataView(scratch.buffer);
      at.setBigUint64(index * 16, this.evaluate(start), true);
      at.setBigUint64(index * 16 + 8, this.evaluate(last), true);
    });
    if (line.op === 'ALLOW_IOVAS' && ranges.length > 0) {
      if (!line.keys.has('num')) put('num', BigInt(ranges.length));
      if (!line.keys.has('ptr')) put('ptr', SCRATCH_VA);
    }
    if (line.op === 'IOVA_RANGES') {
      if (!line.keys.has('ptr')) put('ptr', SCRATCH_VA);
      if (!line.keys.has('num')) put('num', 32n);
    }
    view.setUint32(0, Number(BigInt.asUintN(32, this.value(line, '_size', BigInt(row.bytes)))), true);
    for (const poke of line.keys.get('_poke')?.split(',') ?? []) {
      const [offset = '0', value = '0'] = poke.split(':');
      bytes[Number(offset)] = Number(this.evaluate(value));
    }
    const where = line.keys.get('_ptr') ?? '';
    const fit = Number(this.value(line, '_fit', 4n));
    memory.map(STRUCT_VA, STRUCT_PAGES, (index) => 1 + index);
    memory.write(SCRATCH_VA, scratch);
    const argVa = {
      '': STRUCT_VA,
      ro: STRUCT_VA,
      edge: STRUCT_VA + BigInt(STRUCT_PAGES * 4096 - fit),
      null: 0n,
      kernel: 0xffff_8880_0000_0000n,
    }[where];
    memory.write(STRUCT_VA, new Uint8Array(STRUCT_PAGES * 4096));
    if (argVa !== undefined && argVa >= STRUCT_VA && argVa < SCRATCH_VA) {
      memory.write(argVa, where === 'edge' ? bytes.slice(0, fit) : bytes);
    }
    if (where === 'ro') memory.map(STRUCT_VA, STRUCT_PAGES, (index) => 1 + index, false);
    const caller: Caller = { mm: memory, bytes: memory, capable: (each) => this.capabilities.has(each) };
    const result = this.machine.run(ioctl(this.machine.ctx, row.cmd, caller, argVa ?? 0xd_0000_0000n));
    if (where !== '' && where !== 'ro') return status(result);
    return `${status(result)}${this.printFields(row, bytes, result.ok)}${this.printRanges(line, bytes, result)}`;
  }

  /** As the recorder prints: every output after success, whatever else changed with a `!`. */
  private printFields(row: OpRow, before: Uint8Array, ok: boolean): string {
    const after = this.machine.memory.read(STRUCT_VA, before.length);
    if (!after.ok) return '';
    let text = '';
    for (const { name, offset, bytes, kind } of row.fields) {
      const was = load(before, offset, bytes);
      const is = load(after.value, offset, bytes);
      const out = kind !== 'in';
      if (was === is && !(ok && out)) continue;
      if (out && was === is && kind === 'id') text += ` ${name}=unset`;
      else
        text += ` ${name}=${kind === 'hex' || kind === 'in' ? `0x${is.toString(16)}` : is}${ok && out ? '' : '!'}`;
    }
    return text;
  }

  private printRanges(line: Line, before: Uint8Array, result: Result<undefined>): string {
    if (line.op !== 'IOVA_RANGES' || load(before, 16, 8) !== SCRATCH_VA) return '';
    if (!result.ok && result.errno !== 'EMSGSIZE') return '';
    const array = this.machine.memory.read(SCRATCH_VA, 256 * 16);
    const ranges: string[] = [];
    for (let at = 0; array.ok && at < 256 * 16; at += 16) {
      const [start, last] = [load(array.value, at, 8), load(array.value, at + 8, 8)];
      if (start === 0xeeee_eeee_eeee_eeeen && last === start) break;
      ranges.push(`0x${start.toString(16)}:0x${last.toString(16)}`);
    }
    return ` ranges=${ranges.join(',')}`;
  }

  /** Registers take what the real kernel answered. */
  private remember(line: Line, expected: string): void {
    if (!line.label || !expected.startsWith('= OK')) return;
    const primary = OPS.get(line.op)?.primary ?? PRIMARY[line.op];
    for (const word of expected.slice(5).split(' ')) {
      const [name = '', value = ''] = word.split('=');
      if (name === 'ranges') {
        value.split(',').forEach((range, index) => {
          const [start = '0', last = '0'] = range.split(':');
          this.registers
            .set(`${line.label}.r${index}a`, BigInt(start))
            .set(`${line.label}.r${index}b`, BigInt(last));
        });
      }
      if (!/^(0x[0-9a-f]+|\d+)$/.test(value)) continue;
      this.registers.set(`${line.label}.${name}`, BigInt(value));
      if (name === primary) this.registers.set(line.label, BigInt(value));
    }
  }

  /** `1,q:2,h:3,b:4,z:8,f:8`: words of several widths, zeroes, fill bytes. */
  private blob(text: string): Uint8Array {
    const bytes: number[] = [];
    for (const item of text.split(',')) {
      const [, width = 'w', atom = '0'] = /^(?:(\w):)?(.*)$/.exec(item) ?? [];
      const value = this.evaluate(atom);
      if (width === 'z' || width === 'f') {
        bytes.push(...Array.from({ length: Number(value) }, () => (width === 'z' ? 0 : 0xee)));
      } else {
        const count = { q: 8, h: 2, b: 1 }[width] ?? 4;
        for (let at = 0; at < count; at++) bytes.push(Number((value >> BigInt(8 * at)) & 0xffn));
      }
    }
    return Uint8Array.from(bytes);
  }

  private value(line: Line, key: string, otherwise = 0n): bigint {
    const text = line.keys.get(key);
    return text === undefined ? otherwise : this.evaluate(text);
  }

  private evaluate(text: string): bigint {
    let sum = 0n;
    for (const [, sign, atom = ''] of text.matchAll(/([+-]?)([^+-]+)/g)) {
      const value = this.atom(atom);
      sum += sign === '-' ? -value : value;
    }
    return BigInt.asUintN(64, sum);
  }

  private atom(atom: string): bigint {
    if (atom === 'max') return U64_MAX;
    if (atom.startsWith('$')) return this.registers.get(atom.slice(1)) ?? 0n;
    if (atom.startsWith('%')) return this.buffers.get(atom.slice(1)) ?? 0xd_0000_0000n;
    return BigInt(atom);
  }
}

const PRIMARY: Readonly<Record<string, string>> = {
  T_MOCK: 'stdev',
  T_MOCK_FLAGS: 'stdev',
  T_REPLACE: 'pt',
  GET_HW_INFO: 'type',
  T_DIRTY: 'nr',
};

const status = (result: Result<unknown>): string => {
  if (result.ok) return '= OK';
  return `= ${result.errno === 'EDEADLOCK' ? 'EDEADLK' : result.errno in ERRNO ? result.errno : '?'}`;
};

/** Null: something that this replay does not know (another descriptor, a child). */
function parseLine(source: string): Line | null {
  const words = source.split(' ').filter((word) => word !== '');
  const head = /^(?:(\w+)=)?([A-Z_]+)$/.exec(words[0] ?? '');
  if (!head?.[2]) return null;
  const keys = new Map<string, string>();
  const plain: string[] = [];
  for (const word of words.slice(1)) {
    const at = word.indexOf('=');
    if (at < 0) plain.push(word);
    else if (!keys.has(word.slice(0, at))) keys.set(word.slice(0, at), word.slice(at + 1));
  }
  return { op: head[2], label: head[1] ?? null, words: plain, keys };
}

function store(view: DataView, offset: number, bytes: number, value: bigint): void {
  for (let at = 0; at < bytes; at++) view.setUint8(offset + at, Number((value >> BigInt(8 * at)) & 0xffn));
}

function load(from: Uint8Array, offset: number, bytes: number): bigint {
  let value = 0n;
  for (let at = bytes - 1; at >= 0; at--) value = (value << 8n) | BigInt(from[offset + at] ?? 0);
  return value;
}

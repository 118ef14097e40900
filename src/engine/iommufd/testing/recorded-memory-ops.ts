import { ok } from '../../kernel/errno';
import { PageCache } from './recorded-memory';
import type { RecordedMachine } from './recorded-machine';
import { BUFFER_SLOT, BUFFER_VA, BUFFERS } from './recorded-ops';
import { fnv, hexBytes, prot, status, type Operation, type Step } from './recorded-step';

const HUGE_MASK = 0x1f_ffffn;

/** Operations on the recorder's own memory. */
export class MemoryOps {
  readonly table: readonly (readonly [string, Operation])[] = [
    ['BUF', (step) => this.buffer(step)],
    ['UNBUF', (step) => this.unmap(step)],
    ['REBUF', (step) => this.remap(step)],
    ['PROT', (step) => this.protect(step)],
    ['TRUNC', (step) => this.truncate(step)],
    ['FILL', fill],
    ['DUMP', dump],
    ['HASH', hash],
  ];

  constructor(private readonly machine: RecordedMachine) {}

  private buffer({ line, registers, process, value }: Step): string {
    const [name = '', , third = 'anon'] = line.words;
    const kind = third === 'at' ? 'anon' : third;
    const { buffers } = registers;
    if (buffers.size === BUFFERS || buffers.has(name)) return '= BADOP';
    const bytes = registers.evaluate(line.words[1] ?? '0');
    const va = BUFFER_VA + BigInt(buffers.size) * BUFFER_SLOT + value('at');
    const { memory } = process;
    const rights = prot(kind === 'none' ? 'n' : kind === 'ro' || kind === 'memfdro' ? 'r' : 'rw');
    const file = this.backing(name, kind, Number(bytes));
    const index = kind === 'alias' ? () => 0 : undefined;
    memory.map(va, bytes, rights, file, file !== null && kind !== 'memfdpriv', index);
    if (file && (kind.startsWith('memfd') || kind === 'alias')) {
      const fd = process.files.open({ kind: 'memory', source: file }, 0o2000000);
      if (!fd.ok) return status(fd);
      registers.set(name, 'fd', BigInt(fd.value));
    }
    buffers.set(name, va);
    return '= OK';
  }

  /** Null for private anonymous memory. */
  private backing(name: string, kind: string, bytes: number): PageCache | null {
    if (kind === 'anon' || kind === 'ro' || kind === 'none') return null;
    const huge = kind === 'hugetlb' || kind === 'memfdhuge';
    return new PageCache(name, this.machine.frames, kind === 'alias' ? 4096 : bytes, huge);
  }

  private unmap({ value, process }: Step): string {
    const [va, bytes] = [value('va'), value('len', 4096n)];
    if (va % 4096n !== 0n || bytes === 0n || !process.memory.splits(va, bytes)) return '= EINVAL';
    process.memory.unmap(va, bytes);
    return '= OK';
  }

  private remap({ value, process }: Step): string {
    const [va, bytes] = [value('va'), value('len', 4096n)];
    if (va % 4096n !== 0n || bytes === 0n || !process.memory.splits(va, bytes)) return '= EINVAL';
    process.memory.map(va, bytes, prot('rw'));
    return '= OK';
  }

  private protect({ value, process, line }: Step): string {
    const [va, bytes] = [value('va'), value('len', 4096n)];
    if (va % 4096n !== 0n || !process.memory.splits(va, bytes)) return '= EINVAL';
    return status(process.memory.protect(va, bytes, prot(line.keys.get('prot') ?? 'rw')));
  }

  private truncate({ value, process }: Step): string {
    const open = process.files.get(Number(BigInt.asIntN(32, value('file', -1n))));
    if (!open) return '= EBADF';
    if (open.kind !== 'memory' || !(open.source instanceof PageCache)) return '= EINVAL';
    const bytes = value('len');
    if (open.source.huge && (bytes & HUGE_MASK) !== 0n) return '= EINVAL';
    open.source.truncate(Number(bytes));
    process.memory.dropBehind(open.source);
    return '= OK';
  }
}

function fill({ value, process, line }: Step): string {
  const bytes = Number(value('len'));
  const seed = Number(BigInt.asUintN(8, value('seed', 1n)));
  const byte = line.keys.has('byte') ? Number(BigInt.asUintN(8, value('byte'))) : null;
  const data = new Uint8Array(bytes);
  for (let at = 0; at < bytes; at++) data[at] = byte ?? at * 7 + (at >> 8) * 13 + seed;
  return status(process.memory.write(value('va'), data));
}

function dump({ value, process }: Step): string {
  const data = process.memory.read(value('va'), Number(value('len', 16n)));
  return data.ok ? `= OK data=${hexBytes(data.value.subarray(0, 64))}` : status(data);
}

function hash({ value, process }: Step): string {
  const data = process.memory.read(value('va'), Number(value('len', 16n)));
  return data.ok ? `${status(ok(0))} fnv=${fnv(data.value)}` : status(data);
}

import { err, ok, type Result } from '../../kernel/errno';
import { POLLIN, POLLOUT, POLLRDNORM, POLLWRNORM, type KernelFile } from '../../kernel/file';
import type { Capability } from '../../kernel/caller';
import { SCRATCH_VA, STRUCT_BYTES, STRUCT_VA } from './recorded-ops';
import type { OpenDescription } from './recorded-process';
import type { Replay } from './recorded-replay';
import { errnoName, hexBytes, prot, status, type Operation, type Step } from './recorded-step';
import { load } from './recorded-script';
import { callFd } from './recorded-struct';

const POLL_BITS: readonly (readonly [number, string])[] = [
  [POLLIN, 'IN'],
  [0x2, 'PRI'],
  [POLLOUT, 'OUT'],
  [0x8, 'ERR'],
  [0x10, 'HUP'],
  [0x20, 'NVAL'],
  [POLLRDNORM, 'RDNORM'],
  [0x80, 'RDBAND'],
  [POLLWRNORM, 'WRNORM'],
  [0x200, 'WRBAND'],
];
/** Of files that cannot be polled. Linux: DEFAULT_POLLMASK */
const ALWAYS = POLLIN | POLLOUT | POLLRDNORM | POLLWRNORM;
const POLLNVAL = 0x20;

const CAPABILITIES: Readonly<Record<string, Capability>> = {
  ipc_lock: 'CAP_IPC_LOCK',
  sys_resource: 'CAP_SYS_RESOURCE',
  sys_admin: 'CAP_SYS_ADMIN',
  sys_rawio: 'CAP_SYS_RAWIO',
};

const VFIO: Readonly<Record<string, number>> = { VFIO_API: 0x3b64, VFIO_CHECK: 0x3b65, VFIO_SET: 0x3b66 };
const HARD_NOFILE = 4096;
const NO_LIMIT = 2n ** 64n - 1n;

/** Operations on descriptors, and on the process itself. */
export class FileOps {
  readonly table: readonly (readonly [string, Operation])[] = [
    ['OPEN', (step) => this.open(step)],
    ['CLOSE', (step) => this.close(step)],
    ['DUP', duplicate],
    ['READ', readOp],
    ['WRITE', writeOp],
    ['DRAIN', drain],
    ['POLL', poll],
    ['IOCTL', rawIoctl],
    ['MMAP', map],
    ['MUNMAP', unmap],
    ['PEEK', peek],
    ['CAP', capability],
    ['RLIMIT', limit],
    ['STATUS', vmStatus],
    ...Object.keys(VFIO).map((name) => [name, vfio] as const),
  ];

  constructor(private readonly replay: Replay) {}

  private open({ process, registers, line }: Step): string {
    const fd = this.replay.openNode(process);
    if (fd < 0) return '= EMFILE';
    registers.set(line.label, 'fd', BigInt(fd));
    registers.set(line.label, null, BigInt(fd));
    return '= OK';
  }

  private close(step: Step): string {
    const fd = step.fd();
    const closed = step.machine.run(step.process.files.close(fd));
    if (!step.line.child) this.replay.forgetOwn(fd);
    return status(closed);
  }
}

function duplicate(step: Step): string {
  const { files } = step.process;
  const description: OpenDescription | null = files.describe(step.fd());
  if (!description) return '= EBADF';
  const fd = files.reserve(0);
  if (!fd.ok) return status(fd);
  files.put(fd.value, description);
  step.registers.set(step.line.label, 'fd', BigInt(fd.value));
  step.registers.set(step.line.label, null, BigInt(fd.value));
  return '= OK';
}

/** read(2), pread(2). Linux: fs/read_write.c vfs_read(); what has no place cannot be read at one */
function transfer(
  step: Step,
  fd: number,
  what: 'read' | 'write',
  va: bigint,
  count: bigint,
  offset: bigint | null,
): Result<number> {
  const open = step.process.files.get(fd);
  if (!open) return err('EBADF', 'not open');
  const file: KernelFile | null = open.kind === 'kernel' ? open.file : null;
  if (offset !== null && BigInt.asIntN(64, offset) < 0n) return err('EINVAL', 'before the beginning');
  const call = file?.[what];
  if (offset !== null && call) return err('ESPIPE', 'cannot be read at a place');
  if (!file || !call) return err('EINVAL', `cannot ${what}`);
  if (BigInt.asIntN(64, count) < 0n || va + count > 0x7fff_ffff_f000n) return err('EFAULT', 'too long');
  const bytes = count > 0x7fff_f000n ? 0x7fff_f000 : Number(count);
  return step.machine.run(call.call(file, step.process.caller, va, bytes, offset));
}

function readOp(step: Step): string {
  const { process, value, registers, line } = step;
  const va = value('ptr', SCRATCH_VA);
  process.memory.write(SCRATCH_VA, new Uint8Array(0x10000).fill(0xee));
  const offset = line.keys.has('off') ? value('off') : null;
  const got = transfer(step, step.fd(), 'read', va, value('n', 4096n), offset);
  if (!got.ok) return `= ${errnoName(got.errno)}`;
  const text = `= OK n=${got.value}`;
  if (va !== SCRATCH_VA) return text;
  const read = process.memory.read(SCRATCH_VA, Math.max(400, got.value));
  const bytes = read.ok ? read.value : new Uint8Array(400);
  const words: string[] = [];
  for (let at = 0; at + 4 <= got.value && at < 400; at += 4) words.push(load(bytes, at, 4).toString(16));
  for (const [nr, at] of [36, 76, 116].entries()) {
    if (got.value < at + 4) continue;
    registers.set(line.label, `c${nr}`, load(bytes, at, 4));
    if (nr === 0) registers.set(line.label, null, load(bytes, at, 4));
  }
  return `${text} w=${got.value === 0 ? '-' : words.join(',')}`;
}

function writeOp(step: Step): string {
  const { process, value, registers, line } = step;
  const blob = registers.blobOf(line.keys.get('data'));
  process.memory.write(SCRATCH_VA, blob);
  const count = value('n', BigInt(blob.length));
  const sent = transfer(step, step.fd(), 'write', value('ptr', SCRATCH_VA), count, null);
  return sent.ok ? `= OK n=${sent.value}` : `= ${errnoName(sent.errno)}`;
}

/** Reads all faults, then answers every cookie from 0 to 255. */
function drain(step: Step): string {
  const fd = step.fd();
  let faults = 0;
  while (faults < 1000) {
    const got = transfer(step, fd, 'read', SCRATCH_VA, 4000n, null);
    if (!got.ok || got.value <= 0) break;
    faults += Math.floor(got.value / 40);
  }
  let answered = 0;
  for (let cookie = 0; cookie < 256; cookie++) {
    const words = new Uint8Array(new Uint32Array([cookie, Number(step.value('code'))]).buffer);
    step.process.memory.write(SCRATCH_VA, words);
    const sent = transfer(step, fd, 'write', SCRATCH_VA, 8n, null);
    if (sent.ok && sent.value === 8) answered++;
  }
  return `= OK read=${faults} answered=${answered}`;
}

function poll(step: Step): string {
  const fd = step.fd();
  const open = step.process.files.get(fd);
  const file = open?.kind === 'kernel' ? open.file : null;
  const events = fd < 0 ? 0 : open ? (file?.poll?.() ?? ALWAYS) : POLLNVAL;
  const names = POLL_BITS.filter(([bit]) => (events & bit) !== 0).map(([, name]) => name);
  return `= OK ev=${names.length > 0 ? names.join('|') : '0'}`;
}

function rawIoctl(step: Step): string {
  const { process, value, registers, line } = step;
  const before = new Uint8Array(STRUCT_BYTES);
  before.set(registers.blobOf(line.keys.get('data')).subarray(0, 4096));
  process.memory.write(STRUCT_VA, before);
  const own = !line.keys.has('arg');
  const cmd = Number(BigInt.asUintN(32, value('cmd')));
  const result = callFd(step, cmd, own ? STRUCT_VA : value('arg'));
  const after = process.memory.read(STRUCT_VA, 4096);
  const changed = own && after.ok && after.value.some((byte, at) => byte !== before[at]);
  const length = Math.min(64, registers.blobOf(line.keys.get('data')).length);
  const data = changed ? ` data=${hexBytes(after.value.subarray(0, length))}` : '';
  return (result.ok ? `= OK ret=${result.value}` : `= ${errnoName(result.errno)}`) + data;
}

function vfio(step: Step): string {
  const result = callFd(step, VFIO[step.line.op] ?? 0, step.value('arg'));
  return result.ok ? `= OK ret=${result.value}` : status(result);
}

/** Linux: mmap(2), mm/mmap.c do_mmap() */
function map(step: Step): string {
  const { process, value, line, registers } = step;
  const offset = value('off');
  const length = (value('len', 4096n) + 4095n) & ~4095n;
  if (offset % 4096n !== 0n) return '= EINVAL';
  const open = process.files.get(step.fd());
  if (!open) return '= EBADF';
  if (length === 0n) return '= EINVAL';
  if (open.kind !== 'kernel' || !open.file.mmap) return '= ENODEV';
  const { read, write, exec } = prot(line.keys.get('prot') ?? 'rw');
  const region = open.file.mmap({
    length,
    offset,
    shared: value('private') === 0n,
    writable: write,
    executable: exec,
  });
  if (!region.ok) return status(region);
  // On x86 what can be written or executed can be read.
  const va = process.mappings.map(region.value, length, read || write || exec);
  registers.set(line.label, null, va);
  registers.set(line.label, 'len', value('len', 4096n));
  return '= OK';
}

function unmap({ machine, process, value }: Step): string {
  const [va, length] = [value('map'), value('len', 4096n)];
  if (va % 4096n !== 0n || length === 0n) return '= EINVAL';
  machine.run(process.mappings.unmap(va, va + ((length + 4095n) & ~4095n)));
  return '= OK';
}

function peek({ process, value }: Step): string {
  const word = process.mappings.peek(value('map') + value('off'));
  return word === null ? '= SIGNAL' : `= OK w=${word.toString(16)}`;
}

function capability({ process, line }: Step): string {
  const [verb, name = ''] = line.words;
  const wanted = CAPABILITIES[name];
  if (!wanted) return '= BADOP';
  if (verb === 'drop') process.capabilities.delete(wanted);
  else process.capabilities.add(wanted);
  return '= OK';
}

function limit({ process, line, registers }: Step): string {
  const [which, text = '0'] = line.words;
  if (which === 'memlock') {
    process.memlock = text === 'reset' ? NO_LIMIT : registers.evaluate(text);
  } else {
    const { files } = process;
    files.limit = text === 'reset' ? HARD_NOFILE : files.lowestFree() + Number(registers.evaluate(text));
  }
  return '= OK';
}

function vmStatus({ process }: Step): string {
  const { pinnedVm, lockedVm } = process.memory;
  return `${status(ok(0))} VmPin=${pinnedVm * 4} VmLck=${lockedVm * 4}`;
}

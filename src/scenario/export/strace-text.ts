import type { IoctlEvent } from '../../engine/trace/event';
import { layoutOf } from '../../engine/uapi/layouts';
import { strace } from '../../engine/uapi/strace';
import type { Errno } from '../../engine/kernel/errno';
import { strerror } from '../../engine/uapi/strerror';
import { decode } from '../../engine/uapi/struct';
import { hex } from '../../lib/u64';
import { parseNumber } from '../literal';
import type { Statement } from '../script';
import { Descriptors } from './descriptors';
import type { Recording, RunLine } from './recording';
import { optionOf, sizeOf, wordsOf } from './words-of';

/**
 * The scene as `strace -e trace=openat,ioctl,mmap,munmap,close,memfd_create,ftruncate` would print a program that makes its
 * calls. What no program does leaves no line. Nodes of devices are numbered in the order in which they are first opened.
 */
export function straceText(recording: Recording): string {
  const writer = new Writer(recording);
  for (const line of recording.lines) writer.line(line);
  return writer.text.map((line) => `${line}\n`).join('');
}

class Writer {
  readonly text: string[] = [];
  private readonly files = new Descriptors();
  private readonly addresses: ReadonlyMap<string, bigint>;
  private readonly nodes = new Map<string, number>();
  private readonly begun = new Map<string, Statement>();
  /** Files of a context: they close with it. */
  private readonly closing = new Map<string, string>();
  private readonly several: boolean;

  constructor(recording: Recording) {
    this.addresses = addressesOf(recording);
    this.several = processesOf(recording).size > 1;
  }

  line(run: RunLine): void {
    const { statement } = run.line;
    if (statement === null || run.result === null) return;
    if (statement.begun !== undefined && statement.name !== null)
      this.begun.set(statement.name, statement.begun);
    const task = ['finish', 'step'].includes(statement.verb) ? wordsOf(statement)[0] : undefined;
    const own = (task === undefined ? undefined : this.begun.get(task)) ?? statement.begun ?? statement;
    if (run.calls.length > 0) for (const event of run.calls) this.call(event, own);
    else this.other(run, own);
  }

  private say(process: string, text: string): void {
    this.text.push(this.several ? `[pid ${this.files.pid(process)}] ${text}` : text);
  }

  private call(event: IoctlEvent, statement: Statement): void {
    const first = wordsOf(statement)[0] ?? '';
    if (statement.verb === 'BIND') this.openDevice(event, statement);
    const file = this.fileOf(event, statement);
    const { process, fd } = this.files.get(file) ?? { process: 'qemu', fd: -1 };
    this.say(process, strace(event, String(fd)));
    if (event.returned < 0) {
      if (statement.verb === 'BIND') this.close(file);
      return;
    }
    if (event.name === 'VFIO_DEVICE_BIND_IOMMUFD')
      this.closing.set(file, wordsOf(statement)[statement.verb === 'BIND' ? 0 : 1] ?? '');
    if (event.name === 'VFIO_GROUP_GET_DEVICE_FD')
      this.files.open(process, statement.name ?? event.file, event.returned, wordsOf(statement)[1]);
    const layout = layoutOf(event.name, event.cmd, event.after);
    for (const { name } of layout?.fields ?? []) {
      if (!/^out_\w+_fd$/.test(name) || layout === null) continue;
      const made = statement.name ?? `${name} ${this.text.length}`;
      this.files.open(process, made, Number(decode(layout, event.after)[name] ?? -1));
      this.closing.set(made, first);
    }
  }

  /** The name in the table of open files of what a call was made on. */
  private fileOf(event: IoctlEvent, statement: Statement): string {
    const first = wordsOf(statement)[0] ?? '';
    if (event.file.startsWith('ctx:')) return this.files.byLabel(event.file) ?? first;
    if (statement.verb === 'BIND') return statement.name ?? event.file;
    return this.files.get(first) !== null ? first : (this.files.byLabel(event.file) ?? first);
  }

  /** sysfs tells the number of a device's node. */
  private openDevice(event: IoctlEvent, statement: Statement): void {
    const name = event.file.replace(/^dev:/, '');
    const bus = /^[0-9a-f]{4,}:[0-9a-f]{2}:/.test(name) ? 'pci' : 'platform';
    const { process } = this.files.get(wordsOf(statement)[0] ?? '') ?? { process: 'qemu' };
    const node = this.nodes.get(name) ?? this.nodes.size;
    this.nodes.set(name, node);
    const fd = this.files.free(process);
    this.say(
      process,
      `openat(AT_FDCWD, "/sys/bus/${bus}/devices/${name}/vfio-dev", O_RDONLY|O_NONBLOCK|O_CLOEXEC|O_DIRECTORY) = ${fd}`,
    );
    this.say(process, `close(${fd}) = 0`);
    this.opened(
      process,
      `/dev/vfio/devices/vfio${node}`,
      this.files.open(process, statement.name ?? event.file, null, event.file),
    );
  }

  private opened(process: string, path: string, answer: number | Errno): void {
    this.say(process, `openat(AT_FDCWD, "${path}", O_RDWR|O_CLOEXEC) = ${answered(answer)}`);
  }

  private other({ result }: RunLine, statement: Statement): void {
    const words = wordsOf(statement);
    const [first = ''] = words;
    if (result === null) return;
    switch (statement.verb) {
      case 'open': {
        const process = words[1] ?? 'qemu';
        if (result.errno !== null) return this.opened(process, first, result.errno);
        const context = /^context (\d+)\b/.exec(result.result)?.[1];
        const label = context === undefined ? undefined : `ctx:${context}`;
        return this.opened(process, first, this.files.open(process, statement.name ?? first, null, label));
      }
      case 'mmap':
        return this.memory(first, statement, result.errno);
      case 'memfd_create': {
        const name = statement.name ?? 'memory';
        const fd = this.files.open(first, name, null);
        this.say(first, `memfd_create("${name}", MFD_CLOEXEC) = ${fd}`);
        return this.say(first, `ftruncate(${fd}, ${parseNumber(words[1] ?? '') ?? 0n}) = 0`);
      }
      case 'munmap': {
        const address = this.addresses.get(first);
        const length = this.lengths.get(first);
        if (address !== undefined && length !== undefined && result.status === 'ok')
          this.say(this.owners.get(first) ?? 'qemu', `munmap(${hex(address)}, ${length}) = 0`);
        return;
      }
      case 'close':
      case 'UNBIND':
        if (result.status === 'ok') this.closeAll(first);
        return;
    }
  }

  private readonly lengths = new Map<string, bigint>();
  private readonly owners = new Map<string, string>();

  private memory(process: string, statement: Statement, errno: Errno | null): void {
    const length = parseNumber(wordsOf(statement)[1] ?? '') ?? 0n;
    const name = statement.name ?? '';
    this.lengths.set(name, length);
    this.owners.set(name, process);
    const address = this.addresses.get(name);
    const huge = optionOf(statement, 'pages') !== null && length >= 1n << 21n ? '|MAP_HUGETLB' : '';
    const answer = errno !== null ? answered(errno) : address === undefined ? '?' : hex(address);
    this.say(
      process,
      `mmap(NULL, ${length}, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS${huge}, -1, 0) = ${answer}`,
    );
  }

  /** With a context the script closes its devices, then its queues. */
  private closeAll(name: string): void {
    for (const [file, of] of this.closing) if (of === name && file !== name) this.close(file);
    this.close(name);
  }

  private close(name: string): void {
    this.closing.delete(name);
    const open = this.files.close(name);
    if (open !== null) this.say(open.process, `close(${open.fd}) = 0`);
  }
}

const answered = (answer: number | Errno): string =>
  typeof answer === 'number' ? String(answer) : `-1 ${answer} (${strerror(answer)})`;

/** Where the buffers of the script were, as far as calls tell. */
function addressesOf({ lines }: Recording): ReadonlyMap<string, bigint> {
  const found = new Map<string, bigint>();
  for (const { line, calls } of lines) {
    const statement = line.statement?.begun ?? line.statement;
    const buffer = statement == null ? undefined : wordsOf(statement)[1];
    for (const event of calls) {
      const layout = layoutOf(event.name, event.cmd, event.before);
      if (layout === null || statement == null || buffer === undefined) continue;
      const values = decode(layout, event.before);
      const va = values['user_va'] ?? values['vaddr'];
      if (va !== undefined) found.set(buffer, BigInt(va) - (sizeOf(statement, 'offset') ?? 0n));
    }
  }
  return found;
}

function processesOf({ lines }: Recording): ReadonlySet<string> {
  return new Set(
    lines.flatMap(({ line: { statement } }) => {
      if (statement === null) return [];
      const words = wordsOf(statement);
      if (statement.verb === 'open') return [words[1] ?? 'qemu'];
      return ['mmap', 'memfd_create'].includes(statement.verb) ? [words[0] ?? 'qemu'] : [];
    }),
  );
}

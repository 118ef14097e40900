import { destroyAccess } from '../../iommufd/access';
import type { IommufdCtx } from '../../iommufd/ctx';
import { err, type Result } from '../../kernel/errno';
import type { KernelFile } from '../../kernel/file';
import type { Task } from '../../kernel/task';
import { Memfd } from '../../memory/memfd';
import { closeFile as closeDevice } from '../../vfio/cdev';
import type { VfioFile } from '../../vfio/device-file';
import { openGroup } from '../../vfio/group-file';
import type { Machine } from '../machine';
import type { Outcome } from '../statement';
import { pageSizeOption } from './memory';
import type { ProcessCaller } from '../process-caller';
import { sizeWords } from '../words';
import { bytesOf, hexBytes, ioctlOf } from './calls';
import { count } from './machine';
import {
  contextAt,
  enter,
  found,
  kernelVerb,
  mistake,
  named,
  namedAt,
  objectOf,
  openContext,
  said,
  type Found,
  type VerbContext,
} from './verb';

/** `ctx = open /dev/iommu`, `group = open /dev/vfio/7`, `container = open /dev/vfio/vfio` */
export const open = kernelVerb((context) => {
  const { machine, args } = context;
  const path = args.word(0) ?? '';
  const by = machine.caller(args.word(1) ?? 'qemu');
  if (path === '/dev/iommu') return openIommufd(context, by, path);
  if (path === '/dev/vfio/vfio')
    return machine.options.container === 'iommufd'
      ? openIommufd(context, by, path)
      : given(context, by, machine.vfio.openContainer());
  const group = /^\/dev\/vfio\/(\d+)$/.exec(path)?.[1];
  if (group !== undefined) return openTask(context, by, openGroup(machine.vfio, Number(group)));
  const device = /^\/dev\/vfio\/devices\/vfio(\d+)$/.exec(path)?.[1];
  if (device === undefined)
    return mistake(`${path} is no device file that VFIO or iommufd has`, args.column(0));
  const known = machine.vfio.byIndex(Number(device));
  if (known) return given(context, by, machine.vfio.open(known));
  return err('ENOENT', `there is no ${path}: no vfio driver has such a device`, { rule: 'vfs' });
});

function openIommufd(
  { machine, args }: VerbContext,
  by: ProcessCaller,
  path: '/dev/iommu' | '/dev/vfio/vfio',
): Outcome {
  const opened = machine.iommufd.openNode(by.mm, path);
  if (!opened.ok) return opened;
  const ctx = opened.value;
  by.files.open({ kind: 'kernel', file: ctx });
  const { name } = args.statement;
  if (name !== null) machine.names.set(name, { kind: 'context', number: ctx.number });
  return said(`context ${ctx.number} of ${ctx.memory.name}`);
}

function* openTask(
  context: VerbContext,
  by: ProcessCaller,
  opening: Task<Result<KernelFile>>,
): Task<Outcome> {
  return given(context, by, yield* opening);
}

function given(context: VerbContext, by: ProcessCaller, opened: Result<KernelFile>): Outcome {
  if (!opened.ok) return opened;
  const file = opened.value;
  by.files.open({ kind: 'kernel', file });
  nameFile(context, by, file);
  return said(file.title);
}

export function nameFile({ machine, args }: VerbContext, by: ProcessCaller, file: KernelFile): void {
  const { name } = args.statement;
  if (name !== null) machine.names.set(name, { kind: 'file', process: by.mm.name, file });
}

/** An open file, by whatever name the script has for it, and the process that has it open. */
export interface Opened {
  readonly file: KernelFile;
  readonly by: ProcessCaller;
}

export function fileAt(context: VerbContext, at: number): Found<Opened> {
  const { args, machine } = context;
  const word = args.word(at) ?? '';
  const column = args.column(at);
  const thing = namedAt(context, at);
  if (!thing.ok) return thing;
  const { value } = thing;
  switch (value.kind) {
    case 'context': {
      const ctx = openContext(context, value.number);
      return ctx.ok ? found({ file: ctx.value, by: machine.caller(ctx.value.memory.name) }) : ctx;
    }
    case 'file': {
      const by = machine.caller(value.process);
      if (by.fdOf(value.file) === null || machine.files.isClosed(value.file))
        return mistake(`${word} is closed`, column);
      enter(context, value.file);
      return found({ file: value.file, by });
    }
    case 'object':
      return fileOfObject(context, at);
    default:
      return mistake(`${word} is no open file`, column);
  }
}

/** What has a descriptor of its own: an event queue, a bound device. */
function fileOfObject(context: VerbContext, at: number): Found<Opened> {
  const { args, machine } = context;
  const word = args.word(at) ?? '';
  const object = objectOf(context, at);
  if (!object.ok) return object;
  const file = object.value.kind === 'device' ? boundFile(machine, object.value.device) : object.value.file;
  if (!file || machine.files.isClosed(file)) return mistake(`${word} is closed`, args.column(at));
  enter(context, file);
  return found({ file, by: machine.caller(object.value.ctx.memory.name) });
}

const boundFile = ({ vfio }: Machine, device: Parameters<Machine['vfio']['of']>[0]): VfioFile | null =>
  vfio.of(device)?.bound ?? null;

/** `close ctx`, `close group`, `close faults` */
export const close = kernelVerb((context) => {
  const thing = namedAt(context, 0);
  if (!thing.ok) return thing;
  if (thing.value.kind === 'context') return closeContext(context);
  if (thing.value.kind === 'memfd') {
    const { process, file } = thing.value;
    const { files } = context.machine.caller(process);
    const fd = files.find((each) => each.kind === 'memory' && each.source === file);
    if (fd === null) return mistake(`${context.args.word(0) ?? ''} is closed`, context.args.column(0));
    files.close(fd);
    file.close();
    return said('closed');
  }
  const opened = fileAt(context, 0);
  return opened.ok ? closeOpened(context, opened.value) : opened;
});

/** Released by the last call on it. */
export function closeOpened({ machine }: VerbContext, { file, by }: Opened): Outcome {
  const { files } = machine;
  files.close(file, () => released(by, file));
  const others = files.callsOn(file) - 1;
  return said(others > 0 ? `closes when ${count(others, 'call')} on it returned` : 'closed');
}

function* released(by: ProcessCaller, file: KernelFile): Task<void> {
  const fd = by.fdOf(file);
  if (fd !== null) by.files.close(fd);
  yield* file.release();
}

/** As a process ends that had nothing else: with the context go its devices and everything that holds it. */
function closeContext(context: VerbContext): Outcome {
  const ctx = contextAt(context, 0);
  if (!ctx.ok) return ctx;
  const { machine } = context;
  const objects = ctx.value.objects.list().length;
  machine.files.close(ctx.value, () => releaseContext(machine, ctx.value));
  const others = machine.files.callsOn(ctx.value) - 1;
  if (others > 0) return said(`closes when ${count(others, 'call')} on it returned`);
  const group = [...machine.vfio.groups.values()].find((each) => each.iommufd === ctx.value);
  return said(group ? `closed; ${group.title} keeps it` : `closed, ${count(objects, 'object')} gone`);
}

function* releaseContext(machine: Machine, ctx: IommufdCtx): Task<void> {
  const by = machine.caller(ctx.memory.name);
  for (const file of machine.vfio.filesOf(ctx)) {
    if (file.group) continue;
    const fd = by.fdOf(file);
    if (fd !== null) by.files.close(fd);
    yield* closeDevice(file);
  }
  for (const [access, driver] of [...machine.mediated]) {
    if (access.ctx !== ctx) continue;
    machine.mediated.delete(access);
    yield* driver.letGo(0n, 2n ** 64n - 1n);
    yield* destroyAccess(access);
  }
  for (const { file } of ctx.objects.list()) if (file) yield* released(by, file);
  yield* released(by, ctx);
}

/** `ioctl ctx 0x3b81 "0c 00 00 00 …"`: any command, by its number and the bytes of its structure. */
export const ioctl = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const opened = fileAt(context, 0);
  if (!opened.ok) return opened;
  const cmd = args.number(1);
  if (cmd === null || cmd >= 1n << 32n) return mistake('a command is a 32-bit number', args.column(1));
  const text = args.text(2);
  const bytes = text === null ? new Uint8Array() : bytesOf(text);
  if (!bytes) return mistake('the structure is bytes in hex, such as "0c 00 00 00"', args.column(2));
  const { caller, scratch } = opened.value.by.withScratch();
  const arg = args.size('arg') ?? (text === null ? 0n : scratch.place(bytes));
  const answered = yield* ioctlOf(opened.value.file, caller, Number(cmd), arg);
  if (!answered.ok) return answered;
  const after = text === null ? null : scratch.read(arg, bytes.length);
  const changed = after?.ok && after.value.some((byte, at) => byte !== bytes[at]);
  return said(`${answered.value}${changed ? `: ${hexBytes(after.value)}` : ''}`);
});

/** `X = memfd_create qemu 2M` */
export const memfdCreate = kernelVerb((context) => {
  const { args, machine } = context;
  const by = machine.caller(args.word(0) ?? 'qemu');
  const length = args.number(1);
  if (length === null || length === 0n || length > 1n << 40n)
    return mistake('the length is a number up to 1T', args.column(1));
  const { name } = args.statement;
  const made = Memfd.create(
    machine.memory,
    `memfd ${name ?? ''}`.trim(),
    Number(length),
    pageSizeOption(args),
  );
  if (!made.ok) return made;
  const fd = by.files.open({ kind: 'memory', source: made.value });
  if (!fd.ok) return fd;
  if (name !== null) machine.names.set(name, { kind: 'memfd', process: by.mm.name, file: made.value });
  return said(`${sizeWords(made.value.bytes)}, ${sizeWords(2 ** made.value.pageSizeLg2)} pages`);
});

/** `munmap buf`: what is pinned of it stays, the addresses mean nothing any more. */
export const munmap = kernelVerb((context) => {
  const buffer = named(context, 0, 'buffer');
  if (!buffer.ok) return buffer;
  const { process, mapping } = buffer.value;
  const gone = context.machine.process(process).munmap(mapping.userVa, mapping.bytes);
  return gone.ok ? said(`${sizeWords(mapping.bytes)} unmapped`) : gone;
});

/** `exit child`: the process is gone; what others have of its memory pinned stays. */
export const exit = kernelVerb((context) => {
  const name = context.args.word(0) ?? '';
  const process = context.machine.processes.get(name);
  if (process?.alive !== true) return mistake(`there is no process ${name}`, context.args.column(0));
  process.exit();
  return said('its memory is gone');
});

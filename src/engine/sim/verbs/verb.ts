import type { Failure } from '../../kernel/errno';
import type { FailNth } from '../../kernel/fail';
import type { Task } from '../../kernel/task';
import type { ProcessMemory } from '../../memory/process-memory';
import type { Device } from '../../iommu/device';
import type { IommuGroup } from '../../iommu/group';
import type { IommufdCtx } from '../../iommufd/ctx';
import type { AnyObject } from '../../iommufd/object';
import type { PciFunctionSpec } from '../../pci/function-spec';
import { boot } from '../boot';
import type { Machine } from '../machine';
import type { Named } from '../names';
import { mistake, said, type Args, type Outcome, type ScriptMistake, type Statement } from '../statement';
import type { Lookup } from '../batch';
import { taskId } from '../tasks';

/** What a verb may touch while it runs. */
export interface VerbContext {
  readonly machine: Machine;
  readonly args: Args;
  /** 1-based line of the script. */
  readonly line: number;
  /** How a `pci` line is read; the language's business, handed in from outside. */
  readonly readPci: PciReader;
  /** DMAs made by this line. */
  readonly lookups: Lookup[];
  /** What the margin says beside the verb's own phrase. */
  readonly notes: string[];
  /** Armed by the line before. */
  readonly fail: FailNth | null;
  /** Files that this call is made on. */
  readonly inUse: Set<object>;
  /** The action that stands inside this one, after `begin`. */
  readonly start: (statement: Statement) => Outcome | Task<Outcome>;
}

export type PciReader = (
  statement: Statement,
) => { readonly ok: true; readonly spec: PciFunctionSpec } | { readonly ok: false; readonly mistake: string };

/** What takes locks is a task; the rest is over at once. */
export type Verb = (context: VerbContext) => Outcome | Task<Outcome>;

export const isTask = (made: Outcome | Task<Outcome>): made is Task<Outcome> => 'next' in made;

/** A verb of the running kernel: boots first where the script did not say so, and keeps open what it is called on. */
export const kernelVerb =
  (verb: Verb): Verb =>
  (context) => {
    if (!context.machine.booted) {
      const booted = boot(context.machine);
      if (!booted.ok) return booted;
    }
    const made = verb(context);
    return isTask(made) || context.inUse.size > 0 ? insideCall(context, made) : made;
  };

function* insideCall(context: VerbContext, made: Outcome | Task<Outcome>): Task<Outcome> {
  try {
    return isTask(made) ? yield* made : made;
  } finally {
    for (const file of context.inUse) yield* context.machine.files.put(file);
  }
}

/** This call is made on a file: closed meanwhile, it stays until the call is over. Linux: fdget() */
export function enter({ machine, inUse }: VerbContext, file: object): void {
  if (inUse.has(file)) return;
  inUse.add(file);
  machine.files.get(file);
}

export type Found<T> = { readonly ok: true; readonly value: T } | ScriptMistake | Failure;
const found = <T>(value: T): Found<T> => ({ ok: true, value });

const KIND_WORDS: Readonly<Record<Named['kind'], string>> = {
  context: 'an iommufd context',
  object: 'an iommufd object',
  buffer: 'a buffer',
  task: 'a task',
  traffic: 'traffic of a device',
  file: 'an open file',
  memfd: 'a memfd',
  domain: 'a domain of a kernel driver',
  bond: 'a bond of a device with a process',
  'dma-address': 'an address of the DMA API',
};

/** The thing that a name of the script stands for. */
export function named<K extends Named['kind']>(
  { machine, args }: VerbContext,
  at: number,
  kind: K,
): Found<Extract<Named, { kind: K }>> {
  if (args.word(at) === null) return mistake(`${KIND_WORDS[kind]} is missing`, args.column(at));
  const thing = namedAt({ machine, args }, at);
  if (!thing.ok) return thing;
  const { value } = thing;
  if (value.kind !== kind)
    return mistake(
      `${args.word(at) ?? ''} is ${KIND_WORDS[value.kind]}, not ${KIND_WORDS[kind]}`,
      args.column(at),
    );
  return found(value as Extract<Named, { kind: K }>);
}

/** Whatever a name of the script stands for. */
export function namedAt({ machine, args }: Pick<VerbContext, 'machine' | 'args'>, at: number): Found<Named> {
  const word = args.word(at) ?? '';
  const thing = machine.names.get(word) ?? taskByWorldId(machine, word) ?? byWorldId(word);
  return thing === null ? mistake(`nothing is named ${word} here`, args.column(at)) : found(thing);
}

/** `ctx:1`, `ioas:1.2` and so on: how the page names what the script did not. */
function byWorldId(word: string): Named | null {
  const context = /^ctx:(\d+)$/.exec(word);
  if (context !== null) return { kind: 'context', number: Number(context[1]) };
  const object =
    /^(?:idev|ioas|hwpt|access|fault|viommu|vdevice|veventq|hwqueue|selftest):(\d+)\.(\d+)$/.exec(word);
  return object && { kind: 'object', context: Number(object[1]), id: Number(object[2]) };
}

/** The world id that a word stands for: a name's, a PCI address's, a process's, or its own; null for no such thing. */
export function worldIdOf(machine: Machine, word: string): string | null {
  const named = machine.names.get(word);
  switch (named?.kind) {
    case 'context':
      return `ctx:${named.number}`;
    case 'object': {
      const object = machine.names.objectOf(word);
      return object?.ctx.objects.list().includes(object) === true ? object.worldId : null;
    }
    case 'task':
      return taskId(named.run);
    case 'traffic':
      return `traffic:${named.name}`;
    case 'buffer':
    case 'file':
    case 'memfd':
    case 'domain':
    case 'bond':
    case 'dma-address':
      return null;
    case undefined:
      break;
  }
  if (machine.platform.has(word)) return `dev:${word}`;
  if (machine.topology.findByName(fullBdf(word))) return `dev:${fullBdf(word)}`;
  if (machine.processes.has(word)) return `mm:${word}`;
  return word.includes(':') ? word : null;
}

function taskByWorldId({ scheduler }: Machine, word: string): Named | null {
  const run = scheduler.tasks.find((each) => taskId(each) === word);
  return run === undefined ? null : { kind: 'task', run };
}

export function contextAt(context: VerbContext, at: number): Found<IommufdCtx> {
  const name = named(context, at, 'context');
  return name.ok ? openContext(context, name.value.number) : name;
}

export function openContext(context: VerbContext, number: number): Found<IommufdCtx> {
  const { machine } = context;
  const ctx = machine.iommufd.contexts.find((each) => each.number === number);
  // What holds its file may keep it when nobody has a descriptor any more.
  const open = ctx !== undefined && machine.caller(ctx.memory.name).fdOf(ctx) !== null;
  if (!open || machine.files.isClosed(ctx)) return mistake(`context ${number} is closed`);
  enter(context, ctx);
  return found(ctx);
}

/** An object's context and id. Whether the id is still good is the kernel's business: it answers ENOENT. */
export function objectAt(
  context: VerbContext,
  at: number,
): Found<{ readonly ctx: IommufdCtx; readonly id: number }> {
  const name = named(context, at, 'object');
  if (!name.ok) return name;
  const ctx = openContext(context, name.value.context);
  return ctx.ok ? found({ ctx: ctx.value, id: name.value.id }) : ctx;
}

/** An object that is there: for what acts on its descriptor, or on the driver that has it. */
export function objectOf(context: VerbContext, at: number): Found<AnyObject> {
  const object = objectAt(context, at);
  if (!object.ok) return object;
  const there = object.value.ctx.objects.peek(object.value.id);
  const { args } = context;
  return there ? found(there) : mistake(`${args.word(at) ?? ''} is not there any more`, args.column(at));
}

/** A second object, which must be of the same context as the first: ids mean nothing elsewhere. */
export function siblingAt(context: VerbContext, at: number, of: IommufdCtx): Found<number> {
  const object = objectAt(context, at);
  if (!object.ok) return object;
  if (object.value.ctx !== of)
    return mistake(`${context.args.word(at) ?? ''} belongs to another context`, context.args.column(at));
  return found(object.value.id);
}

export function pciDeviceAt({ machine, args }: VerbContext, at: number): Found<Device> {
  const word = args.word(at) ?? '';
  const device = machine.core.devices.get(fullBdf(word));
  return device === undefined ? mistake(`there is no PCI function ${word}`, args.column(at)) : found(device);
}

/** A PCI function by its address, or a platform device by its name. */
export function deviceAt(context: VerbContext, at: number): Found<Device> {
  const { machine, args } = context;
  const word = args.word(at) ?? '';
  const device = machine.platform.has(word) ? machine.core.devices.get(word) : undefined;
  if (device !== undefined) return found(device);
  return word.includes(':')
    ? pciDeviceAt(context, at)
    : mistake(`there is no device ${word}`, args.column(at));
}

/** A group by its number, or by its id. */
export function groupAt({ machine, args }: VerbContext, at: number): Found<IommuGroup> {
  const word = args.word(at) ?? '';
  const group = machine.core.groups.get(Number(word.replace(/^group:/, '')));
  return group ? found(group) : mistake(`there is no group ${word}`, args.column(at));
}

/** `01:00.0` is short for segment 0. */
export const fullBdf = (word: string): string =>
  (word.split(':').length === 2 ? `0000:${word}` : word).toLowerCase();

export function processAt({ machine, args }: VerbContext, at: number): ProcessMemory {
  return machine.process(args.word(at) ?? 'qemu');
}

export { found, mistake, said };

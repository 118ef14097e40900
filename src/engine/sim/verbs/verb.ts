import type { Failure } from '../../kernel/errno';
import type { ProcessMemory } from '../../memory/process-memory';
import type { Device } from '../../iommu/device';
import type { IommufdCtx } from '../../iommufd/ctx';
import type { PciFunctionSpec } from '../../pci/function-spec';
import { boot } from '../boot';
import type { Machine } from '../machine';
import type { Named } from '../names';
import { mistake, said, type Args, type Outcome, type ScriptMistake, type Statement } from '../statement';
import type { Lookup } from '../batch';

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
}

export type PciReader = (
  statement: Statement,
) => { readonly ok: true; readonly spec: PciFunctionSpec } | { readonly ok: false; readonly mistake: string };

export type Verb = (context: VerbContext) => Outcome;

/** A verb of the running kernel: boots first where the script did not say so. */
export const kernelVerb =
  (verb: Verb): Verb =>
  (context) => {
    if (!context.machine.booted) {
      const booted = boot(context.machine);
      if (!booted.ok) return booted;
    }
    return verb(context);
  };

export type Found<T> = { readonly ok: true; readonly value: T } | ScriptMistake | Failure;
const found = <T>(value: T): Found<T> => ({ ok: true, value });

const KIND_WORDS: Readonly<Record<Named['kind'], string>> = {
  context: 'an iommufd context',
  object: 'an iommufd object',
  buffer: 'a buffer',
};

/** The thing that a name of the script stands for. */
export function named<K extends Named['kind']>(
  { machine, args }: VerbContext,
  at: number,
  kind: K,
): Found<Extract<Named, { kind: K }>> {
  const word = args.word(at);
  if (word === null) return mistake(`${KIND_WORDS[kind]} is missing`, args.column(at));
  const thing = machine.names.get(word) ?? byWorldId(word);
  if (thing === null) return mistake(`nothing is named ${word} here`, args.column(at));
  if (thing.kind !== kind)
    return mistake(`${word} is ${KIND_WORDS[thing.kind]}, not ${KIND_WORDS[kind]}`, args.column(at));
  return found(thing as Extract<Named, { kind: K }>);
}

/** `ctx:1`, `ioas:1.2` and so on: how the page names what the script did not. */
function byWorldId(word: string): Named | null {
  const context = /^ctx:(\d+)$/.exec(word);
  if (context !== null) return { kind: 'context', number: Number(context[1]) };
  const object = /^(?:idev|ioas|hwpt):(\d+)\.(\d+)$/.exec(word);
  return object && { kind: 'object', context: Number(object[1]), id: Number(object[2]) };
}

export function contextAt(context: VerbContext, at: number): Found<IommufdCtx> {
  const name = named(context, at, 'context');
  return name.ok ? openContext(context.machine, name.value.number) : name;
}

export function openContext(machine: Machine, number: number): Found<IommufdCtx> {
  const ctx = machine.iommufd.contexts.find((each) => each.number === number);
  return ctx === undefined ? mistake(`context ${number} is closed`) : found(ctx);
}

/** An object's context and id. Whether the id is still good is the kernel's business: it answers ENOENT. */
export function objectAt(
  context: VerbContext,
  at: number,
): Found<{ readonly ctx: IommufdCtx; readonly id: number }> {
  const name = named(context, at, 'object');
  if (!name.ok) return name;
  const ctx = openContext(context.machine, name.value.context);
  return ctx.ok ? found({ ctx: ctx.value, id: name.value.id }) : ctx;
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

/** `01:00.0` is short for segment 0. */
export const fullBdf = (word: string): string =>
  (word.split(':').length === 2 ? `0000:${word}` : word).toLowerCase();

export function processAt({ machine, args }: VerbContext, at: number): ProcessMemory {
  return machine.process(args.word(at) ?? 'qemu');
}

export { found, mistake, said };

import * as says from '../words/scenario/script';

/** What a verb is, as data, and the words with which the tables of verbs are written. */

/** What a name stands for, so that the editor can offer the right ones. */
export type NameKind =
  | 'context'
  | 'device'
  | 'ioas'
  | 'hwpt'
  | 'access'
  | 'fault'
  | 'viommu'
  | 'vdevice'
  | 'veventq'
  | 'hw-queue'
  | 'file'
  | 'memfd'
  | 'buffer'
  | 'task'
  | 'traffic'
  | 'domain'
  | 'bond'
  | 'dma-address';

/** How a value is written. */
export type ValueType =
  /** A name given earlier in the script, or a world id such as `hwpt:1.3`. */
  | { readonly kind: 'name'; readonly of: readonly NameKind[] }
  | { readonly kind: 'bdf' }
  /** A PCI address, or the name of a platform device. */
  | { readonly kind: 'any-device' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  /** A word from outside the script: a driver, a process. */
  | { readonly kind: 'word' }
  /** 64-bit, never negative. */
  | { readonly kind: 'number' }
  | { readonly kind: 'coordinate' }
  | { readonly kind: 'range' }
  /** A number, or the name of an address. */
  | { readonly kind: 'address' }
  /** A group by its number, or by its id. */
  | { readonly kind: 'group' }
  /** In quotes. */
  | { readonly kind: 'text' }
  | { readonly kind: 'word-or-text' }
  /** Anything on the canvas: a name, a PCI address, or a world id. */
  | { readonly kind: 'thing' }
  /** A line of its own, without expectation. */
  | { readonly kind: 'action' }
  /** A notation of its own, shown by a sample. */
  | { readonly kind: 'pattern'; readonly pattern: RegExp; readonly sample: string };

export interface ParamSpec {
  readonly name: string;
  readonly type: ValueType;
  readonly help: string;
  readonly need: 'required' | 'optional' | 'repeated';
}

export interface OptionSpec {
  readonly key: string;
  readonly type: ValueType;
  readonly help: string;
  readonly required: boolean;
}

export interface FlagSpec {
  readonly word: string;
  readonly help: string;
}

export interface VerbSpec {
  readonly name: string;
  readonly help: string;
  readonly example: string;
  /** Whether `name =` may stand before it: `must`, because what it makes could not be used otherwise. */
  readonly naming: 'never' | 'may' | 'must';
  readonly makes: NameKind | null;
  readonly params: readonly ParamSpec[];
  readonly options: readonly OptionSpec[];
  readonly flags: readonly FlagSpec[];
  /** Sets of options or flags of which exactly one must be there in full. */
  readonly oneOf: readonly (readonly string[])[];
  /** It may have to wait for others: `! WAITS`. */
  readonly locks: boolean;
  /** `begin` may start it as a task. */
  readonly begins: boolean;
}

export const named = (...of: readonly NameKind[]): ValueType => ({ kind: 'name', of });
export const context: ValueType = { kind: 'name', of: ['context'] };
export const device: ValueType = { kind: 'name', of: ['device'] };
export const ioas: ValueType = { kind: 'name', of: ['ioas'] };
export const buffer: ValueType = { kind: 'name', of: ['buffer'] };
export const task: ValueType = { kind: 'name', of: ['task'] };
export const traffic: ValueType = { kind: 'name', of: ['traffic'] };
export const domain: ValueType = { kind: 'name', of: ['domain'] };
export const bond: ValueType = { kind: 'name', of: ['bond'] };
export const dmaAddress: ValueType = { kind: 'name', of: ['dma-address'] };
export const attachable: ValueType = { kind: 'name', of: ['ioas', 'hwpt'] };
export const bdf: ValueType = { kind: 'bdf' };
export const anyDevice: ValueType = { kind: 'any-device' };
export const word: ValueType = { kind: 'word' };
export const number: ValueType = { kind: 'number' };
export const range: ValueType = { kind: 'range' };
export const group: ValueType = { kind: 'group' };
export const address: ValueType = { kind: 'address' };
export const text: ValueType = { kind: 'text' };
/** A word, a number, or text in quotes. */
export const value: ValueType = { kind: 'word-or-text' };
export const choice = (...values: readonly string[]): ValueType => ({ kind: 'choice', values });
export const pattern = (source: RegExp, sample: string): ValueType => ({
  kind: 'pattern',
  pattern: source,
  sample,
});

export const param = (
  name: string,
  type: ValueType,
  help: string,
  need: ParamSpec['need'] = 'required',
): ParamSpec => ({ name, type, help, need });
export const option = (key: string, type: ValueType, help: string, required = false): OptionSpec => ({
  key,
  type,
  help,
  required,
});
/** Behind what asks for something: whether it came out as expected. */
export const saysAs: readonly ParamSpec[] = [
  param('how', choice('is', 'contains'), says.howItCompares, 'optional'),
  param('text', text, says.whatShouldBeThere, 'optional'),
];
export const needed = (key: string, type: ValueType, help: string): OptionSpec =>
  option(key, type, help, true);
export const flag = (text: string, help: string): FlagSpec => ({ word: text, help });

type Rest = Partial<Omit<VerbSpec, 'name' | 'help' | 'example'>>;

/** Of what takes no lock of the kernel's, or moves tasks and is none. */
export const atOnce = { locks: false, begins: false } as const;

/** A row of the table; what it leaves out is absent. */
export const defineVerb = (name: string, example: string, help: string, rest: Rest = {}): VerbSpec => ({
  name,
  help,
  example,
  naming: 'never',
  makes: null,
  params: [],
  options: [],
  flags: [],
  oneOf: [],
  locks: true,
  begins: true,
  ...rest,
});

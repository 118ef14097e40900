import type { WorldObject } from '../../engine/sim/world';
import type { Given } from '../../scenario/names';
import { EXPECTATIONS } from '../../scenario/parse';
import {
  signature,
  VERBS,
  type NameKind,
  type ParamSpec,
  type ValueType,
  type VerbSpec,
} from '../../scenario/verbs';
import { shortBdf } from '../../store/script';
import { EXPECTED } from '../../words/panels/console';

export interface Option {
  readonly text: string;
  readonly help: string;
}

export interface Completion {
  /** Where in the line the word begins that an option replaces. */
  readonly from: number;
  readonly options: readonly Option[];
  /** The shape of the verb that is being typed, and what its next argument is, if a verb is there. */
  readonly hint: Hint | null;
}

export interface Hint {
  readonly signature: string;
  /** Of the argument or option where the typing is; null where all is said that must be. */
  readonly argument: { readonly name: string; readonly help: string } | null;
}

/** What names stand for: objects of the world, and what lines say that have not run. */
export interface Known {
  readonly objects: readonly WorldObject[];
  readonly given?: readonly Given[];
}

const NOTHING: Completion = { from: 0, options: [], hint: null };

/** What may come next at the end of `text`. */
export function complete(text: string, known: Known): Completion {
  if (/(^|\s)#/.test(text)) return NOTHING;
  const head = /^\s*(?:[A-Za-z]\w*\s*=\s*)?/.exec(text)?.[0] ?? '';
  // What is begun is a line of its own.
  const begin = /^begin\s+/.exec(text.slice(head.length));
  if (begin !== null) {
    const before = head.length + begin[0].length;
    const inner = complete(text.slice(before), known);
    return { ...inner, from: before + inner.from };
  }
  const words = text.slice(head.length).split(/\s+/);
  const typed = words.at(-1) ?? '';
  const from = text.length - typed.length;
  if (words.length === 1) return { from, options: starting(typed, verbs()), hint: null };

  const verb = verbNamed(words[0] ?? '');
  if (verb === undefined) return NOTHING;
  if (words.length > 2 && words.at(-2) === '!')
    return { from, options: starting(typed, expectations()), hint: null };
  const earlier = words.slice(1, -1).filter((word) => word !== '' && !word.includes('='));
  const { param, option } = wanted(verb, earlier.length, typed);
  const hint: Hint = { signature: signature(verb), argument: argumentOf(param, option) };
  if (option !== undefined) {
    const begun = typed.indexOf('=') + 1;
    const values = valuesOf(option.key, option.type, known).map((each) => ({
      text: each,
      help: option.help,
    }));
    return { from: from + begun, options: starting(typed.slice(begun), values), hint };
  }
  return { from, options: starting(typed, following(verb, param, known)), hint };
}

const verbs = (): readonly Option[] =>
  [...VERBS.values()].map((verb) => ({ text: verb.name, help: verb.help }));

const ENDS: Readonly<Record<string, string>> = {
  FAULT: EXPECTED.FAULT,
  WAITS: EXPECTED.WAITS,
  DEADLOCK: EXPECTED.DEADLOCK,
};
const expectations = (): readonly Option[] =>
  EXPECTATIONS.map((text) => ({ text, help: ENDS[text] ?? EXPECTED.errno }));

/** Also in small letters, and with the prefix of the kernel's headers. */
export function verbNamed(word: string): VerbSpec | undefined {
  const exact = VERBS.get(word);
  if (exact !== undefined) return exact;
  const bare = word.toLowerCase().replace(/^(?:iommu|vfio_device)_/, '');
  return [...VERBS.values()].find(({ name }) => [bare, word.toLowerCase()].includes(name.toLowerCase()));
}

const WRITTEN_VERB = /^(\s*(?:[A-Za-z]\w*\s*=\s*)?(?:begin\s+(?:[A-Za-z]\w*\s*=\s*)?)?)([^\s="#!]+)/;

/** The line with its verb spelt as the script spells it: `iommu_ioas_alloc ctx` is `IOAS_ALLOC ctx`. */
export function withVerb(line: string): string {
  return line.replace(WRITTEN_VERB, (all, head: string, word: string) => {
    const verb = verbNamed(word);
    return verb === undefined ? all : head + verb.name;
  });
}

/** Files that are always there. */
const NODES = ['/dev/iommu', '/dev/vfio/vfio'];

/** Drivers that every device can have. */
const DRIVERS = ['vfio-pci', 'pci-stub', 'none'];

/** What stands where the typing is: an option whose value is begun, or a word in its place. */
function wanted(verb: VerbSpec, position: number, typed: string) {
  const key = /^([A-Za-z][\w-]*)=/.exec(typed)?.[1];
  const option = verb.options.find((each) => each.key === key);
  const param = verb.params[position] ?? verb.params.findLast((each) => each.need === 'repeated');
  return { param, option };
}

const argumentOf = (param: ParamSpec | undefined, option: VerbSpec['options'][number] | undefined) =>
  option !== undefined
    ? { name: `${option.key}=`, help: option.help }
    : param !== undefined
      ? { name: param.name, help: param.help }
      : null;

/** The next positional argument first, then what may stand anywhere. */
function following(verb: VerbSpec, param: ParamSpec | undefined, known: Known): readonly Option[] {
  const values =
    param === undefined
      ? []
      : valuesOf(param.name, param.type, known).map((text) => ({ text, help: param.help }));
  return [
    ...values,
    ...verb.options.map((option) => ({ text: `${option.key}=`, help: option.help })),
    ...verb.flags.map((flag) => ({ text: flag.word, help: flag.help })),
  ];
}

const NAMED: Readonly<Partial<Record<WorldObject['type'], NameKind>>> = {
  context: 'context',
  idev: 'device',
  ioas: 'ioas',
  hwpt: 'hwpt',
  access: 'access',
  fault: 'fault',
  viommu: 'viommu',
  vdevice: 'vdevice',
  veventq: 'veventq',
  'hw-queue': 'hw-queue',
  task: 'task',
  traffic: 'traffic',
};

function valuesOf(name: string, type: ValueType, { objects, given = [] }: Known): readonly string[] {
  const written = (...kinds: readonly Given['kind'][]): readonly string[] =>
    given.flatMap((each) => (kinds.includes(each.kind) ? [each.name] : []));
  switch (type.kind) {
    case 'choice':
      return type.values;
    case 'bdf':
    case 'any-device':
      return once(
        objects.flatMap((object) => (object.type === 'device' ? [shortBdf(object.bdf)] : [])),
        written('bdf'),
      );
    case 'name':
      return once(
        objects.flatMap((object) => namesOf(object, type.of)),
        written(...type.of),
      );
    case 'thing':
      return once(
        objects.map((object) => object.name ?? (object.type === 'device' ? shortBdf(object.bdf) : object.id)),
        given.map((each) => each.name),
      );
    case 'word':
      return name === 'driver' ? DRIVERS : [];
    case 'pattern':
      return name === 'path' ? NODES : [];
    default:
      return [];
  }
}

const once = (...lists: readonly (readonly string[])[]): readonly string[] => [...new Set(lists.flat())];

function namesOf(object: WorldObject, wantedKinds: readonly NameKind[]): readonly string[] {
  if (object.type === 'process')
    return wantedKinds.includes('buffer') ? object.buffers.flatMap((buffer) => buffer.name ?? []) : [];
  const kind = NAMED[object.type];
  return kind !== undefined && wantedKinds.includes(kind) ? [object.name ?? object.id] : [];
}

function starting(typed: string, options: readonly Option[]): readonly Option[] {
  const start = typed.toLowerCase();
  return options.filter((option) => option.text.toLowerCase().startsWith(start) && option.text !== typed);
}

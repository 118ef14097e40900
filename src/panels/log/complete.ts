import type { WorldObject } from '../../engine/sim/world';
import { signature, VERBS, type NameKind, type ParamSpec, type VerbSpec } from '../../scenario/verbs';
import { shortBdf } from '../../store/script';

export interface Option {
  readonly text: string;
  readonly help: string;
}

export interface Completion {
  /** Where in the line the word begins that an option replaces. */
  readonly from: number;
  readonly options: readonly Option[];
  /** The shape of the verb that is being typed, if one is. */
  readonly hint: string | null;
}

const MOST = 8;
const NOTHING: Completion = { from: 0, options: [], hint: null };

/** What may come next at the end of `text`. */
export function complete(text: string, objects: readonly WorldObject[]): Completion {
  if (/(^|\s)#/.test(text)) return NOTHING;
  const head = /^\s*(?:[A-Za-z]\w*\s*=\s*)?/.exec(text)?.[0] ?? '';
  // What is begun is a line of its own.
  const begin = /^begin\s+/.exec(text.slice(head.length));
  if (begin !== null) {
    const before = head.length + begin[0].length;
    const inner = complete(text.slice(before), objects);
    return { ...inner, from: before + inner.from };
  }
  const words = text.slice(head.length).split(/\s+/);
  const typed = words.at(-1) ?? '';
  const from = text.length - typed.length;
  if (words.length === 1) return { from, options: starting(typed, verbs()), hint: null };

  const verb = VERBS.get(words[0] ?? '');
  if (verb === undefined) return NOTHING;
  const earlier = words.slice(1, -1).filter((word) => word !== '' && !word.includes('='));
  return { from, options: starting(typed, following(verb, earlier.length, objects)), hint: signature(verb) };
}

const verbs = (): readonly Option[] =>
  [...VERBS.values()].map((verb) => ({ text: verb.name, help: verb.help }));

/** Files that are always there. */
const NODES = ['/dev/iommu', '/dev/vfio/vfio'];

/** Drivers that every device can have. */
const DRIVERS = ['vfio-pci', 'pci-stub', 'none'];

/** The next positional argument first, then what may stand anywhere. */
function following(verb: VerbSpec, position: number, objects: readonly WorldObject[]): readonly Option[] {
  const param = verb.params[position] ?? verb.params.findLast((each) => each.need === 'repeated');
  const values =
    param === undefined ? [] : valuesOf(param, objects).map((text) => ({ text, help: param.help }));
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
};

function valuesOf({ name, type }: ParamSpec, objects: readonly WorldObject[]): readonly string[] {
  switch (type.kind) {
    case 'choice':
      return type.values;
    case 'bdf':
    case 'any-device':
      return objects.flatMap((object) => (object.type === 'device' ? [shortBdf(object.bdf)] : []));
    case 'name':
      return [...objects.flatMap((object) => namesOf(object, type.of))];
    case 'thing':
      return objects.map(
        (object) => object.name ?? (object.type === 'device' ? shortBdf(object.bdf) : object.id),
      );
    case 'word':
      return name === 'driver' ? DRIVERS : [];
    case 'pattern':
      return name === 'path' ? NODES : [];
    default:
      return [];
  }
}

function namesOf(object: WorldObject, wanted: readonly NameKind[]): readonly string[] {
  if (object.type === 'process')
    return wanted.includes('buffer') ? object.buffers.flatMap((buffer) => buffer.name ?? []) : [];
  const kind = NAMED[object.type];
  return kind !== undefined && wanted.includes(kind) ? [object.name ?? object.id] : [];
}

function starting(typed: string, options: readonly Option[]): readonly Option[] {
  const wanted = typed.toLowerCase();
  return options
    .filter((option) => option.text.toLowerCase().startsWith(wanted) && option.text !== typed)
    .slice(0, MOST);
}

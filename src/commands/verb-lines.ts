import type { WorldObject, WorldType } from '../engine/sim/world';
import { freshName } from '../scenario/edit';
import { VERBS, type NameKind, type ParamSpec, type VerbSpec } from '../scenario/verbs';
import { scriptName, shortBdf } from '../store/script';
import type { AppState } from '../store/types';
import { HIDDEN, onNothing, READY, type Command } from './command';
import { subjectOf } from './objects';

/** Every verb of the script can be begun from here: its example, with the names of this scene where they fit. */
export const VERB_COMMANDS: readonly Command[] = [...VERBS.values()].map((verb) => ({
  ...onNothing({
    id: `line.${verb.name}`,
    label: verb.name,
    verb: verb.name,
    group: 'edit',
    words: verb.help,
    help: verb.help,
    menu: 'never',
  }),
  readiness: (app: AppState) => (verb.name === 'machine' && app.script.trim() !== '' ? HIDDEN : READY),
  run: (app: AppState, subject: readonly string[]) =>
    app.actions.prefill(draftOf(verb, app, subject.length > 0 ? subject : subjectOf(app))),
}));

const TYPES: Readonly<Partial<Record<NameKind, WorldType>>> = {
  context: 'context',
  device: 'idev',
  ioas: 'ioas',
  hwpt: 'hwpt',
  access: 'access',
  fault: 'fault',
  viommu: 'viommu',
  vdevice: 'vdevice',
  veventq: 'veventq',
  'hw-queue': 'hw-queue',
  task: 'task',
  buffer: 'process',
};

/** The example of a verb, said of the selected object, or else of the first of its kind. */
export function draftOf(verb: VerbSpec, app: AppState, subject: readonly string[]): string {
  const words: readonly string[] = verb.example.match(/"(?:[^"\\]|\\.)*"|\S+/g) ?? [];
  const at = words.findIndex((word) => word === verb.name);
  const first = [...subject.flatMap((id) => app.objects[id] ?? []), ...Object.values(app.objects)];
  const given = new Set<string>();
  const written = words.map((word, index) => {
    if (index < at) return word === '=' ? word : freshName(app.script, word);
    const param = verb.params[index - at - 1];
    if (index === at || param === undefined || word.includes('=')) return word;
    const name = nameFor(param, first, given);
    if (name !== null) given.add(name);
    return name ?? word;
  });
  return written.join(' ');
}

function nameFor(
  { type }: ParamSpec,
  objects: readonly WorldObject[],
  given: ReadonlySet<string>,
): string | null {
  const names = objects.flatMap((object): readonly string[] => {
    switch (type.kind) {
      case 'bdf':
      case 'any-device':
        return object.type === 'device' && !object.isBridge ? [shortBdf(object.bdf)] : [];
      case 'group':
        return object.type === 'group' ? [String(object.number)] : [];
      case 'thing':
        return [scriptName(object)];
      case 'name':
        return type.of.some((kind: NameKind) => TYPES[kind] === object.type) ? namesOf(object) : [];
      default:
        return [];
    }
  });
  return names.find((name) => !given.has(name)) ?? null;
}

const namesOf = (object: WorldObject): readonly string[] =>
  object.type === 'process' ? object.buffers.flatMap(({ name }) => name ?? []) : [scriptName(object)];

import type { VerbSpec } from './verb-spec';
import { CHECK_VERBS } from './verbs-check';
import { FILE_VERBS } from './verbs-files';
import { ACCESS_VERBS, IOMMUFD_VERBS, TEST_VERBS } from './verbs-iommufd';
import { KERNEL_VERBS } from './verbs-kernel';
import { MACHINE_VERBS } from './verbs-machine';
import { PLAY_VERBS } from './verbs-play';
import { VFIO_VERBS } from './verbs-vfio';

export type { FlagSpec, NameKind, OptionSpec, ParamSpec, ValueType, VerbSpec } from './verb-spec';

/**
 * Every verb as data: the parser checks lines against this table, and completion and help in the editor read it.
 * GRAMMAR.md says the same for people, in the same order; a test compares the two.
 */
const TABLE: readonly VerbSpec[] = [
  ...MACHINE_VERBS,
  ...CHECK_VERBS,
  ...FILE_VERBS,
  ...VFIO_VERBS,
  ...IOMMUFD_VERBS,
  ...TEST_VERBS,
  ...ACCESS_VERBS,
  ...KERNEL_VERBS,
  ...PLAY_VERBS,
];

export const VERBS: ReadonlyMap<string, VerbSpec> = new Map(TABLE.map((verb) => [verb.name, verb]));

/** One line of help: `[name =] ATTACH dev to`. */
export function signature(verb: VerbSpec): string {
  const naming = { never: '', may: '[name =] ', must: 'name = ' }[verb.naming];
  const params = verb.params.map(({ name, type, need }) => {
    const shown = type.kind === 'choice' && type.values.length <= 3 ? type.values.join('|') : name;
    return { required: shown, optional: `[${shown}]`, repeated: `[${shown} …]` }[need];
  });
  const options = verb.options.map(({ key, required }) => (required ? `${key}=…` : `[${key}=…]`));
  const flags = verb.flags.map((each) => `[${each.word}]`);
  return `${naming}${[verb.name, ...params, ...options, ...flags].join(' ')}`;
}

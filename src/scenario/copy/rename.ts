import { formatStatement, type ArgText } from '../format';
import { normalizeBdf } from '../literal';
import type { Arg, Statement } from '../script';
import type { ValueType } from '../verb-spec';
import { VERBS } from '../verbs';

/** What is called otherwise from now on. */
export interface Renaming {
  readonly names: ReadonlyMap<string, string>;
  /** `0000:01:00.0` → `0000:03:00.0` */
  readonly addresses: ReadonlyMap<string, string>;
}

/** The line with its names and addresses changed; words that only look like a name stay. */
export function renamed(statement: Statement, by: Renaming): string {
  const { begun } = statement;
  return formatStatement({
    ...statement,
    ...partOf(statement, by),
    ...(begun === undefined ? {} : { begun: { ...begun, ...partOf(begun, by) } }),
  });
}

function partOf(
  { name, verb, args }: Pick<Statement, 'name' | 'verb' | 'args'>,
  by: Renaming,
): { readonly name: string | null; readonly args: readonly ArgText[] } {
  const spec = VERBS.get(verb);
  let position = 0;
  const words = args.map((arg): ArgText => {
    if (arg.kind === 'option') {
      const type = spec?.options.find(({ key }) => key === arg.key)?.type;
      return { kind: 'option', key: arg.key, value: textOf(arg.value, type, by) };
    }
    const type = (spec?.params[position] ?? spec?.params.at(-1))?.type;
    position++;
    return wordOf(arg, type, by);
  });
  return { name: name === null ? null : (by.names.get(name) ?? name), args: words };
}

function wordOf(arg: Exclude<Arg, { kind: 'option' }>, type: ValueType | undefined, by: Renaming): ArgText {
  if (arg.kind === 'word') return { kind: 'word', text: textOf(arg.text, type, by) };
  return arg;
}

const NAMES: ReadonlySet<ValueType['kind']> = new Set(['name', 'thing', 'address']);
const ADDRESSES: ReadonlySet<ValueType['kind']> = new Set(['bdf', 'any-device', 'thing', 'word']);
/** Paths of sysfs. */
const LONG = /[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/g;

function textOf(text: string, type: ValueType | undefined, { names, addresses }: Renaming): string {
  if (type === undefined) return text;
  const name = NAMES.has(type.kind) ? names.get(text) : undefined;
  if (name !== undefined) return name;
  if (!ADDRESSES.has(type.kind)) return text;
  const bdf = normalizeBdf(text);
  if (bdf !== null) return addresses.get(bdf)?.replace(/^0000:/, '') ?? text;
  return text.replace(LONG, (long) => addresses.get(long) ?? long);
}

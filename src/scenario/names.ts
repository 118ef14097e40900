import { BEGIN, isName } from './lex';
import type { Arg, Script, Statement } from './script';
import { didYouMean } from './suggest';
import { VERBS, type NameKind, type ParamSpec, type VerbSpec } from './verbs';
import * as says from '../words/scenario/script';

/** A word that the script itself gives a meaning: a name with what it stands for, or the address of a device. */
export interface Given {
  readonly name: string;
  readonly kind: NameKind | 'bdf';
}

const GIVES = /^\s*([A-Za-z]\w*)\s*=\s*(\S+)(.*)$/;
const DEVICE = /^\s*(?:pci|platform)\s+(\S+)/;

/** What lines give, read quickly and without asking whether they make sense: while they are typed most do not yet. */
export function givenBy(lines: Iterable<string>): readonly Given[] {
  const given = new Map<string, Given>();
  for (const line of lines) for (const each of givenIn(line)) given.set(each.name, each);
  return [...given.values()];
}

function givenIn(line: string): readonly Given[] {
  const device = DEVICE.exec(line)?.[1];
  if (device !== undefined) return [{ name: device, kind: 'bdf' }];
  const [, name = '', verb = '', rest = ''] = GIVES.exec(line) ?? [];
  const kind = VERBS.get(verb)?.makes ?? null;
  // What stands after `begin` is a line again.
  return [...(kind === null ? [] : [{ name, kind }]), ...(verb === BEGIN ? givenIn(rest) : [])];
}

export interface NameProblem {
  readonly line: number;
  readonly column: number;
  readonly name: string;
  readonly message: string;
}

/** Names that are used and that no line before gives. The engine says the same when it comes there, one at a time. */
export function unknownNames(script: Script): readonly NameProblem[] {
  const known = new Set<string>();
  const problems: NameProblem[] = [];
  for (const { number, statement } of script.lines) {
    if (statement === null) continue;
    for (const action of [statement, ...(statement.begun ? [statement.begun] : [])]) {
      for (const { text, column } of namesUsed(action)) {
        if (known.has(text)) continue;
        const message = says.noLineBeforeGivesTheName(text, didYouMean(text, known));
        problems.push({ line: number, column, name: text, message });
      }
    }
    // What is meant to fail makes nothing; yet the name may be an older one's.
    for (const name of [statement.name, statement.begun?.name ?? null]) if (name !== null) known.add(name);
  }
  return problems;
}

/** Arguments that stand for something named, as the verb's table has it. */
function namesUsed(statement: Statement): readonly { readonly text: string; readonly column: number }[] {
  const verb = VERBS.get(statement.verb);
  if (verb === undefined || statement.begun) return [];
  const used: { text: string; column: number }[] = [];
  let position = 0;
  for (const arg of statement.args) {
    if (arg.kind === 'option') {
      const type = verb.options.find(({ key }) => key === arg.key)?.type;
      if (type?.kind === 'name' && isName(arg.value)) used.push({ text: arg.value, column: arg.valueColumn });
      continue;
    }
    const param = paramAt(verb, position);
    if (isFlag(arg, verb, param)) continue;
    position++;
    if (param?.type.kind === 'name' && isName(arg.text)) used.push({ text: arg.text, column: arg.column });
  }
  return used;
}

const paramAt = (verb: VerbSpec, position: number): ParamSpec | undefined =>
  verb.params[position] ?? verb.params.findLast(({ need }) => need === 'repeated');

/** A word is a flag only once the required words are there: a name may be spelt like a flag. */
const isFlag = (arg: Arg, verb: VerbSpec, param: ParamSpec | undefined): boolean =>
  arg.kind === 'word' && param?.need !== 'required' && verb.flags.some(({ word }) => word === arg.text);

import { BEGIN, isName } from './lex';
import { normalizeBdf, parseNumber, parseRange, PLATFORM_NAME } from './literal';
import type { Arg, LineError, OptionArg, Statement } from './script';
import { didYouMean } from './suggest';
import { signature, VERBS, type ParamSpec, type ValueType, type VerbSpec } from './verbs';
import * as says from '../words/scenario/script';

const U64_LAST = 0xffff_ffff_ffff_ffffn;
const WORLD_ID = /^[a-z]+:[A-Za-z0-9_:.-]+$/;

const error = (message: string, column: number): LineError => ({ message, column });

/** The verb's row, or what to say about a word that is none. */
export function findVerb(text: string, column: number): VerbSpec | LineError {
  const verb = VERBS.get(text);
  if (verb !== undefined) return verb;
  // Who comes from the headers writes IOMMU_IOAS_MAP.
  const short = text.replace(/^(IOMMU|VFIO_DEVICE)_/i, '');
  return error(says.thereIsNoVerb(text, didYouMean(short, VERBS.keys())), column);
}

/** Whether a statement has the shape that its verb wants; `end` is the column where something missing would stand. */
export function checkStatement(statement: Statement, verb: VerbSpec, end: number): LineError | null {
  return (
    checkName(statement, verb) ??
    checkExpectation(statement, verb) ??
    (statement.begun ? checkBegun(statement.begun) : checkArgs(statement.args, verb, end))
  );
}

function checkExpectation({ expect, columns, name }: Statement, verb: VerbSpec): LineError | null {
  const column = columns.expect ?? columns.verb;
  if (expect === null) return null;
  if (verb.name === BEGIN) {
    const task = name ?? 't1';
    return error(says.howEndsIsForTheLine(task, expect), column);
  }
  if (expect === 'FAULT' && verb.name !== 'dma' && verb.name !== 'burst')
    return error(says.onlyADmaOrABurst, column);
  if ((expect === 'WAITS' || expect === 'DEADLOCK') && !verb.locks)
    return error(says.takesNoLockSoNothing(verb.name), column);
  return null;
}

/** What stands after `begin` has been checked as a line; what is left is whether it can be stopped half-way. */
function checkBegun({ verb, columns }: Statement): LineError | null {
  if (VERBS.get(verb)?.begins === true) return null;
  return error(says.cannotBeBegunOnlyWhatTakes(verb), columns.verb);
}

function checkName({ name, expect, columns }: Statement, verb: VerbSpec): LineError | null {
  if (name !== null && verb.naming === 'never') {
    return error(says.makesNothingThatCouldBeNamed(verb.name, name), columns.name ?? 1);
  }
  // An action that is meant to fail makes nothing.
  if (name === null && verb.naming === 'must' && expect === null) {
    return error(says.giveWhatMakesANameAsIn(verb.name, verb.example), columns.verb);
  }
  return null;
}

function checkArgs(args: readonly Arg[], verb: VerbSpec, end: number): LineError | null {
  const given = new Set<string>();
  let position = 0;
  for (const arg of args) {
    if (arg.kind === 'option') {
      const problem = checkOption(arg, verb, given);
      if (problem !== null) return problem;
      continue;
    }
    // A word is a flag only once the required words are there: a name may be spelt like a flag.
    const needed = verb.params[position]?.need === 'required';
    if (!needed && arg.kind === 'word' && verb.flags.some((flag) => flag.word === arg.text)) {
      if (given.has(arg.text)) return error(says.wordIsGivenTwice(arg.text), arg.column);
      given.add(arg.text);
      continue;
    }
    const last = verb.params[verb.params.length - 1];
    const param = verb.params[position] ?? (last?.need === 'repeated' ? last : undefined);
    if (param === undefined) return tooMany(arg, verb);
    const problem = checkValue(arg, param.type);
    if (problem !== null) return error(`${label(param, verb)} ${problem}`, arg.column);
    position++;
  }
  return checkMissing(verb, position, given, end);
}

function checkOption(arg: OptionArg, verb: VerbSpec, given: Set<string>): LineError | null {
  const option = verb.options.find((each) => each.key === arg.key);
  if (option === undefined) {
    const keys = verb.options.map((each) => each.key);
    if (keys.length === 0) return error(says.takesNoOptionsSuchAs(verb.name, arg.key), arg.column);
    const meant = didYouMean(arg.key, keys);
    const known =
      meant === '' ? says.itHas(keys.map((key) => `${key}=`).join(' ')) : meant.replace('?', '=?');
    return error(says.hasNoOption(verb.name, arg.key, known), arg.column);
  }
  if (given.has(arg.key)) return error(says.optionIsGivenTwice(arg.key), arg.column);
  given.add(arg.key);
  const problem = checkText(arg.value, option.type);
  return problem === null ? null : error(`${arg.key}= ${problem}`, arg.valueColumn);
}

function tooMany(arg: Exclude<Arg, OptionArg>, verb: VerbSpec): LineError {
  const words = verb.flags.map((flag) => flag.word);
  const hint = didYouMean(arg.text, [...words, ...verb.options.map((option) => `${option.key}=`)]);
  return error(says.isOneWordTooManyFor(arg.text, signature(verb), hint), arg.column);
}

function checkMissing(
  verb: VerbSpec,
  positions: number,
  given: ReadonlySet<string>,
  end: number,
): LineError | null {
  const missing = verb.params[positions];
  if (missing?.need === 'required') {
    return error(says.alsoNeedsWord(verb.name, label(missing), missing.help, verb.example), end);
  }
  const option = verb.options.find((each) => each.required && !given.has(each.key));
  if (option !== undefined) {
    return error(says.alsoNeedsOption(verb.name, option.key, option.help, verb.example), end);
  }
  if (verb.oneOf.length === 0) return null;
  const begun = verb.oneOf.filter((set) => set.some((word) => given.has(word)));
  const complete = begun.length === 1 && begun[0]?.every((word) => given.has(word)) === true;
  if (complete) return null;
  const sets = verb.oneOf.map((set) => set.join(' and ')).join(', or ');
  return error(says.needsEitherAsIn(verb.name, sets, verb.example), end);
}

const label = (param: ParamSpec, verb?: VerbSpec): string =>
  verb === undefined ? param.name : says.partOfVerb(param.name, verb.name);

/** What is wrong with a positional argument, to go on with after its name; null when nothing is. */
function checkValue(arg: Exclude<Arg, OptionArg>, type: ValueType): string | null {
  if (arg.kind === 'string') {
    if (type.kind === 'text' || type.kind === 'word-or-text') return null;
    return says.isWrittenWithoutQuotes;
  }
  if (type.kind === 'text') return says.isTextPutItInQuotes(arg.text);
  return checkText(arg.text, type);
}

function checkText(text: string, type: ValueType): string | null {
  switch (type.kind) {
    case 'name':
      return checkNameText(text);
    case 'bdf':
      return normalizeBdf(text) === null ? says.mustBeAPciAddress(text) : null;
    case 'any-device':
      return normalizeBdf(text) !== null || PLATFORM_NAME.test(text)
        ? null
        : says.mustBeAPciAddressSuch(text);
    case 'thing':
      return isName(text) || WORLD_ID.test(text) || normalizeBdf(text) !== null || PLATFORM_NAME.test(text)
        ? null
        : says.mustBeANameAPci(text);
    case 'choice':
      return type.values.includes(text)
        ? null
        : says.mustBeNot(oneOf(type.values), text, didYouMean(text, type.values));
    case 'number':
      return checkNumber(text);
    case 'address':
      return isName(text) ? null : checkNumber(text);
    case 'group':
      return /^(?:group:)?\d+$/.test(text) ? null : says.isAGroupsNumber(text);
    case 'coordinate': {
      const value = parseNumber(text);
      if (value === null) return says.mustBeAWholeNumberIsNone(text);
      return value > -1_000_000_000n && value < 1_000_000_000n ? null : says.isOffEveryCanvas;
    }
    case 'range':
      return checkRange(text);
    case 'pattern':
      return type.pattern.test(text) ? null : says.isWrittenLikeNot(type.sample, text);
    case 'word':
    case 'word-or-text':
    case 'text':
    case 'action':
      return null;
  }
}

function checkNameText(text: string): string | null {
  if (isName(text) || WORLD_ID.test(text)) return null;
  if (normalizeBdf(text) !== null) {
    return says.mustBeAName(text);
  }
  return says.mustBeANameThat(text);
}

function checkNumber(text: string): string | null {
  const value = parseNumber(text);
  if (value === null) {
    const unit = /^([0-9]+)([KMGT])i?b?$/i.exec(text);
    const hint = unit === null ? '' : says.didYouMeanThe(unit[1] ?? '', (unit[2] ?? '').toUpperCase());
    return says.mustBeANumber(text, hint);
  }
  if (value < 0n) return says.mustNotBeNegative;
  return value > U64_LAST ? says.doesNotFitIn64Bits(text) : null;
}

function checkRange(text: string): string | null {
  const range = parseRange(text);
  if (range === null) return says.mustBeTwoNumbers(text);
  if (range.last > U64_LAST) return says.doesNotFitIn64Bits(text);
  return range.start > range.last ? says.endsBeforeItStartsARange : null;
}

function oneOf(values: readonly string[]): string {
  const last = values[values.length - 1] ?? '';
  return values.length === 1 ? last : says.or(values.slice(0, -1).join(', '), last);
}

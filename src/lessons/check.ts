import { lexLine } from '../scenario/lex';
import { predicateOf, PREDICATE_NAMES } from './predicates';
import type { Args } from './predicates/predicate';
import * as says from '../words/lesson-files';

/** Something that must become so, as a lesson's file says it: `fault device=02:00.0 cause=permission "What is wanted"`. */
export interface Check {
  readonly name: string;
  readonly args: Args;
  /** What the learner is told. */
  readonly goal: string;
}

export type ParsedCheck =
  { readonly ok: true; readonly check: Check } | { readonly ok: false; readonly message: string };

const fail = (message: string): ParsedCheck => ({ ok: false, message });

export function parseCheck(text: string): ParsedCheck {
  const lexed = lexLine(text);
  if (!lexed.ok) return fail(lexed.error.message);
  const [verb, ...given] = lexed.line.args;
  const predicate = verb?.kind === 'word' ? predicateOf(verb.text) : null;
  if (verb?.kind !== 'word' || predicate === null)
    return fail(says.aCheckIsOneOf(PREDICATE_NAMES.join(', ')));
  const goal = given.at(-1);
  if (goal?.kind !== 'string') return fail(says.aCheckEnds);
  const rest = given.slice(0, -1);
  const words = rest.flatMap((arg) => (arg.kind === 'option' ? [] : [arg.text]));
  const options = Object.fromEntries(
    rest.flatMap((arg) => (arg.kind === 'option' ? [[arg.key, arg.value]] : [])),
  );
  const unknown = Object.keys(options).find((key) => !predicate.options.includes(key));
  const [least, most] = predicate.words;
  if (unknown !== undefined || words.length < least || words.length > most)
    return fail(says.writeCheck(verb.text, predicate.usage));
  const problem = predicate.problem?.({ words, options }) ?? null;
  if (problem !== null) return fail(problem);
  return { ok: true, check: { name: verb.text, args: { words, options }, goal: goal.text } };
}

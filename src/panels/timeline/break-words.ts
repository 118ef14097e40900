import { titleOf, TYPE_NAME, type Objects } from '../../store/object-words';
import type { Breakpoint, Branch } from '../../store/types';
import { linesOf } from '../../store/script';
import { count } from '../../ui/numbers';

/** A breakpoint as a person would ask for it. */
export function breakWords(breakpoint: Breakpoint, objects: Objects): string {
  switch (breakpoint.kind) {
    case 'fault':
      return 'Stop at a fault';
    case 'refusal':
      return 'Stop at a refusal';
    case 'note':
      return 'Stop at every note';
    case 'line':
      return `Stop after line ${breakpoint.line}`;
    case 'change':
      return `Stop when ${nameOf(breakpoint.id, objects)} changes`;
  }
}

export const sameBreak = (a: Breakpoint, b: Breakpoint): boolean =>
  a.kind === b.kind &&
  (a.kind !== 'line' || (b.kind === 'line' && a.line === b.line)) &&
  (a.kind !== 'change' || (b.kind === 'change' && a.id === b.id));

/** With it, or without it where it was there. */
export function toggled(breakpoints: readonly Breakpoint[], one: Breakpoint): readonly Breakpoint[] {
  const rest = breakpoints.filter((each) => !sameBreak(each, one));
  return rest.length < breakpoints.length ? rest : [...rest, one];
}

/** Why playing stopped, as a sentence; objects by the names that the page has for them. */
export function stopWords(
  stopped: { readonly line: number; readonly why: string },
  objects: Objects,
): string {
  const { line, why } = stopped;
  if (why === `line ${line}`) return `Stopped after line ${line}, as you wished.`;
  const [id = '', ...rest] = why.split(' ');
  const words = isId(id) ? [nameOf(id, objects), ...rest].join(' ') : why;
  return `Stopped after line ${line}: ${words}.`;
}

/** `6 lines from line 14 on: DETACH dev` */
export function branchWords({ script, forkedAt, lines }: Branch): {
  readonly where: string;
  readonly what: string;
} {
  const first = linesOf(script)[forkedAt] ?? '';
  const own = lines - forkedAt;
  return {
    where: forkedAt === 0 ? 'From the beginning' : `After line ${forkedAt}`,
    what: own <= 0 ? 'nothing more' : own === 1 ? first : `${first} … ${count(own, 'line')}`,
  };
}

const isId = (word: string): boolean => /^[a-z-]+:\S/.test(word);

/** Its title; what is gone, or not there yet, has only its id to go by. */
function nameOf(id: string, objects: Objects): string {
  const object = objects[id];
  if (object !== undefined) return titleOf(object);
  const [, type = '', number = ''] = /^([a-z-]+):(?:\d+\.)?(.+)$/.exec(id) ?? [];
  const known = Object.entries(TYPE_NAME).find(([each]) => each === type);
  return known === undefined ? id.replace(/^dev:/, '') : `${known[1]} ${number}`;
}

import { titleOf, TYPE_NAME, type Objects } from '../../store/object-words';
import type { Breakpoint, Branch } from '../../store/types';
import { linesOf } from '../../store/script';
import { BREAKS } from '../../words/panels/timeline-menus';

/** A breakpoint as a person would ask for it. */
export function breakWords(breakpoint: Breakpoint, objects: Objects): string {
  switch (breakpoint.kind) {
    case 'fault':
      return BREAKS.fault;
    case 'refusal':
      return BREAKS.refusal;
    case 'note':
      return BREAKS.note;
    case 'line':
      return BREAKS.line(breakpoint.line);
    case 'change':
      return BREAKS.change(nameOf(breakpoint.id, objects));
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
  if (why === `line ${line}`) return BREAKS.stoppedAsWished(line);
  const [id = '', ...rest] = why.split(' ');
  const words = isId(id) ? [nameOf(id, objects), ...rest].join(' ') : why;
  return BREAKS.stopped(line, words);
}

/** `6 lines from line 14 on: DETACH dev` */
export function branchWords({ script, forkedAt, lines }: Branch): {
  readonly where: string;
  readonly what: string;
} {
  const first = linesOf(script)[forkedAt] ?? '';
  const own = lines - forkedAt;
  return {
    where: forkedAt === 0 ? BREAKS.beginning : BREAKS.after(forkedAt),
    what: own <= 0 ? BREAKS.nothingMore : own === 1 ? first : BREAKS.lines(first, own),
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

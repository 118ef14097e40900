import type { Check } from './check';
import type { Evidence } from './evidence';
import { predicateOf } from './predicates';
import { unmet, type Verdict, type ViewWish } from './predicates/predicate';

export const judge = ({ name, args }: Check, evidence: Evidence): Verdict =>
  predicateOf(name)?.judge(args, evidence) ?? unmet('');

/** Where to look so that it is met, if looking is all that it takes. */
export const wishOf = ({ name, args }: Check): ViewWish | null => predicateOf(name)?.wish?.(args) ?? null;

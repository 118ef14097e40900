import type { ReactNode } from 'react';
import { Term, type TermTip } from '../../ui/Term';

interface MaybeTermProps {
  /** Null: the word says it all. */
  readonly tip: TermTip | null;
  readonly children: ReactNode;
}

/** A word that is explained where there is something to explain. */
export const MaybeTerm = ({ tip, children }: MaybeTermProps) =>
  tip === null ? children : <Term tip={tip}>{children}</Term>;

import * as says from '../words/worker';

/** A directive of the page's policy, and what it kept away: an address, or a word as `blob`. */
export interface Forbidden {
  readonly directive: string;
  readonly blocked: string;
}

interface Failure {
  readonly forbidden: readonly Forbidden[];
  readonly opaque: boolean;
  /** What the browser says, if it says anything. */
  readonly detail: string | null;
}

/** Why the engine's thread could not be started, and what whoever serves the page, or frames it, can do about it. */
export function whyNotStarted({ forbidden, opaque, detail }: Failure): string {
  const read = forbidden.find(({ directive }) => directive.startsWith('connect-src'));
  const started = forbidden.find(({ directive }) => /^(worker|child|script|default)-src/.test(directive));
  const blob = forbidden.some(
    ({ directive, blocked }) => /^(worker|child|script|default)-src/.test(directive) && blocked === 'blob',
  );
  if (opaque && blob) return says.theEngineMayNotStart;
  if (opaque && read !== undefined) return says.theEngineMayNotBeRead(originOf(read.blocked));
  if (started !== undefined) return says.theEngineMayNotStartThe;
  if (opaque) return says.theEngineCouldNotBeRead(detail === null ? '' : ` (${detail})`);
  return detail === null ? says.theEngineCouldNotBeLoaded : says.theEngineCouldNotBeLoadedFor(detail);
}

function originOf(address: string): string {
  try {
    return new URL(address).origin;
  } catch {
    return "'self'";
  }
}

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
  if (opaque && blob)
    return 'The engine may not start: this frame is in a sandbox without an origin of its own, where only a worker from a blob starts, and the playground’s Content-Security-Policy forbids that. It needs worker-src blob: (or the frame allow-same-origin).';
  if (opaque && read !== undefined)
    return `The engine may not be read: the playground’s Content-Security-Policy forbids it in a sandbox. It needs connect-src ${originOf(read.blocked)}`;
  if (started !== undefined)
    return "The engine may not start: the playground’s Content-Security-Policy forbids its worker. It needs worker-src 'self'";
  if (opaque)
    return `The engine could not be read${detail === null ? '' : ` (${detail})`}. This frame is in a sandbox without an origin of its own: the playground’s server has to send Access-Control-Allow-Origin: *, or the frame needs allow-same-origin.`;
  return detail === null ? 'The engine could not be loaded.' : `The engine could not be loaded: ${detail}`;
}

function originOf(address: string): string {
  try {
    return new URL(address).origin;
  } catch {
    return "'self'";
  }
}

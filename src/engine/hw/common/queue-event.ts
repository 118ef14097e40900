import { join } from '../../../lib/u64';
import type { QueueEvent } from '../../trace/event';
import type { Trace } from '../../trace/trace';

const OPS = { command: 'fetch', event: 'write', 'page-request': 'write' } as const;

/** Tells of an entry of a queue: what was fetched, or written. Asked only where somebody listens. */
export function tellQueueEntry(
  trace: Trace,
  unit: string,
  structure: QueueEvent['structure'],
  entry: { readonly index: number; readonly pa: number },
  words: Int32Array,
  count = words.length,
): void {
  const pairs = Array.from({ length: count / 2 }, (_, n) =>
    join(words[2 * n + 1] as number, words[2 * n] as number),
  );
  trace.emit({ kind: 'queue', unit, op: OPS[structure], structure, ...entry, words: pairs });
}

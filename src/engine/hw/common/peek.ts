import { join } from '../../../lib/u64';
import type { MemoryReadEvent } from '../../trace/event';
import type { MemoryPort } from '../port';
import type { TableOfStep } from './view';

const PAGE_BYTES = 4096;

/**
 * The read event of another entry of a table, as if the hardware had read it: what an explanation is made from. Null where no
 * memory is, and for what is no table.
 */
export function eventOfEntry(
  memory: Pick<MemoryPort, 'frameBase' | 'words'>,
  { structure, stage, level, forLevel, index: known, pa: at }: TableOfStep,
  index: number,
  entryBytes = 8,
): MemoryReadEvent | null {
  if (structure !== 'table' || at === null || known === null || !Number.isSafeInteger(index) || index < 0)
    return null;
  const pa = at + (index - known) * entryBytes;
  const base = memory.frameBase(Math.floor(pa / PAGE_BYTES));
  if (base < 0) return null;
  const first = base + Math.floor((pa % PAGE_BYTES) / 4);
  const word = (n: number): number => memory.words[first + n] as number;
  return {
    kind: 'read',
    unit: '',
    structure,
    level: level - 1,
    ...(stage === null ? {} : { stage }),
    ...(stage === 2 && forLevel !== null && forLevel !== 0
      ? { forLevel: forLevel > 0 ? forLevel - 1 : forLevel }
      : {}),
    index,
    pa,
    words: [entryBytes === 4 ? BigInt(word(0) >>> 0) : join(word(1), word(0))],
  };
}

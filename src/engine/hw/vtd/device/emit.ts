import { join } from '../../../../lib/u64';
import type { UnitState } from './unit';

/** Tells of an entry that is no table entry: it was read at an index of a table of such entries. */
export function emitEntry(
  unit: UnitState,
  structure: 'root' | 'context' | 'pasid-dir' | 'pasid' | 'irte' | 'posted',
  index: number,
  pfn: number,
  bytes: number,
  at: number,
  offset = (index * bytes) % 4096,
): void {
  const word = (n: number): number => unit.memory.words[at + n] as number;
  const words = Array.from({ length: bytes / 8 }, (_, n) => join(word(2 * n + 1), word(2 * n)));
  const pa = pfn * 4096 + offset;
  unit.trace.emit({ kind: 'read', unit: unit.config.unit, structure, level: -1, index, pa, words });
}

/** Tells of a table entry. `stage` and `forLevel`: as in MemoryReadEvent, negative where they do not apply. */
export function emitTable(
  unit: UnitState,
  level: number,
  index: number,
  pfn: number,
  at: number,
  stage: 0 | 1 | 2,
  forLevel: number,
): void {
  const { words } = unit.memory;
  unit.trace.emit({
    kind: 'read',
    unit: unit.config.unit,
    structure: 'table',
    level,
    ...(stage === 0 ? {} : { stage }),
    ...(forLevel < 0 ? {} : { forLevel }),
    index,
    pa: pfn * 4096 + index * 8,
    words: [join(words[at + 1] as number, words[at] as number)],
  });
}

export function emitCache(
  unit: UnitState,
  cache: string,
  op: 'hit' | 'miss' | 'fill' | 'evict',
  tag: string,
): void {
  unit.trace.emit({ kind: 'cache', unit: unit.config.unit, cache, op, tag });
}

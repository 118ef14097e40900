import type { CacheEvent } from '../../../trace/event';
import { noteEntry } from '../../../trace/notes';
import { FOR_NO_LEVEL, type Wording } from '../../../trace/wording';
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
  const { config, memory, trace } = unit;
  const pa = pfn * 4096 + offset;
  trace.noteStructure(config.unit, structure, index, pa, memory.words, at, bytes / 4);
}

/** Tells of a table entry. `stage` and `forLevel`: as in MemoryReadEvent, 0 and negative where they do not apply. */
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
  const pa = pfn * 4096 + index * 8;
  const [lo, hi] = [words[at] as number, words[at + 1] as number];
  const inner = forLevel < 0 ? FOR_NO_LEVEL : forLevel;
  noteEntry(unit.trace, unit.config.unit, 'table', level, index, pa, hi, lo, stage, inner);
}

/** `a` to `e`: what the tag is made of. */
export function emitCache(
  unit: UnitState,
  cache: Wording<CacheEvent['op']>,
  op: CacheEvent['op'],
  a: number,
  b = 0,
  c = 0,
  d = 0,
  e = 0,
): void {
  unit.trace.note(cache, unit.config.unit, op, a, b, c, d, e);
}

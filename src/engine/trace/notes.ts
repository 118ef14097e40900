import type { Trace } from './trace';
import { entryShape, entryWording, FOR_NO_LEVEL, NO_STAGE } from './wording';

/** Notes that an entry of one 64-bit word was read: see MemoryReadEvent. */
export function noteEntry(
  trace: Trace,
  unit: string,
  structure: string,
  level: number,
  index: number,
  pa: number,
  hi: number,
  lo: number,
  stage: 0 | 1 | 2 = NO_STAGE,
  forLevel = FOR_NO_LEVEL,
  granuleLg2 = 12,
): void {
  const shape = entryShape(level, stage, forLevel, granuleLg2);
  trace.note(entryWording, unit, structure, shape, index, pa, hi, lo);
}

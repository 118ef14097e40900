import { MEMORY_FAULT, MEMORY_OK } from '../../../memory/hazards';
import type { MemoryPort } from '../../port';
import { DATA_ERROR, MASTER_ABORT, TARGET_ABORT } from '../reasons';

/** Frame number of the address in a pair, bits 51:12; -1 for one beyond what memory can hold. */
export const framePfn = (hi: number, lo: number): number =>
  (hi & 0xf_f800) === 0 ? ((hi & 0x7ff) << 20) | (lo >>> 12) : -1;

/** How memory answers an access: 0, or the Type of a hardware error. Accesses do not cross a frame's end. */
export function accessProblem(
  memory: MemoryPort,
  pfn: number,
  offset: number,
  bytes: number,
  write: boolean,
): number {
  if (pfn < 0 || memory.frameBase(pfn) < 0) return MASTER_ABORT;
  if (memory.hazards === null) return 0;
  const answer = memory.hazards.at(pfn, offset, bytes, write);
  if (answer === MEMORY_OK) return 0;
  return answer === MEMORY_FAULT ? TARGET_ABORT : DATA_ERROR;
}

/** Reads 32-bit words into `out`: 0, or the Type of a hardware error. */
export function readWords(memory: MemoryPort, pa: number, out: Int32Array): number {
  const pfn = Math.floor(pa / 4096);
  const offset = pa % 4096;
  const problem = accessProblem(memory, pfn, offset, out.length * 4, false);
  if (problem !== 0) return problem;
  const base = memory.frameBase(pfn) + (offset >> 2);
  for (let n = 0; n < out.length; n++) out[n] = memory.words[base + n] as number;
  return 0;
}

/** Writes 32-bit words: 0, or the Type of a hardware error. */
export function writeWords(memory: MemoryPort, pa: number, words: Int32Array): number {
  const pfn = Math.floor(pa / 4096);
  const offset = pa % 4096;
  const problem = accessProblem(memory, pfn, offset, words.length * 4, true);
  if (problem !== 0) return problem;
  const base = memory.frameToWrite(pfn) + (offset >> 2);
  for (let n = 0; n < words.length; n++) memory.words[base + n] = words[n] as number;
  return 0;
}

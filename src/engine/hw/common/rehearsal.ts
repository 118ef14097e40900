import { addressOf, hiOf, loOf } from '../../../lib/u64';
import type { MemoryHazards } from '../../memory/hazards';
import {
  ATS_GRANTS,
  ATS_REQUEST,
  ATS_SIZE_LG2,
  EXECUTE,
  FAULTED,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  WRITE,
  type DmaTranslator,
  type MemoryPort,
} from '../port';
import type { DeviceTlbEntry } from './endpoint';

const FRAME_BYTES = 4096;
const FRAME_WORDS = FRAME_BYTES / 4;

/** A request for a translation. */
export interface AtsQuestion {
  readonly rid: number;
  /** NO_PASID for none. */
  readonly pasid: number;
  readonly iova: bigint;
  /** READ, WRITE, EXECUTE, PRIVILEGED. */
  readonly access: number;
}

/** What a device is told that asks for a translation: the page around the address, and what is granted there. */
export interface AtsAnswer {
  readonly pa: number;
  readonly sizeLg2: number;
  /** As in ATS_GRANTS; 0: nothing is. */
  readonly grants: number;
}

/** Memory as it is, for a unit that only rehearses: what that one writes is taken back. */
export class RehearsalMemory implements MemoryPort {
  /** Frames as they were before they were written, by the index of their first word. */
  private readonly before = new Map<number, Int32Array>();

  constructor(private readonly memory: MemoryPort) {}

  get words(): Int32Array {
    return this.memory.words;
  }

  get frames(): Int32Array {
    return this.memory.frames;
  }

  get frameMask(): number {
    return this.memory.frameMask;
  }

  get hazards(): MemoryHazards | null {
    return this.memory.hazards;
  }

  frameBase(pfn: number): number {
    return this.memory.frameBase(pfn);
  }

  /** No frame gets words of its own for a rehearsal: none without them has an entry that could be marked. */
  frameToWrite(pfn: number): number {
    const base = this.memory.frameBase(pfn);
    if (base <= 0) return -1;
    if (!this.before.has(base)) this.before.set(base, this.words.slice(base, base + FRAME_WORDS));
    return base;
  }

  load32(pa: number): number | null {
    return this.memory.load32(pa);
  }

  store32(pa: number, value: number): boolean {
    const base = this.frameToWrite(Math.floor(pa / FRAME_BYTES));
    if (base < 0) return false;
    this.words[base + ((pa % FRAME_BYTES) >> 2)] = value;
    return true;
  }

  undo(): void {
    for (const [base, words] of this.before) this.words.set(words, base);
    this.before.clear();
  }
}

/**
 * Puts requests for translations to a twin of a unit: one without caches, whose writes are taken back. Null: refused.
 *
 * `makeTwin`: with the registers as the unit has them, its logs turned off, and nobody to tell anything.
 */
export function rehearse(
  memory: MemoryPort,
  makeTwin: (memory: MemoryPort) => DmaTranslator,
  questions: readonly AtsQuestion[],
): readonly (AtsAnswer | null)[] {
  if (questions.length === 0) return [];
  const port = new RehearsalMemory(memory);
  const twin = makeTwin(port);
  return questions.map(({ rid, pasid, iova, access }) => {
    const status = twin.translate(rid, hiOf(iova), loOf(iova), access | ATS_REQUEST, pasid);
    port.undo();
    if (status === FAULTED) return null;
    const { result } = twin;
    return {
      pa: addressOf(result[PA_HI] as number, result[PA_LO] as number),
      sizeLg2: Math.max(12, result[ATS_SIZE_LG2] as number),
      grants: result[ATS_GRANTS] as number,
    };
  });
}

/** What to ask in order to hear of an entry again. A device that asks to write asks to read as well. */
export const questionOf = (rid: number, { pasid, iova, grants }: DeviceTlbEntry): AtsQuestion => ({
  rid,
  pasid,
  iova,
  access: READ | (grants & (WRITE | EXECUTE | PRIVILEGED)),
});

/** Whether a device's entry says more, or something else, than it would be told now. */
export function contradicts(entry: DeviceTlbEntry, now: AtsAnswer | null): boolean {
  if (now === null || (entry.grants & ~now.grants) !== 0 || now.sizeLg2 < entry.sizeLg2) return true;
  const page = 1n << BigInt(now.sizeLg2);
  const first = BigInt(now.pa) & ~(page - 1n);
  return Number(first + (entry.iova & (page - 1n))) !== entry.pa;
}

import type { MemoryPort } from '../../engine/hw/port';
import {
  MEMORY_FAULT,
  MEMORY_OK,
  MEMORY_POISON,
  type MemoryAnswer,
  type MemoryHazards,
} from '../../engine/memory/hazards';

const FRAME_WORDS = 1024;

/** Places where accesses are refused, or bring corrupt data. Last address inclusive. */
interface Rule {
  readonly start: bigint;
  readonly last: bigint;
  readonly noRead: boolean;
  readonly noWrite: boolean;
  readonly poison: boolean;
}

/** An access of the unit, as it was made. */
export interface SeenAccess {
  readonly write: boolean;
  readonly pfn: number;
  readonly offset: number;
  readonly bytes: number;
  readonly answer: MemoryAnswer;
}

/**
 * Memory everywhere below 2^56, with rules where it does not answer: a test bench for hardware models.
 *
 * The hash of frames stays empty: frame numbers have up to 44 bits here, and frameBase() is asked for each.
 */
export class RigMemory implements MemoryPort, MemoryHazards {
  words = new Int32Array(FRAME_WORDS * 64);
  readonly frames = new Int32Array(2).fill(-1);
  readonly frameMask = 0;
  hazards: MemoryHazards | null = null;
  /** Accesses since somebody asked for them; null: nobody did. */
  seen: SeenAccess[] | null = null;
  private readonly bases = new Map<number, number>();
  private rules: Rule[] = [];
  /** The first frame of the arena is what untouched memory reads as. */
  private next = FRAME_WORDS;

  frameBase(pfn: number): number {
    return this.bases.get(pfn) ?? 0;
  }

  frameToWrite(pfn: number): number {
    const known = this.bases.get(pfn);
    if (known !== undefined) return known;
    if (this.next + FRAME_WORDS > this.words.length) {
      const words = new Int32Array(this.words.length * 2);
      words.set(this.words);
      this.words = words;
    }
    const base = this.next;
    this.next += FRAME_WORDS;
    this.bases.set(pfn, base);
    return base;
  }

  load32(pa: number): number | null {
    return this.words[this.frameBase(Math.floor(pa / 4096)) + ((pa % 4096) >> 2)] ?? null;
  }

  store32(pa: number, value: number): boolean {
    this.words[this.frameToWrite(Math.floor(pa / 4096)) + ((pa % 4096) >> 2)] = value;
    return true;
  }

  readByte(pfn: number, offset: number): number {
    return ((this.words[this.frameBase(pfn) + (offset >> 2)] as number) >>> (8 * (offset & 3))) & 0xff;
  }

  writeByte(pfn: number, offset: number, value: number): void {
    const at = this.frameToWrite(pfn) + (offset >> 2);
    const shift = 8 * (offset & 3);
    this.words[at] = ((this.words[at] as number) & ~(0xff << shift)) | ((value & 0xff) << shift);
  }

  /** Bytes as hex digits, in the order of their addresses. */
  bytes(pfn: number, offset: number, count: number): string {
    let text = '';
    for (let n = 0; n < count; n++) {
      const at = offset + n;
      text += this.readByte(pfn + Math.floor(at / 4096), at % 4096)
        .toString(16)
        .padStart(2, '0');
    }
    return text;
  }

  /** Every doubleword that is not zero: its frame, its offset, high and low half. By address. */
  *doublewords(): Generator<readonly [pfn: number, offset: number, hi: number, lo: number]> {
    for (const pfn of [...this.bases.keys()].sort((a, b) => a - b)) {
      const base = this.bases.get(pfn) ?? 0;
      for (let n = 0; n < FRAME_WORDS; n += 2) {
        const lo = this.words[base + n] as number;
        const hi = this.words[base + n + 1] as number;
        if ((lo | hi) !== 0) yield [pfn, n * 4, hi, lo];
      }
    }
  }

  /** Forgets everything. A model that remembers where frames are has to be made anew. */
  clear(): void {
    this.words.fill(0, 0, this.next);
    this.next = FRAME_WORDS;
    this.bases.clear();
  }

  /** `kind`: letters r, w and p. */
  addRule(start: bigint, bytes: bigint, kind: string): void {
    const has = (letter: string): boolean => kind.includes(letter);
    this.rules.push({
      start,
      last: start + bytes - 1n,
      noRead: has('r'),
      noWrite: has('w'),
      poison: has('p'),
    });
    this.watch(this.seen !== null);
  }

  clearRules(): void {
    this.rules = [];
    this.watch(this.seen !== null);
  }

  /** Records accesses from here on, or no more. */
  watch(on: boolean): void {
    this.seen = on ? (this.seen ?? []) : null;
    this.hazards = on || this.rules.length > 0 ? this : null;
  }

  at(pfn: number, offset: number, bytes: number, write: boolean): MemoryAnswer {
    const answer = this.rules.length === 0 ? MEMORY_OK : this.judge(pfn, offset, bytes, write);
    this.seen?.push({ write, pfn, offset, bytes, answer });
    return answer;
  }

  private judge(pfn: number, offset: number, bytes: number, write: boolean): MemoryAnswer {
    const start = BigInt(pfn) * 4096n + BigInt(offset);
    const last = start + BigInt(bytes) - 1n;
    let answer: MemoryAnswer = MEMORY_OK;
    for (const rule of this.rules) {
      if (rule.last < start || rule.start > last) continue;
      if (write ? rule.noWrite : rule.noRead) return MEMORY_FAULT;
      if (rule.poison && !write) answer = MEMORY_POISON;
    }
    return answer;
  }
}

import { formatSize } from '../../literal';

interface Stretch {
  readonly start: bigint;
  end: bigint;
  name: string | null;
  /** The text has the line that made it. */
  isTold: boolean;
}

/** More memory than the machine of a script has. */
const MOST_BYTES = 48n << 30n;

/** A program's memory, as far as calls point to it. Stretches that touch are one buffer. */
export class Buffers {
  private stretches: Stretch[] = [];
  private taken = 0n;

  /** The program mapped it there. What was there before stays what calls point to: nobody sees the difference. */
  told(start: bigint, length: bigint): void {
    const end = start + ((length + 4095n) & ~4095n);
    if (this.stretches.every((each) => each.end <= start || each.start >= end))
      this.stretches.push({ start, end, name: null, isTold: true });
  }

  /** A call points there; called for all calls before any is translated. */
  used(start: bigint, length: bigint): void {
    const from = start & ~4095n;
    const to = (start + length + 4095n) & ~4095n;
    if (this.stretches.some((each) => each.isTold && each.start <= from && to <= each.end)) return;
    const near = this.stretches.filter((each) => !each.isTold && each.start <= to && each.end >= from);
    const all = { start: from, end: to, name: null, isTold: false };
    this.stretches = this.stretches.filter((each) => !near.includes(each));
    this.stretches.push({
      ...all,
      start: near.reduce((least, each) => (each.start < least ? each.start : least), from),
      end: near.reduce((most, each) => (each.end > most ? each.end : most), to),
    });
  }

  /**
   * The buffer with an address; made by a line of the script when it is first needed. Null: it is larger than all memory, or
   * nobody knows of it.
   */
  at(address: bigint, fresh: (stem: string) => string): FoundBuffer | null {
    const found = this.stretches.find(({ start, end }) => start <= address && address < end);
    if (found === undefined) return null;
    const bytes = found.end - found.start;
    let line: string | null = null;
    if (found.name === null) {
      if (this.taken + bytes > MOST_BYTES) return null;
      this.taken += bytes;
      found.name = fresh('ram');
      line = `${found.name} = mmap qemu ${formatSize(bytes)}`;
    }
    return { name: found.name, offset: address - found.start, bytes, line, isTold: found.isTold };
  }
}

export interface FoundBuffer {
  readonly name: string;
  readonly offset: bigint;
  readonly bytes: bigint;
  /** The line that makes it, the first time. */
  readonly line: string | null;
  readonly isTold: boolean;
}

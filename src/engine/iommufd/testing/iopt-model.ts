/**
 * What a process mapped, as plainly as it can be said: a list of what lies where. Too simple to be wrong, and slow.
 */

/** The smallest page of the tests' IOMMU: half of the CPU's. */
export const GRAIN = 2048n;

/** One pages object. */
export interface ModelPages {
  /** Page-aligned. */
  readonly va: bigint;
  readonly writable: boolean;
}

export interface ModelArea {
  readonly ioas: number;
  readonly start: bigint;
  readonly last: bigint;
  readonly pages: ModelPages;
  readonly startByte: bigint;
}

export interface ModelPin {
  readonly access: number;
  readonly iova: bigint;
  readonly length: bigint;
  /** Pages object and page in it. */
  readonly on: readonly (readonly [ModelPages, number])[];
}

export class IoptModel {
  readonly areas: ModelArea[] = [];
  readonly pins: ModelPin[] = [];

  /** `frame`: of a user address. */
  constructor(private readonly frame: (va: bigint) => number) {}

  of(ioas: number): readonly ModelArea[] {
    return this.areas.filter((each) => each.ioas === ioas);
  }

  map(ioas: number, start: bigint, length: bigint, userVa: bigint, writable: boolean): void {
    const va = userVa - (userVa % 4096n);
    const pages = { va, writable };
    this.areas.push({ ioas, start, last: start + length - 1n, pages, startByte: userVa - va });
  }

  copy(from: number, to: number, src: bigint, length: bigint, dst: bigint): void {
    for (const { start, last, pages, startByte } of this.meeting(from, src, src + length - 1n)) {
      const first = start > src ? start : src;
      const end = last < src + length - 1n ? last : src + length - 1n;
      const shift = dst - src;
      this.areas.push({
        ioas: to,
        start: first + shift,
        last: end + shift,
        pages,
        startByte: startByte + (first - start),
      });
    }
  }

  /** Whole areas only, and those before one that sticks out are gone. */
  unmap(ioas: number, start: bigint, last: bigint): void {
    for (const area of this.meeting(ioas, start, last)) {
      if (area.start < start || area.last > last) return;
      this.areas.splice(this.areas.indexOf(area), 1);
    }
  }

  private meeting(ioas: number, start: bigint, last: bigint): readonly ModelArea[] {
    return this.of(ioas)
      .filter((each) => each.last >= start && each.start <= last)
      .sort((a, b) => (a.start < b.start ? -1 : 1));
  }

  /** What is behind an IOVA: a pages object and a byte in it. */
  find(ioas: number, iova: bigint): readonly [ModelPages, bigint] | null {
    const area = this.of(ioas).find((each) => each.start <= iova && each.last >= iova);
    return area ? [area.pages, area.startByte + (iova - area.start)] : null;
  }

  /** IOVA → physical address, grain by grain. */
  translations(ioas: number): Map<bigint, number> {
    const map = new Map<bigint, number>();
    for (const area of this.of(ioas)) {
      for (let iova = area.start; iova < area.last; iova += GRAIN) {
        const va = area.pages.va + area.startByte + (iova - area.start);
        map.set(iova, this.frame(va) * 4096 + Number(va % 4096n));
      }
    }
    return map;
  }

  /** The pages behind a stretch, each once, and their frames. */
  pagesBehind(ioas: number, iova: bigint, length: bigint): ModelPin['on'] {
    const on: (readonly [ModelPages, number])[] = [];
    for (let at = iova; at < iova + length; at += GRAIN) {
      const [pages, byte] = this.find(ioas, at) ?? [{ va: 0n, writable: false }, 0n];
      const page = Number(byte / 4096n);
      const top = on.at(-1);
      if (top?.[0] !== pages || top[1] !== page) on.push([pages, page]);
    }
    return on;
  }

  frameOf([pages, page]: readonly [ModelPages, number]): number {
    return this.frame(pages.va + BigInt(page) * 4096n);
  }

  /** Frame → how often it is pinned: once for every pages object of which a domain or an access needs it. */
  pinned(hasDomain: (ioas: number) => boolean): Map<number, number> {
    const needed = new Map<ModelPages, Set<number>>();
    const need = (pages: ModelPages, page: number): void => {
      const set = needed.get(pages) ?? new Set<number>();
      needed.set(pages, set.add(page));
    };
    for (const { ioas, pages, startByte, start, last } of this.areas) {
      if (!hasDomain(ioas)) continue;
      const end = (startByte + last - start) / 4096n;
      for (let page = startByte / 4096n; page <= end; page++) need(pages, Number(page));
    }
    for (const { on } of this.pins) for (const [pages, page] of on) need(pages, page);
    const pins = new Map<number, number>();
    for (const [pages, set] of needed) {
      for (const page of set) {
        const frame = this.frameOf([pages, page]);
        pins.set(frame, (pins.get(frame) ?? 0) + 1);
      }
    }
    return pins;
  }
}

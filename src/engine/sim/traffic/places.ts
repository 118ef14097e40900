import type { TrafficBin, TrafficPlaces } from '../batch';
import type { WorldId } from '../world';

/** Bins of a range: as many as a strip can show beside each other. */
const MOST_BINS = 64;
/** A replace leads from one IOAS to another; a line that leads through more than this says so of the first. */
const MOST_SPACES = 8;
/** No table tells the addresses of a page apart. */
const PAGE = 4096n;

type Counted = { -readonly [Key in keyof TrafficBin]: TrafficBin[Key] };

/** Where a device's accesses went, by IOAS and address: however many they are, no more than so many numbers. */
export class Places {
  private readonly binBytes: bigint;
  private readonly width: number;
  private readonly spaces = new Map<WorldId, (Counted | undefined)[]>();

  constructor(
    private readonly start: bigint,
    private readonly last: bigint,
  ) {
    const bytes = last - start + 1n;
    const pages = (bytes + PAGE - 1n) / PAGE;
    this.binBytes = ((pages + BigInt(MOST_BINS) - 1n) / BigInt(MOST_BINS)) * PAGE;
    this.width = Number(this.binBytes);
  }

  /** `index`: of the access among all of the run, from 0. An access counts where it begins. */
  add(ioasId: WorldId, iova: bigint, blocked: boolean, index: number): void {
    let bins = this.spaces.get(ioasId);
    if (bins === undefined) {
      if (this.spaces.size >= MOST_SPACES) return;
      this.spaces.set(ioasId, (bins = []));
    }
    const at = Math.min(MOST_BINS - 1, Math.floor(Number(iova - this.start) / this.width));
    const bin = (bins[at] ??= { at, count: 0, blocked: 0, first: index });
    bin.count++;
    if (blocked) bin.blocked++;
  }

  get told(): readonly TrafficPlaces[] {
    const { start, last, binBytes } = this;
    return [...this.spaces].map(([ioasId, bins]) => ({
      ioasId,
      start,
      last,
      binBytes,
      bins: bins.filter((bin) => bin !== undefined),
    }));
  }
}

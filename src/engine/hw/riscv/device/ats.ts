import type { AtsMessage } from './messages';

interface Outstanding {
  readonly rid: number;
  readonly segmentValid: boolean;
  readonly segment: number;
  received: number;
}

/**
 * Invalidation requests that devices have not completed yet, by tag.
 *
 * Spec: section "IOMMU PCIe ATS commands"; PCIe, "Invalidate Completion": a device may answer one request by several
 * completions, which tell how many there are
 */
export class InvalidationTags {
  private readonly outstanding: (Outstanding | null)[];
  private timedOut = false;

  constructor(count: number) {
    this.outstanding = Array.from({ length: count }, () => null);
  }

  get pending(): boolean {
    return this.outstanding.some((slot) => slot !== null);
  }

  get free(): boolean {
    return this.outstanding.includes(null);
  }

  /** A free tag for a request; -1: none is. */
  allocate(message: AtsMessage): number {
    const tag = this.outstanding.indexOf(null);
    if (tag < 0) return -1;
    const { rid, segmentValid, segment } = message;
    this.outstanding[tag] = { rid, segmentValid, segment, received: 0 };
    return tag;
  }

  /** A completion for a vector of tags, of which `count` are to come. False: nobody waits for it. */
  complete(rid: number, segmentValid: boolean, segment: number, tags: number, count: number): boolean {
    for (const [tag, slot] of this.outstanding.entries()) {
      if (((tags >>> tag) & 1) === 0) continue;
      if (slot === null) return false;
      if (slot.segmentValid && (!segmentValid || segment !== slot.segment)) return false;
      if (slot.rid !== rid) return false;
      // Eight are told as 0.
      slot.received = (slot.received + 1) & 7;
      if (slot.received === count) this.outstanding[tag] = null;
    }
    return true;
  }

  timeOut(tags: number): void {
    for (const tag of this.outstanding.keys()) {
      if (((tags >>> tag) & 1) === 1) this.outstanding[tag] = null;
    }
    this.timedOut = true;
  }

  /** Whether a request timed out since the last fence asked. */
  takeTimeOut(): boolean {
    const was = this.timedOut;
    this.timedOut = false;
    return was;
  }

  reset(): void {
    this.outstanding.fill(null);
    this.timedOut = false;
  }
}

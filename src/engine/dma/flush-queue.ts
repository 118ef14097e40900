import type { IovaDomain } from './iova-domain';

/** Linux: IOVA_DEFAULT_FQ_SIZE; one slot stays empty */
export const QUEUE_SLOTS = 256;
/** Linux: IOVA_DEFAULT_FQ_TIMEOUT */
export const FLUSH_TIMEOUT_MS = 10;

export interface Queued {
  readonly pfn: number;
  readonly pages: number;
  /** Gives back tables that a walk may still be in. */
  readonly release: () => void;
  /** Flushes that had begun when it was queued. */
  readonly flushes: number;
}

/**
 * What was unmapped and may still be in the IOTLB: the ranges are not handed out again, and their tables not given back,
 * before the next flush of everything. Until then a device can still use them.
 *
 * Linux: drivers/iommu/dma-iommu.c struct iova_fq, queue_iova(), fq_ring_free()
 *
 * One CPU, so one ring. There is no clock: somebody calls `timeout` when 10 ms have passed.
 */
export class FlushQueue {
  /** Armed by the first entry. Linux: fq_timer_on */
  timerOn = false;
  /** Flushes of everything so far. */
  flushes = 0;
  private ring: Queued[] = [];

  constructor(
    private readonly iovas: IovaDomain,
    /** Linux: iommu_domain_ops::flush_iotlb_all */
    private readonly flushIotlb: () => void,
  ) {}

  /** Oldest first. */
  get entries(): readonly Queued[] {
    return this.ring;
  }

  /** Linux: queue_iova() */
  add(pfn: number, pages: number, release: () => void): void {
    this.freeFlushed();
    if (this.ring.length === QUEUE_SLOTS - 1) this.flush();
    this.ring.push({ pfn, pages, release, flushes: this.flushes });
    this.timerOn = true;
  }

  /** Linux: fq_flush_timeout() */
  timeout(): void {
    this.timerOn = false;
    this.flush();
  }

  /** The domain goes: tables are given back, the ranges go with it. Linux: iommu_dma_free_fq() */
  destroy(): void {
    this.timerOn = false;
    for (const { release } of this.ring) release();
    this.ring = [];
  }

  /** Linux: fq_flush_iotlb(), fq_ring_free_locked() */
  private flush(): void {
    this.flushIotlb();
    this.flushes++;
    this.freeFlushed();
  }

  private freeFlushed(): void {
    const waiting = this.ring.findIndex((entry) => entry.flushes >= this.flushes);
    const flushed = this.ring.splice(0, waiting < 0 ? this.ring.length : waiting);
    for (const { pfn, pages, release } of flushed) {
      release();
      this.iovas.freeFast(pfn, pages);
    }
  }
}

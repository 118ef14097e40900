import type { WorldId } from './world';

/** What a stretch of physical memory is used for. Free memory is what no run covers. */
export type FrameKind = 'process' | 'page-table' | 'structure' | 'queue' | 'buffer' | 'other';

export interface PhysicalRun {
  readonly start: number;
  readonly bytes: number;
  readonly use: FrameKind;
  /** Whose it is: a process, an HWPT, a group for the kernel's own table, an IOMMU, a device. */
  readonly ownerId: WorldId | null;
  /** Of a page table: 1 holds only leaves. */
  readonly level: number | null;
  /** `buf`, `page table`, `context table`. */
  readonly label: string;
}

/** Neighbouring leaves of one size in the table of an HWPT, as the table itself says it. Never over the end of an area. */
export interface LeafRun {
  readonly iova: bigint;
  readonly bytes: bigint;
  readonly pageBytes: number;
  /** Leaves whose entries say that a device wrote through them; null where the HWPT does not track that. */
  readonly dirty: number | null;
}

export interface HwptLeaves {
  readonly hwptId: WorldId;
  readonly runs: readonly LeafRun[];
  /** There are more runs than these. */
  readonly cut: boolean;
}

/** Where an area's pinned pages are, ascending, neighbours joined. */
export interface AreaFrames {
  readonly ioasId: WorldId;
  readonly iova: bigint;
  readonly frames: readonly { readonly start: number; readonly bytes: number }[];
  readonly cut: boolean;
}

/** Physical memory at a moment: who has what of it, and what the tables make of it. */
export interface PhysicalMap {
  /** Where there is memory at all; both ends inclusive. */
  readonly ram: readonly { readonly start: number; readonly last: number }[];
  /** Ascending, without overlaps. */
  readonly runs: readonly PhysicalRun[];
  readonly leaves: readonly HwptLeaves[];
  readonly areas: readonly AreaFrames[];
}

import type { Errno } from '../kernel/errno';
import type { TraceEvent } from '../trace/event';
import type { WorldId, WorldObject } from './world';

/** What a script may expect of a line after `!`: an errno, that a DMA is blocked, that the action has to wait, for ever perhaps. */
export type Expectation = Errno | 'FAULT' | 'WAITS' | 'DEADLOCK';

/** What one script line came to. */
export interface LineResult {
  /** 1-based line of the script. */
  readonly line: number;
  readonly text: string;
  /**
   * `none`: blank or comment. `errno`: the kernel refused. `fault`: the hardware blocked a DMA. `waits`: another task is
   * in its way. `deadlock`: and that one waits for it. `mismatch`: what the line expects to be so is not. `error`: the
   * line makes no sense (syntax, unknown name).
   */
  readonly status: 'none' | 'ok' | 'errno' | 'fault' | 'waits' | 'deadlock' | 'mismatch' | 'error';
  /** One short phrase for the margin, e.g. `HWPT 4, auto; both functions moved`. */
  readonly result: string;
  readonly errno: Errno | null;
  readonly why: string | null;
  readonly rule: string | null;
  readonly culprit: WorldId | null;
  readonly expected: Expectation | null;
  /** Whether it came out as the script expects. */
  readonly ok: boolean;
  /** Column of the mistake for `error`, 1-based; else null. */
  readonly column: number | null;
}

/** A DMA with all that the hardware did for it: what the canvas animates and the walk panel shows. */
export interface Lookup {
  readonly line: number;
  readonly deviceId: WorldId;
  readonly iommuId: WorldId | null;
  readonly hwptId: WorldId | null;
  readonly ioasId: WorldId | null;
  readonly processId: WorldId | null;
  readonly access: 'read' | 'write';
  /** Of its requests, where they carry one. */
  readonly pasid?: number;
  readonly iova: bigint;
  readonly bytes: number;
  /** One a page touched. */
  readonly parts: readonly LookupPart[];
}

export interface LookupPart {
  readonly iova: bigint;
  readonly bytes: number;
  readonly pa: number | null;
  readonly from: 'bypass' | 'iotlb' | 'walk';
  /** A write into the interrupt address range: a message to a processor, not memory. */
  readonly interrupt: boolean;
  /** The IOVA cut into the index fields of this table format, highest first, offset last. */
  readonly address: readonly AddressField[];
  readonly steps: readonly LookupStep[];
  readonly fault: {
    readonly reason: number;
    readonly name: string;
    readonly why: string;
    readonly kernelLine: string;
  } | null;
}

export interface AddressField {
  /** `level 4` … `level 1`, `offset`; a superpage's unused levels merge into the offset. */
  readonly label: string;
  /** 4…1 as people count; 0 for the offset. */
  readonly level: number;
  readonly bits: number;
  readonly value: number;
}

/** One memory read or cache look-up of the hardware. */
export interface LookupStep {
  readonly kind: 'context-cache' | 'iotlb' | 'root' | 'context' | 'table';
  /** `hit` and `miss` for caches; for reads what the entry turned out to be. */
  readonly outcome: 'hit' | 'miss' | 'table' | 'leaf' | 'fault';
  /** 4…1 as people count, 0 where it does not apply. */
  readonly level: number;
  readonly title: string;
  readonly index: number | null;
  /** Physical address of the entry. */
  readonly pa: number | null;
  readonly words: readonly bigint[];
  readonly fields: readonly EntryField[];
  /** 512 cells of the table read: 0 empty, 1 table, 2 leaf, 3 malformed. */
  readonly occupancy: Uint8Array | null;
}

export interface EntryField {
  readonly name: string;
  /** Bits as documents write them, e.g. `51:12`, counted over the whole entry. */
  readonly bits: string;
  readonly value: bigint;
  readonly meaning: string;
}

/** What changed between two moments, in one message. */
export interface StepBatch {
  /** Grows with every load; a batch of an older epoch is dropped. */
  readonly epoch: number;
  /** True after a load: forget everything first. */
  readonly reset: boolean;
  /** Lines executed so far. */
  readonly cursor: number;
  /** Results of the lines run in this batch. */
  readonly results: readonly LineResult[];
  readonly set: readonly WorldObject[];
  readonly removed: readonly WorldId[];
  readonly lookups: readonly Lookup[];
  readonly events: readonly { readonly line: number; readonly events: readonly TraceEvent[] }[];
}

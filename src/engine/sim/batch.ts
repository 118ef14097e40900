import type { Source } from '../hw/common/dma';
import type { AddressField, WalkStep } from '../hw/common/view';
import type { Errno } from '../kernel/errno';
import type { TraceEvent } from '../trace/event';
import type { WorldId, WorldObject } from './world';

export type { AddressField, WalkStep } from '../hw/common/view';

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
  readonly from: Source | 'peer';
  /** It went to another device, and no IOMMU saw it; null: it did not. */
  readonly peer: PeerPart | null;
  /** The device asked for a translation and was granted none: it sent nothing. */
  readonly denied: boolean;
  /** The IOMMU holds it under this number until software answers: it may be tried again. SMMUv3: STAG */
  readonly stalled?: number;
  /** A write into the interrupt address range: a message to a processor, not memory. */
  readonly interrupt: boolean;
  /** The IOVA cut into the index fields of this table format, highest first, offset last. */
  readonly address: readonly AddressField[];
  readonly steps: readonly WalkStep[];
  readonly fault: {
    readonly reason: number;
    readonly name: string;
    readonly why: string;
    readonly kernelLine: string;
  } | null;
}

/** A request that the fabric sent from device to device. */
export interface PeerPart {
  readonly deviceId: WorldId;
  /** The function where it turned. */
  readonly viaId: WorldId;
  /** From the device that asked to the one that was reached: every function on the way, both included. */
  readonly path: readonly WorldId[];
  readonly why: string;
}

/** What a device's traffic saw while a line ran: one for a `burst`, one for each background traffic that was on. */
export interface TrafficRun {
  readonly line: number;
  readonly deviceId: WorldId;
  /** Null: a burst. */
  readonly trafficId: WorldId | null;
  /** Hits, misses, blocked ones, and those that nobody translated. */
  readonly accesses: number;
  readonly hits: number;
  readonly misses: number;
  readonly blocked: number;
  /** Accesses in a row that went the same way, oldest first; behind the first 256, all that went one way. Their counts add up. */
  readonly spans: readonly TrafficSpan[];
  /** Where they went: one for each IOAS that answered for them, of the first eight. Those that no IOAS stood behind are in none. */
  readonly places: readonly TrafficPlaces[];
}

/** Where in an IOAS a run's accesses went: the range that they go to, cut into no more than 64 bins. */
export interface TrafficPlaces {
  readonly ioasId: WorldId;
  readonly start: bigint;
  readonly last: bigint;
  /** Whole pages. The last bin may reach past `last`. */
  readonly binBytes: bigint;
  /** Those that were met, ascending. */
  readonly bins: readonly TrafficBin[];
}

export interface TrafficBin {
  /** The bin's number: it begins at `start + at * binBytes`. */
  readonly at: number;
  readonly count: number;
  /** Of these. */
  readonly blocked: number;
  /** The first access to it, as a number among all of the run, from 0: a show lights it then. */
  readonly first: number;
}

/**
 * `hit`: found in a cache of translations, the device's own included. `miss`: tables were walked. `bypass`: nothing was
 * translated: no IOMMU, pass-through, an interrupt message, or another device's memory. `blocked`: refused.
 */
export type TrafficOutcome = 'hit' | 'miss' | 'bypass' | 'blocked';

export interface TrafficSpan {
  readonly count: number;
  /** Whose tables answered; null: nobody's that a program made. */
  readonly hwptId: WorldId | null;
  readonly outcome: TrafficOutcome;
  /** What the kernel was doing at the first of them; null: nothing, or it is a burst. */
  readonly during: string | null;
  /** An access of the span, the first unless accesses are many, with all that the hardware did; null beyond the first 50 spans, and where traffic goes on as it did for 50 lines. */
  readonly sample: Lookup | null;
}

/** What happened inside the machine at one line. */
export interface LineEvents {
  readonly line: number;
  /** How many there were. */
  readonly count: number;
  /** How many of each kind. */
  readonly kinds: Readonly<Partial<Record<TraceEvent['kind'], number>>>;
  /** The events in words where they are few; else only the calls of programs among them: the rest is read when somebody looks. */
  readonly events: readonly TraceEvent[];
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
  readonly traffic: readonly TrafficRun[];
  readonly events: readonly LineEvents[];
}

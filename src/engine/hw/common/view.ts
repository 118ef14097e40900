import type { Field } from './fields';

/** What a unit holds, in the words of its document: the same shape for every vendor. Plain data. */
export interface UnitView {
  readonly registers: readonly RegisterView[];
  readonly queues: readonly QueueView[];
  readonly caches: readonly CacheView[];
  readonly faults: readonly FaultRecordView[];
}

export interface RegisterView {
  /** As the document spells it. */
  readonly name: string;
  readonly offset: number;
  readonly bytes: 4 | 8;
  readonly value: bigint;
  /** Software may write some of its bits. */
  readonly writable: boolean;
  readonly fields: readonly Field[];
}

/** A ring in memory that the unit shares with its driver. */
export interface QueueView {
  /** e.g. `Invalidation queue`, `Event queue` */
  readonly name: string;
  readonly kind: 'commands' | 'events' | 'page-requests';
  readonly basePa: number;
  readonly entryBytes: number;
  /** Entries; indices as the registers have them. */
  readonly size: number;
  readonly head: number;
  readonly tail: number;
  readonly enabled: boolean;
  /** What stopped it, in the document's words; null while it runs. */
  readonly stopped: string | null;
  /** The latest entries, oldest first: done ones too, while they stand in memory. At most 32. */
  readonly entries: readonly QueueEntryView[];
}

export interface QueueEntryView {
  readonly index: number;
  readonly pa: number;
  readonly name: string;
  readonly words: readonly bigint[];
  readonly fields: readonly Field[];
  /** Between head and tail: not yet done, or not yet read. */
  readonly pending: boolean;
}

export interface CacheView {
  /** e.g. `iotlb`, `context`, `pasid`, `paging-structure`, `ste`, `cd`, `dte`, `ddt`, `pdt`, `interrupt` */
  readonly id: string;
  readonly name: string;
  readonly sets: number;
  readonly ways: number;
  readonly entries: readonly CacheEntryView[];
}

export interface CacheEntryView {
  readonly set: number;
  readonly way: number;
  /** What it is found by: each tag in the document's words. */
  readonly tags: readonly { readonly name: string; readonly value: string }[];
  /** What it answers, in a phrase: `PA 0x100000, 4 KiB, read and write`. */
  readonly gives: string;
  /** Of a translation: the range it covers and where it leads. */
  readonly iova?: bigint;
  readonly pa?: number;
  readonly sizeLg2?: number;
  /** Of an entry of one requester. */
  readonly rid?: number;
  /** The tables in memory say something else by now. */
  readonly stale: boolean;
  /** Of a stale translation: what they say instead, in a phrase like `gives`. */
  readonly now?: string;
}

/** A fault or event record as the hardware logged it. */
export interface FaultRecordView {
  readonly index: number;
  readonly device: string;
  readonly access: 'read' | 'write' | null;
  readonly iova: bigint;
  readonly reason: number;
  readonly name: string;
  /** 64-bit words, low first. */
  readonly words: readonly bigint[];
  readonly fields: readonly Field[];
  /** What the kernel prints for it. */
  readonly kernelLine: string;
}

/** One memory read or cache look-up of the hardware. */
export interface WalkStep {
  readonly kind: 'cache' | 'read';
  /** Of a cache: its id as in CacheView. Of a read: what was read, e.g. `context`, `pasid`, `dte`, `ste`, `cd`, `table`. */
  readonly structure: string;
  /** Of a `table` read where two stages meet: which one's. Null where there is one stage, or it is no table. */
  readonly stage: 1 | 2 | null;
  /** `hit` and `miss` for caches; for reads what the entry turned out to be. */
  readonly outcome: 'hit' | 'miss' | 'table' | 'leaf' | 'fault';
  /** Of a table: 1 holds only leaves; 0 where it does not apply. */
  readonly level: number;
  /** Of a second-stage read: the level of the first-stage table whose address it translates; 0: the final address. Else null. */
  readonly forLevel: number | null;
  readonly title: string;
  readonly index: number | null;
  /** Physical address of the entry. */
  readonly pa: number | null;
  readonly words: readonly bigint[];
  readonly fields: readonly Field[];
  /** Of a table entry: which of `R`, `W`, `X` it lets through by itself, e.g. `RW`; absent where it says nothing of that. */
  readonly allows?: string;
  /** Of a table entry: the permissions that entries of its format speak of at all, e.g. `RWXU`; U: requests of users. */
  readonly permissions?: string;
  /** Of a leaf: log2 of the bytes that it maps, with equal entries beside it where the format joins those. */
  readonly sizeLg2?: number;
  /** Of a table entry, for `HardwareUnit.peek`: how its vendor reads entries of this table. */
  readonly reading?: string;
  /** Of a table: a cell an entry: 0 empty, 1 table, 2 leaf, 3 malformed. */
  readonly occupancy: Uint8Array | null;
}

/** What of a step tells which table it read, and how. */
export type TableOfStep = Pick<
  WalkStep,
  'structure' | 'stage' | 'level' | 'forLevel' | 'index' | 'pa' | 'reading'
>;

/** An address cut into the indices of a walk, highest first, offset last. */
export interface AddressField {
  /** `level 4` … `level 1`, `offset`; a superpage's unused levels merge into the offset. */
  readonly label: string;
  /** 1 holds only leaves; 0 for the offset. */
  readonly level: number;
  readonly bits: number;
  readonly value: number;
  /** The entry above leads past this level's table: the hardware looks whether these bits are zero. */
  readonly skipped?: true;
  /** Of the offset: index fields that a larger page made part of it, highest first. */
  readonly merged?: readonly { readonly level: number; readonly label: string; readonly bits: number }[];
}

/**
 * Everything the engine can tell about itself, as plain data that survives structuredClone.
 *
 * Devices are named by their PCI name (`0000:01:00.0`), IOMMU units and groups by their world id (`iommu:dmar0`,
 * `group:7`), domains by the label their driver gives them (`domain 3`).
 */
export type TraceEvent =
  | IoctlEvent
  | LockEvent
  | OwnershipEvent
  | DomainEvent
  | MapEvent
  | RegisterEvent
  | CommandEvent
  | MemoryReadEvent
  | QueueEvent
  | CacheEvent
  | DmaEvent
  | FaultEvent
  | KernelLogEvent
  | GuestErrorEvent
  | UnimplementedEvent;

/** A structure came in from a program and went back to it. */
export interface IoctlEvent {
  readonly kind: 'ioctl';
  /** What it was called on, e.g. `ctx:1`. */
  readonly file: string;
  /** e.g. `IOMMU_IOAS_MAP`, or null for a number that is no command. */
  readonly name: string | null;
  readonly cmd: number;
  readonly argVa: bigint;
  /** The structure as it came in and as it went back; empty when it could not be read. */
  readonly before: Uint8Array;
  readonly after: Uint8Array;
  /** What the structure points to, as far as the call copied any of it. */
  readonly payload?: IoctlPayload;
  /** What the call returns: at least 0, or minus the errno. */
  readonly returned: number;
}

/** A program's memory that the structure of a call points to: data of a driver, or an array. */
export interface IoctlPayload {
  /** The field with its address, e.g. `data_uptr`. */
  readonly field: string;
  /** Bytes that the caller says it has; what is told ends where the kernel's copies did, or at the first 4096. */
  readonly claimed: bigint;
  /** What the kernel read there; empty: nothing. */
  readonly read: Uint8Array;
  /** The same, with what the kernel wrote in its place; empty: it wrote nothing. */
  readonly written: Uint8Array;
}

/** A task took a lock, let it go, or had to wait: for a lock that others have, or for something to happen. */
export interface LockEvent {
  readonly kind: 'lock';
  readonly op: 'acquire' | 'release' | 'wait';
  /** The lock's name; of a wait for something else what is waited for, e.g. `wait_cnt of IOAS 2`. */
  readonly lock: string;
  /** World id of what the lock belongs to, where it says. */
  readonly of?: string;
  /** As a reader: others may read at the same time. */
  readonly shared?: true;
  /** The task, where it is not just the line that runs. */
  readonly task?: string;
  /** Of a wait for a lock: the tasks that have it. */
  readonly heldBy?: readonly string[];
}

/** DMA ownership of a group changed (iommu core). */
export interface OwnershipEvent {
  readonly kind: 'ownership';
  readonly group: string;
  readonly owner: string | null;
  readonly ownerCount: number;
}

/** One device of a group was moved to another domain: a driver's attach_dev or set_dev_pasid was called. */
export interface DomainEvent {
  readonly kind: 'domain';
  readonly device: string;
  /** Absent: requests without a PASID. */
  readonly pasid?: number;
  readonly from: string | null;
  readonly to: string;
}

/** A range was entered in or taken out of a domain's page table. */
export interface MapEvent {
  readonly kind: 'map' | 'unmap';
  readonly domain: string;
  readonly iova: bigint;
  readonly last: bigint;
  readonly entries: number;
}

/** A driver touched a hardware register. */
export interface RegisterEvent {
  readonly kind: 'register';
  readonly unit: string;
  readonly op: 'read' | 'write';
  readonly name: string;
  readonly offset: number;
  readonly value: bigint;
}

/** The hardware executed a command (VT-d: an invalidation descriptor). */
export interface CommandEvent {
  readonly kind: 'command';
  readonly unit: string;
  readonly name: string;
  readonly words: readonly bigint[];
  /** What it did, e.g. `4 IOTLB entries dropped`. */
  readonly effect: string;
}

/** A structure or table entry that the hardware read from memory while it translated. */
export interface MemoryReadEvent {
  readonly kind: 'read';
  readonly unit: string;
  /** What was read in the vendor's word: `root`, `context`, `pasid`, `dte`, `ste`, `cd`; `table` for a page-table entry. */
  readonly structure: string;
  /** Page-table level as Linux counts: 0 holds only leaves. -1 for everything else. */
  readonly level: number;
  /** Of a page-table entry where two stages meet: which one's. */
  readonly stage?: 1 | 2;
  /** Of a second-stage entry: the level of the first-stage table whose address it translates; absent: the final address, or none. */
  readonly forLevel?: number;
  /** Of a table whose granule is not 4 KiB: log2 of that. */
  readonly granuleLg2?: number;
  readonly index: number;
  /** Physical address of the entry. */
  readonly pa: number;
  /** 64-bit words of the entry, low first. */
  readonly words: readonly bigint[];
}

/** The hardware took a command out of a queue in memory, or put a record into one. */
export interface QueueEvent {
  readonly kind: 'queue';
  readonly unit: string;
  readonly op: 'fetch' | 'write';
  readonly structure: 'command' | 'event' | 'page-request';
  readonly index: number;
  /** Physical address of the entry. */
  readonly pa: number;
  /** 64-bit words of the entry, low first. */
  readonly words: readonly bigint[];
}

export interface CacheEvent {
  readonly kind: 'cache';
  readonly unit: string;
  /** The cache's id, e.g. `iotlb`, `context`, `pasid`, `dte`, `ste`, `device-tlb`. */
  readonly cache: string;
  readonly op: 'hit' | 'miss' | 'fill' | 'evict';
  /** The tag in words, e.g. `did 3 iova 0x100000`. */
  readonly tag: string;
}

/** One page's worth of a DMA ended: a physical address, or a fault (told by the fault event before it). */
export interface DmaEvent {
  readonly kind: 'dma';
  readonly device: string;
  readonly access: 'read' | 'write';
  /** Absent: the requests carry none. */
  readonly pasid?: number;
  readonly iova: bigint;
  readonly bytes: number;
  /** Physical address, or null when the access was blocked. */
  readonly pa: number | null;
  /** `peer`: it never came to an IOMMU, but to another device. */
  readonly from: 'bypass' | 'iotlb' | 'walk' | 'device-tlb' | 'peer';
}

/** The hardware refused a transaction. */
export interface FaultEvent {
  readonly kind: 'fault';
  readonly unit: string;
  readonly device: string;
  readonly access: 'read' | 'write';
  /** Absent: the request carried none. */
  readonly pasid?: number;
  readonly iova: bigint;
  /** The document's number and name of the reason. */
  readonly reason: number;
  readonly name: string;
  /** Whether a fault record was written (false: suppressed, or the queue was full). */
  readonly recorded: boolean;
  /** The record as the hardware logged it, 64-bit words, low first; absent: none. */
  readonly words?: readonly bigint[];
}

/** A line that the kernel would print. */
export interface KernelLogEvent {
  readonly kind: 'log';
  readonly level: 'info' | 'warn' | 'err';
  readonly text: string;
}

/** Software misprogrammed the hardware; says what the document allows and what this model chose. */
export interface GuestErrorEvent {
  readonly kind: 'guest-error';
  readonly unit: string;
  readonly text: string;
}

/** The model lacks what was asked of it. */
export interface UnimplementedEvent {
  readonly kind: 'unimplemented';
  readonly unit: string;
  readonly text: string;
}

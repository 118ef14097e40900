import type { PciKind } from '../pci/function-spec';
export type { PciKind } from '../pci/function-spec';
import type { ResvRegion } from '../iommu/ops';

/**
 * The world as the page sees it: plain data by id, rebuilt after every line and sent as a difference.
 * Nothing here is computed in the page; every value is read off the engine's objects.
 */
export type WorldId = string;

export type WorldObject =
  | DeviceObject
  | GroupObject
  | IommuObject
  | ContextObject
  | IdevObject
  | IoasObject
  | HwptObject
  | ProcessObject;
export type WorldType = WorldObject['type'];

interface Base {
  readonly id: WorldId;
  /** The name the script gave it, if any. */
  readonly name: string | null;
  /** Where the script placed it on the canvas, if it did. */
  readonly place: { readonly x: number; readonly y: number } | null;
}

/** A PCI function. id `dev:0000:01:00.0` */
export interface DeviceObject extends Base {
  readonly type: 'device';
  /** `0000:01:00.0` */
  readonly bdf: string;
  readonly kind: PciKind;
  readonly isBridge: boolean;
  /** Human name from the dump or the script, else null. Text from outside: never markup. */
  readonly label: string | null;
  readonly vendorId: number;
  readonly deviceId: number;
  /** 24-bit class code, base class first: 0x020000 is Ethernet. */
  readonly classCode: number;
  /** e.g. `Ethernet controller` */
  readonly className: string;
  /** The bridge above it, null on a root bus. */
  readonly parentId: WorldId | null;
  readonly acs: AcsObject | null;
  readonly multifunction: boolean;
  /** Null for none. `managed`: driver_managed_dma, i.e. it does not count as a DMA-API user of its group. */
  readonly driver: { readonly name: string; readonly managed: boolean } | null;
  readonly groupId: WorldId | null;
  /** Why it has no group, when it has none. */
  readonly ungrouped: string | null;
  /** The IOMMU unit in whose scope it is. */
  readonly iommuId: WorldId | null;
  readonly idevId: WorldId | null;
  readonly hwptId: WorldId | null;
  /** `IOMMU group: N` of the dump it came from. */
  readonly recordedGroup: number | null;
}

export interface AcsObject {
  /** Capability and control bits by name: SV TB RR CR UF EC DT. */
  readonly cap: readonly string[];
  readonly ctrl: readonly string[];
}

/** id `group:7` */
export interface GroupObject extends Base {
  readonly type: 'group';
  readonly number: number;
  readonly deviceIds: readonly WorldId[];
  /** Why each device after the first is here. */
  readonly joins: readonly GroupJoin[];
  /** The iommufd context that owns its DMA. */
  readonly ownerId: WorldId | null;
  readonly ownerCount: number;
  /** sysfs `type`: of the default domain. */
  readonly defaultType: string;
  /** What it is attached to now. */
  readonly domain: { readonly label: string; readonly type: string };
  readonly hwptId: WorldId | null;
  readonly reserved: readonly ResvRegion[];
  /** Sentences: how this group differs from the dump's own `IOMMU group:` lines. */
  readonly mismatches: readonly string[];
}

export interface GroupJoin {
  readonly deviceId: WorldId;
  /** The device whose group it joined. */
  readonly withId: WorldId;
  /** e.g. `dma-alias`, `acs-bridge`, `multifunction`, `quirk-alias` */
  readonly rule: string;
  readonly why: string;
}

/** id `iommu:dmar0` */
export interface IommuObject extends Base {
  readonly type: 'iommu';
  readonly vendor: 'vtd';
  /** e.g. `DMAR 0` */
  readonly title: string;
  readonly enabled: boolean;
  /** Address width of its second-stage tables in bits. */
  readonly addressBits: number;
  readonly deviceIds: readonly WorldId[];
  readonly registers: readonly RegisterObject[];
  readonly queue: {
    readonly head: number;
    readonly tail: number;
    readonly size: number;
    readonly done: number;
  };
  readonly iotlb: { readonly sets: number; readonly ways: number; readonly entries: readonly IotlbEntry[] };
  readonly contextCache: readonly ContextCacheEntry[];
  readonly faults: readonly FaultRecord[];
}

export interface RegisterObject {
  readonly name: string;
  readonly offset: number;
  readonly value: bigint;
}

export interface IotlbEntry {
  readonly set: number;
  readonly way: number;
  readonly did: number;
  readonly iova: bigint;
  readonly pa: number;
  readonly sizeLg2: number;
  readonly read: boolean;
  readonly write: boolean;
  /** The tables say something else by now. */
  readonly stale: boolean;
}

export interface ContextCacheEntry {
  readonly device: string;
  readonly did: number;
  readonly rootPa: number;
  readonly stale: boolean;
}

export interface FaultRecord {
  readonly index: number;
  readonly device: string;
  readonly access: 'read' | 'write';
  readonly iova: bigint;
  readonly reason: number;
  readonly name: string;
  /** The 128-bit record, low word first. */
  readonly words: readonly bigint[];
  /** What the kernel prints for it. */
  readonly kernelLine: string;
}

/** An open /dev/iommu. id `ctx:1` */
export interface ContextObject extends Base {
  readonly type: 'context';
  readonly number: number;
  readonly processId: WorldId;
  readonly objectIds: readonly WorldId[];
}

/** An iommufd device object: a bound device. id `idev:1.2` (context, object id) */
export interface IdevObject extends Base {
  readonly type: 'idev';
  readonly contextId: WorldId;
  readonly objectId: number;
  readonly deviceId: WorldId;
  readonly hwptId: WorldId | null;
}

/** id `ioas:1.2` */
export interface IoasObject extends Base {
  readonly type: 'ioas';
  readonly contextId: WorldId;
  readonly objectId: number;
  readonly areas: readonly AreaObject[];
  /** Holes: what attached devices and apertures take away. */
  readonly reserved: readonly { readonly start: bigint; readonly last: bigint; readonly why: string }[];
  readonly allowed: readonly { readonly start: bigint; readonly last: bigint }[];
  readonly hwptIds: readonly WorldId[];
  readonly alignment: number;
}

export interface AreaObject {
  readonly iova: bigint;
  readonly last: bigint;
  readonly read: boolean;
  readonly write: boolean;
  readonly processId: WorldId;
  /** Name of the script's buffer, if it lies in one. */
  readonly buffer: string | null;
  readonly userVa: bigint;
  readonly pinnedPages: number;
}

/** id `hwpt:1.3` */
export interface HwptObject extends Base {
  readonly type: 'hwpt';
  readonly contextId: WorldId;
  readonly objectId: number;
  readonly auto: boolean;
  readonly nestParent: boolean;
  readonly ioasId: WorldId;
  readonly iommuId: WorldId;
  readonly domain: string;
  /** References: one a attached device, and so on. Linux: obj.users - 1 */
  readonly users: number;
  readonly deviceIds: readonly WorldId[];
  readonly format: string;
  readonly levels: number;
  readonly rootPa: number;
  /** Leaf entries by log2 of their page size. */
  readonly leaves: readonly { readonly sizeLg2: number; readonly count: number }[];
  readonly tablePages: number;
}

/** A process's memory. id `mm:qemu` */
export interface ProcessObject extends Base {
  readonly type: 'process';
  readonly title: string;
  readonly buffers: readonly BufferObject[];
  readonly pinnedPages: number;
}

export interface BufferObject {
  readonly name: string | null;
  readonly userVa: bigint;
  readonly bytes: number;
  readonly pageSizeLg2: number;
  /** Physical address of its first byte. */
  readonly pa: number;
}

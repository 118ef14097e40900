import type { PciKind } from '../pci/function-spec';
export type { PciKind } from '../pci/function-spec';
import type { FaultRecordView } from '../hw/common/view';
import type { UnitSummary } from '../hw/unit';
import type { UnitVendor } from './vendor';
import type { DmaApiView } from '../dma/view';
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
  | AccessObject
  | FaultQueueObject
  | ViommuObject
  | VdeviceObject
  | VeventqObject
  | HwQueueObject
  | SelftestObject
  | ProcessObject
  | TaskObject
  | TrafficObject;
export type WorldType = WorldObject['type'];

interface Base {
  readonly id: WorldId;
  /** The name the script gave it, if any. */
  readonly name: string | null;
  /** Where the script placed it on the canvas, if it did. */
  readonly place: { readonly x: number; readonly y: number } | null;
}

/** A PCI function, id `dev:0000:01:00.0`, or another device by its name. */
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
  /** What its software switched on of ATS, PRI and PASID. */
  readonly services: readonly ('ATS' | 'PRI' | 'PASID')[];
  /** Translations that it keeps itself, oldest first. */
  readonly deviceTlb: readonly DeviceTlbView[];
  /** The domain that it uses itself: its group's, but after a move that failed half-way. */
  readonly domain: string | null;
  /** `IOMMU group: N` of the dump it came from. */
  readonly recordedGroup: number | null;
  /** Of what is on no PCI bus, and has a name instead of an address. */
  readonly platform?: PlatformTraits;
}

/** What firmware says of a device that cannot be enumerated. */
export interface PlatformTraits {
  /** What its IOMMU knows it by: the DMA of the device carries the first. */
  readonly streams: readonly number[];
  /** Its faults may wait for an answer. */
  readonly stall: boolean;
  /** Its interrupts are messages that the interrupt controller keeps apart. */
  readonly msi: boolean;
}

/** What a device kept of an answer to an ATS request. */
export interface DeviceTlbView {
  /** Null: of requests without one. */
  readonly pasid: number | null;
  readonly iova: bigint;
  readonly sizeLg2: number;
  readonly pa: number;
  readonly read: boolean;
  readonly write: boolean;
  /** The IOMMU would not tell it so any more. */
  readonly stale: boolean;
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
  /** What serves DMA with a PASID. */
  readonly pasids: readonly { readonly pasid: number; readonly domain: string }[];
  /** One of its devices is being reset: nobody may move the group. */
  readonly resetting: boolean;
  /** Addresses that the DMA API hands out; null where it uses physical ones. */
  readonly dmaApi: DmaApiView | null;
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
  /** The registers, quirks and headers that decide, nearest first. */
  readonly evidence: readonly JoinEvidence[];
}

/** One thing that Linux looked at. */
export interface JoinEvidence {
  readonly deviceId: WorldId;
  /** Where it stands, as lspci names it: `ACSCap`, `ACSCtl`, `header type`, `Express`; else `quirk` (a table in the kernel), `firmware`, `IOMMU`, `host bridge`. */
  readonly where: string;
  /** What is there, e.g. `SV+ RR- CR- UF+`, `single function`, `no ACS capability`. */
  readonly what: string;
  /** ACS bits that are missing, by name. */
  readonly missing: readonly string[];
  /** The function of the kernel that asks for it. */
  readonly rule: string;
}

/** id `iommu:dmar0`. Registers, queue entries and cache entries are asked for: EngineApi.hardware(). */
export interface IommuObject extends Base, UnitSummary {
  readonly type: 'iommu';
  /** `generic`: of no vendor, without registers, queues and caches. */
  readonly vendor: UnitVendor | 'generic';
  /** e.g. `Intel VT-d dmar0` */
  readonly title: string;
  readonly deviceIds: readonly WorldId[];
  /** What a scenario chose of it, in words. */
  readonly traits: readonly string[];
  /** The latest that the driver has read or the hardware still holds, oldest first. */
  readonly faults: readonly FaultRecordView[];
  /** Translations in its IOTLB that the tables contradict by now, by `HwptObject.tag`; absent: none. */
  readonly staleBy?: Readonly<Record<string, number>>;
}

/** An open /dev/iommu. id `ctx:1` */
export interface ContextObject extends Base {
  readonly type: 'context';
  readonly number: number;
  readonly processId: WorldId;
  readonly objectIds: readonly WorldId[];
}

/** What every object of a context's table shows. */
interface InContext extends Base {
  readonly contextId: WorldId;
  readonly objectId: number;
}

/** An iommufd device object: a bound device. id `idev:1.2` (context, object id) */
export interface IdevObject extends InContext {
  readonly type: 'idev';
  readonly deviceId: WorldId;
  /** What serves its DMA without a PASID. */
  readonly hwptId: WorldId | null;
  /** What serves its DMA with one. */
  readonly pasids: readonly { readonly pasid: number; readonly hwptId: WorldId }[];
}

/** id `ioas:1.2` */
export interface IoasObject extends InContext {
  readonly type: 'ioas';
  readonly areas: readonly AreaObject[];
  /** Holes: what attached devices and apertures take away. */
  readonly reserved: readonly { readonly start: bigint; readonly last: bigint; readonly why: string }[];
  readonly allowed: readonly { readonly start: bigint; readonly last: bigint }[];
  readonly hwptIds: readonly WorldId[];
  readonly accessIds: readonly WorldId[];
  readonly alignment: number;
  /** IOMMU_OPTION_HUGE_PAGES: off means every entry is one page. */
  readonly hugePages: boolean;
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
  /** Pins of it by accesses, and those among them that keep it from being unmapped. */
  readonly accessPins: number;
  readonly locks: number;
  /** Null while it is being mapped or unmapped. */
  readonly pages: PagesObject | null;
}

/** The memory behind an area; areas made by a copy share it. Linux: struct iopt_pages */
export interface PagesObject {
  /** Counted through the machine; the same for areas that share them. */
  readonly id: number;
  readonly source: 'memory' | 'file' | 'dma-buf';
  /** Against whom its pinned pages count. Linux: iopt_pages::account_mode */
  readonly account: 'none' | 'user' | 'mm';
  readonly writable: boolean;
  /** All of it, not only this area's part. */
  readonly pages: number;
  readonly pinnedPages: number;
  /** Of this area's pages: where the kernel keeps their numbers, from the first page on. */
  readonly tiers: readonly PageTier[];
}

/**
 * Pages in a row whose numbers are kept in the same place: the table of accesses, a domain's page table, or nowhere, when
 * nothing has them pinned. Linux: drivers/iommu/iommufd/pages.c, head comment
 */
export interface PageTier {
  readonly tier: 'access' | 'domain' | 'nowhere';
  /** Counted from the area's first page. */
  readonly first: number;
  readonly last: number;
  /** The HWPT whose table keeps them. */
  readonly hwptId: WorldId | null;
}

/** id `hwpt:1.3` */
export interface HwptObject extends InContext {
  readonly type: 'hwpt';
  readonly auto: boolean;
  /** A guest's own table, walked on top of `parentId`. */
  readonly nested: boolean;
  readonly nestParent: boolean;
  /** Of a nested one: the HWPT that translates what it gives. */
  readonly parentId: WorldId | null;
  /** Of a nested one made through a vIOMMU. */
  readonly viommuId: WorldId | null;
  /** Who gets its page faults. */
  readonly faultId: WorldId | null;
  /** May serve DMA with a PASID. Linux: IOMMU_HWPT_ALLOC_PASID */
  readonly pasid: boolean;
  /** It can tell which pages were written. */
  readonly dirtyTracking: boolean;
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
  /** What tags it in the hardware's caches, e.g. `DID 3`; null while it has none. */
  readonly tag: string | null;
  /** Other units with devices that use it, and what tags it in their caches; absent: none. */
  readonly alsoOn?: readonly { readonly iommuId: WorldId; readonly tag: string }[];
}

/** A kernel driver's way to the memory of an IOAS without an IOMMU. id `access:1.5` */
export interface AccessObject extends InContext {
  readonly type: 'access';
  readonly ioasId: WorldId | null;
  /** It may hold pages, and so needs whole ones. */
  readonly needsPins: boolean;
  /** The kernel's own, for a HW queue: what it pins cannot be unmapped. */
  readonly internal: boolean;
}

/** id `fault:1.6` */
export interface FaultQueueObject extends InContext {
  readonly type: 'fault';
  readonly hwptIds: readonly WorldId[];
  /** Its descriptor is open. */
  readonly open: boolean;
  /** Groups of page faults that nobody has read. */
  readonly queued: readonly PendingFault[];
  /** Read, and waiting for an answer. */
  readonly pending: readonly PendingFault[];
}

export interface PendingFault {
  /** Null before it is read. */
  readonly cookie: number | null;
  readonly deviceId: WorldId;
  readonly pasid: number | null;
  readonly grpid: number;
  readonly iova: bigint;
  /** Of `rwxp`. */
  readonly perm: string;
}

/** A guest's slice of a physical IOMMU. id `viommu:1.7` */
export interface ViommuObject extends InContext {
  readonly type: 'viommu';
  /** Its type, as the header names it. */
  readonly kind: string;
  readonly iommuId: WorldId;
  readonly parentId: WorldId;
  readonly vdeviceIds: readonly WorldId[];
  readonly veventqIds: readonly WorldId[];
  readonly hwQueueIds: readonly WorldId[];
}

/** A device as a vIOMMU's guest sees it. id `vdevice:1.8` */
export interface VdeviceObject extends InContext {
  readonly type: 'vdevice';
  readonly viommuId: WorldId;
  readonly idevId: WorldId | null;
  readonly virtId: bigint;
}

/** Hardware events for a guest. id `veventq:1.9` */
export interface VeventqObject extends InContext {
  readonly type: 'veventq';
  readonly viommuId: WorldId;
  /** Type of its events, as the header names it. */
  readonly kind: string;
  readonly depth: number;
  /** Entries to be read; the last may be the news of lost events. */
  readonly queued: number;
  readonly lost: boolean;
  readonly open: boolean;
}

/** A queue in guest memory that hardware reads by itself. id `hwqueue:1.10` */
export interface HwQueueObject extends InContext {
  readonly type: 'hw-queue';
  readonly viommuId: WorldId;
  readonly kind: string;
  readonly index: number;
  readonly iova: bigint;
  readonly bytes: number;
}

/** A mock device of the kernel's self-tests. id `selftest:1.1` */
export interface SelftestObject extends InContext {
  readonly type: 'selftest';
  readonly title: string;
  readonly idevId: WorldId;
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

/**
 * A control path in progress: begun by hand (`t1 = begin …`), or a line that has to wait for others. Once it is over it
 * stays until `finish` has asked how it ended. id `task:t1`
 */
export interface TaskObject extends Base {
  readonly type: 'task';
  /** The action, as the script says it. */
  readonly what: string;
  /** Line of the script that began it. */
  readonly line: number;
  /** `ready`: it could go on. */
  readonly state: 'ready' | 'blocked' | 'finished';
  /** It moves only when told to; else it goes on by itself. */
  readonly stepped: boolean;
  /** Locks that it holds, in the order in which it took them. */
  readonly holds: readonly TaskLock[];
  /** What its next step does, e.g. `takes igroup->lock`; null once it is over. */
  readonly next: string | null;
  /** What it is blocked by: a lock, or something that must happen. */
  readonly waitsFor: TaskWait | null;
  /** Tasks in its way: who has the lock, and who waits for it before this one. */
  readonly heldBy: readonly WorldId[];
  /** It waits for a task that waits for this one: neither ever goes on. */
  readonly deadlocked: boolean;
  /** How it ended. */
  readonly outcome: string | null;
}

export interface TaskLock {
  /** e.g. `igroup->lock` */
  readonly lock: string;
  /** What the lock belongs to, where it says. */
  readonly of: WorldId | null;
  /** As a reader: others may read at the same time. */
  readonly shared: boolean;
  /** Line of the script at which it was taken. */
  readonly line: number;
}

export type TaskWait =
  | { readonly kind: 'lock'; readonly lock: string; readonly of: WorldId | null; readonly shared: boolean }
  /** `limit`: how long at most, in words. */
  | { readonly kind: 'event'; readonly what: string; readonly limit: string | null };

/** Background traffic of a device, until it is stopped. id `traffic:net` */
export interface TrafficObject extends Base {
  readonly type: 'traffic';
  readonly deviceId: WorldId;
  readonly access: 'read' | 'write';
  /** The range in which it makes its accesses. */
  readonly start: bigint;
  readonly last: bigint;
  /** Bytes of one access. */
  readonly size: number;
  readonly pattern: TrafficPattern;
  readonly pasid: number | null;
  readonly accesses: number;
  readonly hits: number;
  readonly misses: number;
  readonly blocked: number;
  /** The first access that did not get through, and what the kernel was doing; null: all did. */
  readonly firstBlocked: {
    readonly line: number;
    readonly iova: bigint;
    readonly during: string | null;
  } | null;
}

/** One after another and round again; anywhere; or lists of pieces of uneven sizes. */
export type TrafficPattern = 'ring' | 'random' | 'scatter';

import type { Errno } from '../../kernel/errno';
import type { WorldId } from '../world';

/** What stands between a device and a VM that wants it, and what would help. */
export interface PassthroughVerdict {
  readonly deviceId: WorldId;
  /** `ready`: VFIO opens it as things are. `needs-work`: `lines` make it ready. `blocked`: something else has to change. */
  readonly state: 'ready' | 'needs-work' | 'blocked';
  /** One sentence that says it all. */
  readonly summary: string;
  readonly obstacles: readonly Obstacle[];
  /** Of `needs-work`: the script lines that make it ready, in their order. */
  readonly lines: readonly string[];
}

export interface Obstacle {
  readonly kind: ObstacleKind;
  /** `warns`: it does not stand in the way, but a person should know. */
  readonly weight: 'blocks' | 'warns';
  readonly why: string;
  /** What VFIO answers because of it. */
  readonly errno: Errno | null;
  /** Kernel function that says so. */
  readonly rule: string | null;
  /** The devices that it is about. */
  readonly deviceIds: readonly WorldId[];
  /** What can be done about it, in words. */
  readonly remedy: string | null;
  /** The same as script lines; empty: nothing from here. */
  readonly lines: readonly string[];
  /** A line that shows it happen, e.g. a DMA that passes the IOMMU; absent: there is none. */
  readonly shownBy?: string;
}

export type ObstacleKind =
  /** The kernel has made no group of it, most often as no IOMMU has it in its scope. */
  | 'no-group'
  | 'bridge'
  | 'virtual-functions'
  | 'coherency'
  | 'interrupts'
  /** Firmware wants addresses of it mapped 1:1 for good. */
  | 'reserved'
  | 'own-driver'
  | 'sibling-driver'
  /** Somebody else has its group. */
  | 'owned'
  /** Its group has more devices: they go to the same VM, or stay idle. */
  | 'sibling-goes-along'
  /** Devices of other groups that it can reach all the same. */
  | 'peer-to-peer'
  /** A try ended in a refusal that nothing of the above explains. */
  | 'refused';

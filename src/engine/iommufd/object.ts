import type { KernelFile } from '../kernel/file';
import type { Task } from '../kernel/task';
import type { Access } from './access';
import type { IommufdCtx } from './ctx';
import type { IommufdDevice } from './device';
import type { FaultQueue } from './fault';
import type { HwQueue } from './hw-queue';
import type { HwptPaging } from './hwpt';
import type { HwptNested } from './hwpt-nested';
import type { Ioas } from './ioas';
import type { SelftestObject } from './selftest/selftest-object';
import type { Vdevice } from './vdevice';
import type { Veventq } from './veventq';
import type { Viommu } from './viommu';

/** The types that live in a context's table. Linux: enum iommufd_object_type */
export interface ObjectByKind {
  readonly device: IommufdDevice;
  readonly 'hwpt-paging': HwptPaging;
  readonly 'hwpt-nested': HwptNested;
  readonly ioas: Ioas;
  readonly access: Access;
  readonly fault: FaultQueue;
  readonly viommu: Viommu;
  readonly vdevice: Vdevice;
  readonly veventq: Veventq;
  readonly 'hw-queue': HwQueue;
  readonly selftest: SelftestObject;
}
export type ObjectKind = keyof ObjectByKind;
export type AnyObject = ObjectByKind[ObjectKind];
/** Linux: struct iommufd_hw_pagetable */
export type AnyHwpt = ObjectByKind['hwpt-paging' | 'hwpt-nested'];

/** Who refers to an object, in words, and the one to point at. */
export interface Holders {
  readonly why: string;
  readonly culprit?: string;
}

/**
 * What every object of a context has.
 *
 * Linux: drivers/iommu/iommufd/iommufd_private.h struct iommufd_object
 */
export abstract class IommufdObject {
  abstract readonly kind: ObjectKind;
  /** World id, e.g. `ioas:1.2`. */
  abstract readonly worldId: string;
  /** For sentences, e.g. `IOAS 2`. */
  abstract readonly title: string;
  /** One of the table, and one of each who refers to the object. */
  users = 1;
  /** One of the table, and one of each ioctl that has the object in hand. */
  waitCnt = 1;
  /** The descriptor that is made with it, which holds it. */
  file: KernelFile | null = null;

  constructor(
    readonly ctx: IommufdCtx,
    readonly id: number,
  ) {}

  /** Keeps it from going, for as long as a call has it in hand; false when it is going already. Linux: iommufd_lock_obj() */
  lock(): boolean {
    if (this.users === 0 || this.waitCnt === 0) return false;
    this.users++;
    this.waitCnt++;
    return true;
  }

  /** Its driver wants it gone: whatever holds `waitCnt` for longer than a call must let go. */
  *preDestroy(): Task<void> {
    return;
  }

  /** Undoes what its making did; the object is out of the table. */
  abstract destroy(): Task<void>;

  /** As `destroy`, for an object that nobody has seen yet and whose maker may hold locks. */
  abort(): Task<void> {
    return this.destroy();
  }

  /** For a refused destroy: who refers to it. */
  abstract holders(): Holders;
}

import type { Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { IommufdDevice } from './device';
import type { HwptPaging } from './hwpt';
import type { Ioas } from './ioas';

/** The types that live in a context's table. Linux: enum iommufd_object_type */
export interface ObjectByKind {
  readonly device: IommufdDevice;
  readonly 'hwpt-paging': HwptPaging;
  readonly ioas: Ioas;
}
export type ObjectKind = keyof ObjectByKind;
export type AnyObject = ObjectByKind[ObjectKind];

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

  constructor(
    readonly ctx: IommufdCtx,
    readonly id: number,
  ) {}

  /** Undoes what its making did; the object is out of the table. */
  abstract destroy(): Task<void>;

  /** As `destroy`, for an object that nobody has seen yet and whose maker may hold locks. */
  abort(): Task<void> {
    return this.destroy();
  }

  /** For a refused destroy: who refers to it. */
  abstract holders(): { readonly why: string; readonly culprit?: string };
}

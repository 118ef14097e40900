import { invariant } from '../../lib/invariant';
import { Mutex, type Task } from '../kernel/task';
import type { IommufdCtx } from './ctx';
import type { HwptPaging } from './hwpt';
import { IoPagetable } from './iopt';
import { unmapAll } from './iopt-unmap';
import { IommufdObject, type Holders } from './object';

/**
 * An I/O address space: what is mapped where, whichever IOMMUs it ends in.
 *
 * Linux: drivers/iommu/iommufd/ioas.c struct iommufd_ioas
 */
export class Ioas extends IommufdObject {
  readonly kind = 'ioas';
  readonly worldId: string;
  readonly title: string;
  /** The list of HWPTs; held while one is looked for, made and attached. */
  readonly mutex: Mutex;
  readonly iopt: IoPagetable;
  /** In the order of their making. */
  readonly hwpts: HwptPaging[] = [];

  constructor(ctx: IommufdCtx, id: number) {
    super(ctx, id);
    this.worldId = `ioas:${ctx.number}.${id}`;
    this.title = `IOAS ${id}`;
    this.mutex = new Mutex('ioas->mutex', { of: this.worldId });
    this.iopt = new IoPagetable(this, ctx.module);
  }

  /** Mappings do not keep it: they go with it. Linux: iommufd_ioas_destroy() */
  override *destroy(): Task<void> {
    yield* unmapAll(this.iopt);
    this.iopt.unreserve(null);
    const { areas, reserved, domains, accesses } = this.iopt;
    invariant(
      areas.size === 0 && reserved.size === 0 && domains.length === 0 && accesses.size === 0,
      `${this.title} goes with something in it`,
    );
  }

  override holders(): Holders {
    const holders = [...this.hwpts, ...this.iopt.accesses.values()];
    const [first] = holders;
    if (!first) return { why: 'another call works with it' };
    return {
      why: `${holders.map((each) => each.title).join(', ')} belongs to it`,
      culprit: first.worldId,
    };
  }
}

import { invariant } from '../../lib/invariant';
import type { DmaOwner, IommuGroup } from '../iommu/group';
import type { IommuCore } from '../iommu/core';
import { Mutex, type Task } from '../kernel/task';
import type { UserMemory } from '../memory/user-memory';
import type { Igroup } from './igroup';
import { ObjectTable } from './object-table';

/** Linux: iommufd's module parameters */
export interface IommufdOptions {
  /** Bind devices whose MSIs the platform cannot isolate. Linux: allow_unsafe_interrupts */
  readonly allowUnsafeInterrupts: boolean;
}

/** /dev/iommu of one machine. */
export class Iommufd {
  readonly contexts: IommufdCtx[] = [];
  private opened = 0;

  constructor(
    readonly core: IommuCore,
    readonly options: IommufdOptions = { allowUnsafeInterrupts: false },
  ) {}

  /** Linux: iommufd_fops_open() */
  open(memory: UserMemory): IommufdCtx {
    const ctx = new IommufdCtx(this, ++this.opened, memory);
    this.contexts.push(ctx);
    return ctx;
  }
}

/**
 * An open /dev/iommu: the owner of the DMA of every group bound to it.
 *
 * Linux: drivers/iommu/iommufd/iommufd_private.h struct iommufd_ctx
 */
export class IommufdCtx implements DmaOwner {
  readonly worldId: string;
  readonly title: string;
  readonly objects: ObjectTable;
  /** What this context keeps of each group it has devices of, by group number. */
  readonly groups = new Map<number, Igroup>();
  /** Readers: IOAS_ALLOC; a writer sees every IOAS there is. */
  readonly ioasCreationLock = new Mutex('ictx->ioas_creation_lock');
  /** Against whose limit pinned pages count: of the user, or of the process. */
  accountMode: 'user' | 'mm' = 'user';
  /** The descriptor itself, and every device bound: the context lives until all are gone. */
  private files = 1;

  constructor(
    readonly module: Iommufd,
    readonly number: number,
    /** Memory of the process that opened it. */
    readonly memory: UserMemory,
  ) {
    this.worldId = `ctx:${number}`;
    this.title = `iommufd context ${number}`;
    this.objects = new ObjectTable(`context ${number}`);
  }

  get core(): IommuCore {
    return this.module.core;
  }

  /** Linux: iommufd_ctx_get() */
  get(): void {
    this.files++;
  }

  /** The last one out destroys what is left. Linux: iommufd_ctx_put(), iommufd_fops_release() */
  *put(): Task<void> {
    invariant(this.files > 0, `${this.title} closed too often`);
    if (--this.files > 0) return;
    yield* this.objects.destroyAll();
    invariant(this.groups.size === 0, `${this.title} is gone while it still has groups`);
    this.module.contexts.splice(this.module.contexts.indexOf(this), 1);
  }

  igroupOf(group: IommuGroup): Igroup | undefined {
    return this.groups.get(group.id);
  }
}

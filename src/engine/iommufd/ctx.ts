import type { DmaOwner, IommuGroup } from '../iommu/group';
import type { IommuCore } from '../iommu/core';
import type { Caller } from '../kernel/caller';
import { err, ok, type Result } from '../kernel/errno';
import type { KernelFile, MmapRegion, MmapRequest } from '../kernel/file';
import { Mutex, type Task } from '../kernel/task';
import type { FailPoints } from '../kernel/fail';
import type { FrameBytes, UserMemory } from '../memory/user-memory';
import { invariant } from '../../lib/invariant';
import { COMMANDS } from './commands';
import type { Igroup } from './igroup';
import type { Ioas } from './ioas';
import { TEMP_MEMORY_LIMIT, type IoptEnv } from './iopt-env';
import { CommandTable, dispatch } from './ioctl';
import { MmapTable } from './mmap';
import { ObjectTable } from './object-table';
import { DEFAULT_IOMMUFD, type IommufdOptions } from './options';
import { SwMsiPages } from './sw-msi-pages';

/** The device nodes that lead here; the second stands in for a VFIO container. Linux: iommu_misc_dev, vfio_misc_dev */
export type IommufdNode = '/dev/iommu' | '/dev/vfio/vfio';

/** iommufd of one machine. */
export class Iommufd implements IoptEnv {
  readonly contexts: IommufdCtx[] = [];
  readonly options: IommufdOptions;
  readonly commands: CommandTable;
  tempMemoryLimit = TEMP_MEMORY_LIMIT;
  private opened = 0;

  constructor(
    readonly core: IommuCore,
    options: Partial<IommufdOptions> = {},
  ) {
    this.options = { ...DEFAULT_IOMMUFD, ...options };
    this.commands = new CommandTable([...Object.values(COMMANDS), ...this.options.extraCommands]);
  }

  get fail(): FailPoints {
    return this.core.fail;
  }

  readonly warn = (text: string): void => {
    this.core.log('warn', `WARNING: ${text}`);
  };

  get frames(): FrameBytes {
    return this.options.frames;
  }

  /** open(2) where it may fail. Linux: iommufd_fops_open() */
  openNode(memory: UserMemory, node: IommufdNode = '/dev/iommu'): Result<IommufdCtx> {
    const rule = 'iommufd_fops_open';
    if (this.core.fail.hit(rule)) return err('ENOMEM', 'no memory for a context', { rule });
    const ctx = new IommufdCtx(this, ++this.opened, memory);
    if (node === '/dev/vfio/vfio') ctx.accountMode = 'mm';
    this.contexts.push(ctx);
    return ok(ctx);
  }

  /** As `openNode`, for those who let nothing fail. */
  open(memory: UserMemory): IommufdCtx {
    const opened = this.openNode(memory);
    invariant(opened.ok, 'a context could not be opened');
    return opened.value;
  }
}

/**
 * An open /dev/iommu: the owner of the DMA of every group bound to it.
 *
 * Linux: drivers/iommu/iommufd/iommufd_private.h struct iommufd_ctx, main.c iommufd_fops
 */
export class IommufdCtx implements DmaOwner, KernelFile {
  readonly worldId: string;
  readonly title: string;
  readonly objects: ObjectTable;
  /** What this context keeps of each group it has devices of, by group number. */
  readonly groups = new Map<number, Igroup>();
  /** Readers: IOAS_ALLOC; a writer sees every IOAS there is. */
  readonly ioasCreationLock: Mutex;
  readonly mmaps: MmapTable;
  readonly swMsi: SwMsiPages;
  /** Against whose limit pinned pages count: of the user, or of the process. */
  accountMode: 'user' | 'mm' = 'user';
  /** VFIO has a device without an IOMMU in here. Linux: ictx->no_iommu_mode */
  noIommuMode = false;
  /** What VFIO's own commands work on, as they name no IOAS. */
  vfioIoas: Ioas | null = null;
  /** The descriptor itself, and everything that holds the file: devices, accesses, event queues, mappings. */
  private files = 1;

  constructor(
    readonly module: Iommufd,
    readonly number: number,
    /** Memory of the process that opened it. */
    readonly memory: UserMemory,
  ) {
    this.worldId = `ctx:${number}`;
    this.title = `iommufd context ${number}`;
    this.objects = new ObjectTable(module.core, `context ${number}`, (object) => {
      if (object === this.vfioIoas) this.vfioIoas = null;
    });
    this.ioasCreationLock = new Mutex('ictx->ioas_creation_lock', { of: this.worldId });
    this.mmaps = new MmapTable(this);
    this.swMsi = new SwMsiPages(this);
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
    if (this.groups.size > 0)
      this.core.log('warn', `WARNING: iommufd_fops_release: ${this.title} still has groups`);
    this.module.contexts.splice(this.module.contexts.indexOf(this), 1);
  }

  igroupOf(group: IommuGroup): Igroup | undefined {
    return this.groups.get(group.id);
  }

  ioctl(caller: Caller, cmd: number, argVa: bigint): Task<Result<number>> {
    return dispatch(this.module.commands, this, { cmd, caller, argVa });
  }

  mmap(request: MmapRequest): Result<MmapRegion> {
    return this.mmaps.map(request);
  }

  /** The descriptor is closed. */
  release(): Task<void> {
    return this.put();
  }
}

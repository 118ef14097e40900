import { invariant } from '../../lib/invariant';
import { err, type Result } from '../kernel/errno';
import { POLLIN, POLLOUT, type KernelFile, type MmapRegion } from '../kernel/file';
import { Mutex, type Task } from '../kernel/task';

/** Contiguous device memory. Linux: struct phys_vec */
export interface PhysRange {
  readonly pa: number;
  readonly bytes: number;
}

/** Whose memory a dma-buf is. Linux: struct dma_buf_ops, and vfio_pci_dma_buf_iommufd_map() */
export interface DmaBufExporter {
  /**
   * Where the memory is, for iommufd alone: ENODEV while it is revoked. Absent: EOPNOTSUPP, iommufd does not know this
   * exporter. Runs under dma_resv.
   */
  iommufdMap?(): Result<PhysRange>;
  /** Nobody has it any more. */
  release?(): Task<void>;
}

/** Somebody who uses a dma-buf. Linux: struct dma_buf_attachment with its importer_ops */
export interface DmaBufAttachment {
  /** Forget where the memory is, and unmap it; runs under dma_resv. Linux: invalidate_mappings() */
  invalidateMappings(): Task<void>;
}

/**
 * Device memory behind a file descriptor.
 *
 * Linux: drivers/dma-buf/dma-buf.c struct dma_buf
 */
export class DmaBuf implements KernelFile {
  /** Outside pages->mutex of dma-buf pages. */
  readonly resv = new Mutex('dma_resv');
  private readonly attachments = new Set<DmaBufAttachment>();
  /** The descriptor, and everybody who has it attached. */
  private refs = 1;

  constructor(
    readonly title: string,
    readonly size: bigint,
    readonly exporter: DmaBufExporter,
  ) {}

  /** Linux: get_dma_buf() */
  get(): void {
    this.refs++;
  }

  /** Linux: dma_buf_put() */
  *put(): Task<void> {
    invariant(this.refs > 0, `${this.title} is put too often`);
    if (--this.refs === 0 && this.exporter.release) yield* this.exporter.release();
  }

  /** Nobody has work under way on it. Linux: dma_buf_poll() */
  poll(): number {
    return POLLIN | POLLOUT;
  }

  /** Linux: dma_buf_mmap_internal(), for exporters that cannot be mapped */
  mmap(): Result<MmapRegion> {
    return err('EINVAL', `${this.title} cannot be mapped by a process`, { rule: 'dma_buf_mmap_internal' });
  }

  /** The descriptor is gone. */
  release(): Task<void> {
    return this.put();
  }

  /** Linux: dma_buf_dynamic_attach() */
  *attach(attachment: DmaBufAttachment): Task<void> {
    yield { op: 'acquire', lock: this.resv };
    this.attachments.add(attachment);
    yield { op: 'release', lock: this.resv };
  }

  /** Linux: dma_buf_detach() */
  *detach(attachment: DmaBufAttachment): Task<void> {
    yield { op: 'acquire', lock: this.resv };
    this.attachments.delete(attachment);
    yield { op: 'release', lock: this.resv };
  }

  /** The exporter moves or takes back the memory; it holds `resv`. Linux: dma_buf_invalidate_mappings() */
  *invalidateMappings(): Task<void> {
    for (const each of [...this.attachments]) yield* each.invalidateMappings();
  }
}

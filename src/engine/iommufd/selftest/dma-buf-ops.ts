import { done } from '../../../lib/result';
import { err, ok, type Result } from '../../kernel/errno';
import { locked, type Task } from '../../kernel/task';
import {
  dmabuf_get,
  dmabuf_revoke,
  IOMMU_TEST_OP_DMABUF_GET,
  IOMMU_TEST_OP_DMABUF_REVOKE,
} from '../../uapi/iommufd-test';
import { DmaBuf, type DmaBufExporter, type PhysRange } from '../dma-buf';
import { PAGE_BYTES } from '../page';
import type { Selftest } from './selftest';
import { defineTestOp } from './test-op';

const MAX_BYTES = 512 * PAGE_BYTES;

/** Memory of the test itself behind a dma-buf. Linux: selftest.c struct iommufd_test_dma_buf */
class TestDmaBuf implements DmaBufExporter {
  revoked = false;

  constructor(
    private readonly selftest: Selftest,
    private readonly pfn: number,
    private readonly bytes: number,
  ) {}

  /** Linux: iommufd_test_dma_buf_iommufd_map() */
  iommufdMap(): Result<PhysRange> {
    if (!this.revoked) return ok({ pa: this.pfn * PAGE_BYTES, bytes: this.bytes });
    return err('ENODEV', 'the memory is taken back', { rule: 'iommufd_test_dma_buf_iommufd_map' });
  }

  /** Linux: iommufd_test_dma_buf_release() */
  *release(): Task<void> {
    this.selftest.memory.freeFrames(this.pfn, this.bytes / PAGE_BYTES);
  }
}

/** A new dma-buf; the call returns its descriptor. Linux: iommufd_test_dmabuf_get() */
const dmaBufGet = defineTestOp({
  nr: IOMMU_TEST_OP_DMABUF_GET,
  layout: dmabuf_get,
  *execute({ selftest, ctx, caller, args }) {
    const rule = 'iommufd_test_dmabuf_get';
    const bytes = Math.ceil(args.length / PAGE_BYTES) * PAGE_BYTES;
    if (bytes === 0 || bytes > MAX_BYTES)
      return err('EINVAL', `a test dma-buf has 1 byte to 2 MiB, not ${args.length}`, { rule });
    if (ctx.core.fail.hit(rule)) return err('ENOMEM', 'no memory for a dma-buf', { rule });
    const frames = selftest.memory.allocateFrames(bytes / PAGE_BYTES);
    if (!frames.ok) return frames;
    const exporter = new TestDmaBuf(selftest, frames.value, bytes);
    // The buffer, its file and its inode.
    for (let step = 0; step < 3; step++) {
      if (!ctx.core.fail.hit('dma_buf_export')) continue;
      yield* exporter.release();
      return err('ENOMEM', 'no memory for a dma-buf', { rule: 'dma_buf_export' });
    }
    const buffer = new DmaBuf(`test dma-buf ${selftest.nextDmaBuf()}`, BigInt(bytes), exporter);
    const fd = caller.files.reserve(args.open_flags);
    if (fd.ok) caller.files.install(fd.value, buffer);
    else yield* buffer.release();
    return fd;
  },
});

/** Takes the memory back, or gives it again; either way whoever has it mapped loses it. Linux: iommufd_test_dmabuf_revoke() */
const dmaBufRevoke = defineTestOp({
  nr: IOMMU_TEST_OP_DMABUF_REVOKE,
  layout: dmabuf_revoke,
  *execute({ caller, args }) {
    const open = caller.files.get(args.dmabuf_fd);
    if (!open) return err('EBADF', `${args.dmabuf_fd} is no open descriptor`, { rule: 'dma_buf_get' });
    if (open.kind !== 'kernel' || !(open.file instanceof DmaBuf))
      return err('EINVAL', `descriptor ${args.dmabuf_fd} is no dma-buf`, { rule: 'dma_buf_get' });
    const { file } = open;
    const { exporter } = file;
    if (!(exporter instanceof TestDmaBuf)) {
      return err('EOPNOTSUPP', `${file.title} is not the test's`, { rule: 'iommufd_test_dmabuf_revoke' });
    }
    exporter.revoked = args.revoked !== 0;
    yield* locked(file.resv, () => file.invalidateMappings());
    return done;
  },
});

export const dmaBufOps = [dmaBufGet, dmaBufRevoke] as const;

import { IommuCore } from '../../iommu/core';
import type { Device } from '../../iommu/device';
import { probeDevice, releaseDevice } from '../../iommu/probe';
import { err, ok, type Result } from '../../kernel/errno';
import { holding, runTask, type Task } from '../../kernel/task';
import { silent } from '../../trace/trace';
import { Iommufd, type IommufdCtx } from '../ctx';
import { bindDevice, unbindDevice, type IommufdDevice } from '../device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from '../device-attach';
import type { HwptPaging } from '../hwpt';
import { IommufdObject, type AnyObject, type ObjectKind } from '../object';
import { addChecked } from '../page';
import { MockMemory } from './mock-memory';
import { SelftestUnit } from './selftest-unit';
import { SCRATCH_VA } from './recorded-ops';

const PAGE = 4096n;
const NO_DIRTY = 1n;
const PASID = 4n;

/** The kernel's mock device as an object of the context. Linux: selftest.c struct selftest_obj */
class SelftestObject extends IommufdObject {
  readonly kind = 'selftest' as unknown as ObjectKind;
  readonly worldId = 'test';
  readonly title = 'test device';

  constructor(
    ctx: IommufdCtx,
    id: number,
    private readonly remove: Task<void>,
    readonly idev: IommufdDevice,
  ) {
    super(ctx, id);
  }

  override destroy(): Task<void> {
    return this.remove;
  }

  override holders(): { readonly why: string } {
    return { why: 'test' };
  }
}

/** The machine on which the sequences were recorded, as far as they can tell. */
export class RecordedMachine {
  readonly memory = new MockMemory('recorder');
  readonly ctx: IommufdCtx;
  private readonly core = new IommuCore(silent);
  private readonly unit = new SelftestUnit();
  /** Pages larger than 4 KiB, whose reference counts the test command does not look at. */
  private readonly compound = new Set<number>();
  private nextPfn = 0x10_0000;
  private devices = 0;

  constructor() {
    this.core.registerUnit(this.unit);
    this.ctx = new Iommufd(this.core).open(this.memory);
    this.memory.map(SCRATCH_VA, 16, (index) => 0x100 + index);
  }

  run<T>(task: Task<T>): T {
    return runTask(task, this.core.trace);
  }

  /** Nothing may be left; says what is. */
  close(): string | null {
    // Mock devices, unlike real ones, do not keep the context open.
    this.run(this.ctx.objects.destroyAll());
    this.run(this.ctx.put());
    if (this.memory.pinned > 0) return `${this.memory.pinned} pages are still pinned`;
    if (this.unit.live.size > 0) return `${this.unit.live.size} domains are still there`;
    return this.core.groups.size > 0 ? 'groups are still there' : null;
  }

  map(va: bigint, bytes: bigint, kind: string): void {
    const pages = Number((bytes + PAGE - 1n) / PAGE);
    const first = this.nextPfn;
    this.nextPfn += pages + 1;
    const huge = kind === 'hugetlb' || kind === 'memfdhuge';
    // Downwards, so that no two pages are one run.
    const frame = (index: number): number =>
      kind === 'alias' ? first : huge ? first + index : first + pages - index;
    this.memory.map(va, pages, frame, kind !== 'ro' && kind !== 'memfdro');
    if (huge) for (let index = 0; index < pages; index++) this.compound.add(frame(index));
    if (kind === 'none') this.protect(va, bytes, 'n');
  }

  unmap(va: bigint, bytes: bigint): void {
    for (let at = va / PAGE; at < (va + bytes) / PAGE; at++) this.memory.pages.delete(at);
  }

  protect(va: bigint, bytes: bigint, prot: string): void {
    for (let at = va / PAGE; at < (va + bytes + PAGE - 1n) / PAGE; at++) {
      const page = this.memory.pages.get(at);
      if (page)
        this.memory.pages.set(at, { pfn: page.pfn, readable: prot !== 'n', writable: prot.includes('w') });
    }
  }

  /** Linux: selftest.c iommufd_test_mock_domain() */
  mockDevice(pt: bigint, flags: bigint): string {
    const { objects } = this.ctx;
    const id = objects.reserve();
    const made =
      (flags & ~(NO_DIRTY | PASID)) === 0n ? this.run(this.bindAndAttach(pt, flags)) : err('EINVAL', 'flags');
    if (!made.ok) {
      objects.release(id);
      return `= ${made.errno}`;
    }
    const { idev, hwpt, device } = made.value;
    const object = new SelftestObject(this.ctx, id, this.remove(idev, device), idev);
    objects.finalize(object as unknown as AnyObject);
    return `= OK stdev=${id} hwpt=${hwpt.id} idev=${idev.id}`;
  }

  private *bindAndAttach(
    pt: bigint,
    flags: bigint,
  ): Task<Result<{ idev: IommufdDevice; hwpt: HwptPaging; device: Device }>> {
    const name = `iommufd_mock${this.devices++}`;
    if ((flags & NO_DIRTY) !== 0n) this.unit.noDirty.add(name);
    const device = this.core.addDevice({ name, rid: 0, aliasRids: [0] });
    yield* probeDevice(this.core, device, () => ({ kind: 'new' }));
    const bound = yield* bindDevice(this.ctx, device);
    if (!bound.ok) return bound;
    const idev = bound.value;
    const hwpt = yield* attachDeviceTo(idev, Number(BigInt.asUintN(32, pt)));
    if (hwpt.ok) return ok({ idev, hwpt: hwpt.value, device });
    yield* unbindDevice(idev);
    yield* releaseDevice(this.core, device);
    return hwpt;
  }

  private *remove(idev: IommufdDevice, device: Device): Task<void> {
    yield* detachDeviceFrom(idev);
    yield* unbindDevice(idev);
    yield* releaseDevice(this.core, device);
  }

  replace(stdev: bigint, pt: bigint): string | null {
    const object: unknown = this.ctx.objects.peek(Number(BigInt.asUintN(32, stdev)));
    if (!(object instanceof SelftestObject)) return '= ENOENT';
    const replaced = this.run(replaceDevice(object.idev, Number(BigInt.asUintN(32, pt))));
    return replaced.ok ? `= OK pt=${replaced.value.id}` : `= ${replaced.errno}`;
  }

  /** Linux: selftest.c iommufd_test_add_reserved() */
  reserve(ioas: bigint, start: bigint, length: bigint): string {
    if (length === 0n) return '= EINVAL';
    const last = addChecked(start, length - 1n);
    if (last === null) return '= EOVERFLOW';
    const found = this.ctx.objects.get(Number(BigInt.asUintN(32, ioas)), 'ioas');
    if (!found.ok) return `= ${found.errno}`;
    const { iopt } = found.value;
    const reserved = this.run(
      holding(iopt.iovaRwsem, () => iopt.reserve({ start, last, owner: null, why: 'a test' })),
    );
    this.ctx.objects.put(found.value);
    return reserved.ok ? '= OK' : `= ${reserved.errno}`;
  }

  /** Linux: selftest.c iommufd_test_md_check_pa() */
  checkMap(id: bigint, iova: bigint, length: bigint, va: bigint): string {
    const found = this.ctx.objects.peek(Number(BigInt.asUintN(32, id)));
    if (found?.kind !== 'hwpt-paging') return '= ENOENT';
    const paging = found.domain?.paging;
    const step = 1n << BigInt(paging?.pageSizesLg2[0] ?? 12);
    if (iova % step || length % step || va % step || addChecked(va, length) === null) return '= EINVAL';
    for (let at = 0n; at < length; at += step) {
      const page = this.memory.pages.get((va + at) / PAGE);
      if (!page || page.readable === false) return '= EFAULT';
      const pa = page.pfn * 4096 + Number((va + at) % PAGE);
      if (paging?.iovaToPhys(iova + at) !== pa) return '= EINVAL';
    }
    return '= OK';
  }

  /** Linux: selftest.c iommufd_test_md_check_refs() */
  checkRefs(length: bigint, va: bigint, refs: bigint): string {
    if (length % PAGE || va % PAGE || addChecked(va, length) === null) return '= EINVAL';
    for (let at = 0n; at < length; at += PAGE) {
      const page = this.memory.pages.get((va + at) / PAGE);
      if (!page || page.readable === false) return '= EFAULT';
      if (this.compound.has(page.pfn)) continue;
      if (BigInt(this.memory.pins.get(page.pfn) ?? 0) !== BigInt.asUintN(32, refs)) return '= EIO';
    }
    return '= OK';
  }
}

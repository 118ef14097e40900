import { describe, expect, it } from 'vitest';
import { FailNth } from '../kernel/fail';
import { bindDevice, unbindDevice, type IommufdDevice } from './device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from './device-attach';
import { NO_PASID } from '../iommu/group';
import { BUFFER_VA, DATA_VA, MockScene } from './testing/mock-scene';
import { createCompatIoas } from './vfio-compat/compat-ioas';
import { outcome } from './testing/rig';

// As tools/testing/selftests/iommu/iommufd_fail_nth.c does: the first, second, third … point at which the kernel may be
// told to fail does so. A call that fails changes nothing, and succeeds the next time; in the end nothing is left.
const SELFTEST = 0xdead_beef;
const EVENTS = 0xbeef_beef;
const NEST_PARENT = 1;
const DIRTY = 2;
const FAULT = 4;
const PASID = 8;
const IOVA = 0x100_0000n;

/** One of everything that a context can have, call by call; ids as the lowest free number gives them. */
class Everything extends MockScene {
  private readonly idevs: IommufdDevice[] = [];

  constructor(readonly plan: FailNth) {
    super(['ab', 'c'], { fail: plan });
    this.memory.map(BUFFER_VA, 4, (index) => 0x100 + index);
    this.selftest.unit.getResvRegions = () => [{ start: 0xfee0_0000n, last: 0xfeef_ffffn, kind: 'msi' }];
  }

  private idev(index: number): IommufdDevice {
    const found = this.idevs[index];
    if (!found) throw new Error('not bound yet');
    return found;
  }

  private tryBind(letter: string): string {
    const bound = this.run(bindDevice(this.ctx, this.device(letter)));
    if (bound.ok) this.idevs.push(bound.value);
    return outcome(bound);
  }

  private tryAttach(index: number, pt: number, pasid = NO_PASID): string {
    return outcome(this.run(attachDeviceTo(this.idev(index), pasid, pt)));
  }

  private tryReplace(index: number, pt: number, pasid = NO_PASID): string {
    return outcome(this.run(replaceDevice(this.idev(index), pasid, pt)));
  }

  private alloc(dev: number, pt_id: number, flags: number, more: object = {}): string {
    return this.outcome('IOMMU_HWPT_ALLOC', { dev_id: this.idev(dev).id, pt_id, flags, ...more });
  }

  readonly steps: readonly (() => string)[] = [
    () => this.tryBind('a'), // 1
    () => this.tryBind('b'), // 2
    () => this.tryBind('c'), // 3
    () => this.outcome('IOMMU_IOAS_ALLOC', {}), // 4
    () => this.outcome('IOMMU_IOAS_ALLOC', {}), // 5
    () => outcome(createCompatIoas(this.ctx)), // 6
    () => this.outcome('IOMMU_FAULT_QUEUE_ALLOC', {}), // 7
    () => this.alloc(0, 4, NEST_PARENT), // 8
    () => this.alloc(0, 4, DIRTY), // 9
    () => this.alloc(0, 5, PASID | FAULT, { fault_id: 7 }), // 10
    () => this.outcome('IOMMU_VIOMMU_ALLOC', { type: SELFTEST, dev_id: 1, hwpt_id: 8, ...this.blob(24) }), // 11
    () => this.outcome('IOMMU_VDEVICE_ALLOC', { viommu_id: 11, dev_id: 1, virt_id: 7n }), // 12
    () => this.outcome('IOMMU_VDEVICE_ALLOC', { viommu_id: 11, dev_id: 2, virt_id: 8n }), // 13
    () => this.outcome('IOMMU_VEVENTQ_ALLOC', { viommu_id: 11, type: EVENTS, veventq_depth: 2 }), // 14
    () => this.alloc(0, 11, 0, { data_type: 0xdead, ...this.blob(4) }), // 15
    () => this.alloc(0, 8, PASID, { data_type: 0xdead, ...this.blob(4) }), // 16
    () => this.tryAttach(0, 15),
    () => this.tryAttach(1, 15),
    () => this.tryReplace(0, 10),
    () => this.tryReplace(1, 16),
    () => this.tryAttach(0, 16, 5),
    () => this.tryReplace(0, 10, 5),
    () => this.tryAttach(2, 4), // an automatic one: 17
    () => this.map(),
    () => this.tryReplace(2, 5), // another: 18, then 17 is gone
    () => this.tryReplace(2, 9),
    () =>
      this.outcome('IOMMU_HW_QUEUE_ALLOC', {
        viommu_id: 11,
        type: SELFTEST,
        nesting_parent_iova: IOVA,
        length: 0x2000n,
      }),
    () => this.outcome('IOMMU_GET_HW_INFO', { dev_id: 1, data_len: 8, data_uptr: DATA_VA }),
    () => this.outcome('IOMMU_HWPT_SET_DIRTY_TRACKING', { hwpt_id: 9, flags: 1 }),
    () =>
      this.outcome('IOMMU_HWPT_INVALIDATE', {
        hwpt_id: 11,
        data_type: SELFTEST,
        data_uptr: this.words(0, 7, 1),
        entry_len: 12,
        entry_num: 1,
      }),
  ];

  /** A failed copy-out leaves the mapping: the kernel's way. */
  private map(): string {
    const request = { flags: 7, ioas_id: 4, user_va: BUFFER_VA, length: 0x4000n, iova: IOVA };
    const result = this.outcome('IOMMU_IOAS_MAP', request);
    if (result === 'EFAULT')
      this.outcome('IOMMU_IOAS_UNMAP', { ioas_id: 4, iova: 0n, length: 2n ** 64n - 1n });
    return result;
  }

  private blob(data_len: number): { data_len: number; data_uptr: bigint } {
    return { data_len, data_uptr: this.words(1, 0, 0, 0, 0, 0) };
  }

  /** All that a failed call could have changed. */
  get state(): unknown {
    const { ctx, core, memory, selftest } = this;
    return {
      objects: ctx.objects.list().map((each) => [each.worldId, each.users, each.waitCnt]),
      attaches: [...ctx.groups.values()].map(({ attaches, group }) => [
        group.owner?.worldId,
        group.ownerCnt,
        group.domain?.label,
        [...group.pasidArray.keys()],
        [...attaches].map(([pasid, { hwpt, devices }]) => [pasid, hwpt.id, [...devices.keys()]]),
      ]),
      reserved: ctx.objects.list().map((each) => (each.kind === 'ioas' ? each.iopt.reserved.all.length : 0)),
      files: Array.from({ length: 16 }, (_, fd) => this.files.get(fd) !== null),
      pinned: memory.pinned,
      domains: selftest.unit.live.size,
      // Empty tables may stay in a domain until it goes.
      refs: [...core.groups.values()].map(({ refs }) => refs),
    };
  }

  /** The end of the process, whatever it has. */
  end(): unknown {
    for (let fd = 3; fd < 16; fd++) this.closeFd(fd);
    for (const idev of this.idevs) {
      for (const pasid of [...idev.igroup.attaches.keys()]) this.run(detachDeviceFrom(idev, pasid));
    }
    for (const idev of this.idevs) this.run(unbindDevice(idev));
    this.run(this.ctx.release());
    const { iommufd, memory, physical, selftest, core } = this;
    return {
      contexts: iommufd.contexts.length,
      pinned: memory.pinned,
      domains: selftest.unit.live.size,
      frames: physical.allocatedFrames,
      owners: [...core.groups.values()].map(({ ownerCnt }) => ownerCnt),
    };
  }
}

const NOTHING = { contexts: 0, pinned: 0, domains: 0, frames: 0, owners: [0, 0] };

describe('one of everything', () => {
  it('succeeds, and can be taken down again', () => {
    const scene = new Everything(new FailNth());
    expect(scene.steps.map((step) => step()).filter((result) => result !== 'ok')).toEqual([]);
    expect(scene.kinds.length).toBe(18);
    expect(scene.end()).toEqual(NOTHING);
  });

  it(
    'whichever point fails, the call changes nothing and succeeds the next time',
    { timeout: 60_000 },
    () => {
      const fired: string[] = [];
      for (let nth = 1; nth < 1000; nth++) {
        const plan = new FailNth();
        const scene = new Everything(plan);
        plan.arm(nth);
        for (const step of scene.steps) {
          const before = plan.fired === null ? scene.state : null;
          const result = step();
          if (result === 'ok') continue;
          expect(plan.fired, `${nth}: ${result} by itself`).not.toBeNull();
          expect(scene.state, `${nth}: ${plan.fired}`).toEqual(before);
          expect(step(), `${nth}: ${plan.fired}, again`).toBe('ok');
        }
        expect(scene.kinds.length, `${nth}: ${plan.fired}`).toBe(18);
        expect(scene.end(), `${nth}: ${plan.fired}`).toEqual(NOTHING);
        if (plan.fired === null) break;
        fired.push(plan.fired);
      }
      // Every function of these calls that allocates or may be told to fail is among them.
      expect([...new Set(fired)].toSorted()).toEqual(expect.arrayContaining(POINTS));
    },
  );
});

const POINTS = [
  '_iommufd_object_alloc',
  'anon_inode_getfile',
  'copy_from_user',
  'copy_to_user',
  'get_unused_fd_flags',
  'iommufd_get_group',
  'iommufd_get_object',
  'iommufd_hw_pagetable_attach',
  'iommufd_hw_queue_alloc_phys',
  'iommufd_hwpt_attach_device',
  'iommufd_hwpt_replace_device',
  'iommufd_vdevice_alloc_ioctl',
  '_iommufd_alloc_mmap',
  'mtree_alloc_range',
];

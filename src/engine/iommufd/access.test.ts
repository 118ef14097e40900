import { describe, expect, it } from 'vitest';
import { NO_PASID } from '../iommu/group';
import type { Task } from '../kernel/task';
import {
  attachAccess,
  attachInternalAccess,
  createAccess,
  createInternalAccess,
  destroyAccess,
} from './access';
import { detachAccess, replaceAccess, type Access, type AccessOps } from './access';
import { pinPages, unpinPages } from './access-pages';
import { rwAccess } from './access-rw';
import { call } from './call';
import type { IommufdCtx } from './ctx';
import { bindDevice } from './device';
import { attachDeviceTo } from './device-attach';
import type { Ioas } from './ioas';
import { MockMemory } from './testing/mock-memory';
import { BUFFER_VA, MIB, outcome, Rig } from './testing/rig';

// Expected results: drivers/iommu/iommufd/device.c (the second half) and io_pagetable.c of the 7.1 merge window.
const FIXED_RW = 7;
const FIXED_READ = 5;

class Scene {
  readonly rig = Rig.of(['a'], { pageSizesLg2: [12, 21] });
  readonly ctx: IommufdCtx = this.rig.open();
  readonly ioas = this.makeIoas();

  constructor(pages = 8) {
    this.rig.buffer(pages);
  }

  makeIoas(): Ioas {
    const made = this.rig.ok(call(this.ctx, 'IOMMU_IOAS_ALLOC', {}));
    const ioas = this.ctx.objects.peek(made.out_ioas_id);
    if (ioas?.kind !== 'ioas') throw new Error('no IOAS');
    return ioas;
  }

  map(iova: bigint, length: bigint, flags = FIXED_RW, user_va = BUFFER_VA): string {
    const ioas_id = this.ioas.id;
    return outcome(this.rig.run(call(this.ctx, 'IOMMU_IOAS_MAP', { ioas_id, flags, iova, length, user_va })));
  }

  unmap(iova: bigint, length: bigint): string {
    return outcome(this.rig.run(call(this.ctx, 'IOMMU_IOAS_UNMAP', { ioas_id: this.ioas.id, iova, length })));
  }

  access(ops: Partial<AccessOps> = {}, ioas = this.ioas): Access {
    const made = createAccess(this.ctx, { needsPinPages: true, unmap: nothing, ...ops });
    if (!made.ok) throw new Error(made.why);
    this.rig.ok(attachAccess(made.value, ioas.id));
    return made.value;
  }

  pin(access: Access, iova: bigint, length: bigint, write = false) {
    const pinned = this.rig.run(pinPages(access, iova, length, write));
    return pinned.ok ? pinned.value : pinned.errno;
  }

  read(access: Access, iova: bigint, length: number, current: MockMemory | null = this.rig.memory) {
    const data = new Uint8Array(length);
    const read = this.rig.run(rwAccess(access, current, iova, data, { write: false }));
    return read.ok ? data : read.errno;
  }
}

function* nothing(): Task<void> {
  return undefined;
}

describe('pinning', () => {
  it('gives the frames, pins them once, and lets them go with the very same stretch', () => {
    const scene = new Scene();
    scene.map(MIB, 0x4000n);
    const access = scene.access();
    expect(scene.pin(access, MIB + 0x1000n, 0x2000n)).toEqual([0x1001, 0x1002]);
    expect(scene.pin(access, MIB + 0x1000n, 0x2000n, true)).toEqual([0x1001, 0x1002]);
    expect([...scene.rig.memory.pins]).toEqual([
      [0x1001, 1],
      [0x1002, 1],
    ]);
    for (let left = 2; left > 0; left--) {
      expect(scene.rig.memory.pinned).toBe(2);
      scene.rig.run(unpinPages(access, MIB + 0x1000n, 0x2000n));
    }
    expect(scene.rig.memory.pinned).toBe(0);
  });

  it('is refused in the order of the kernel, and undone when a later part is', () => {
    const scene = new Scene();
    scene.map(MIB, 0x2000n);
    scene.map(MIB + 0x2000n, 0x1000n, FIXED_READ);
    const access = scene.access();
    expect(scene.pin(access, MIB, 0n)).toBe('EINVAL');
    expect(scene.pin(access, 2n ** 64n - 1n, 2n)).toBe('EOVERFLOW');
    expect(scene.pin(access, MIB + 1n, 0x1000n)).toBe('EINVAL');
    expect(scene.pin(access, MIB, 0x3000n, true)).toBe('EPERM');
    expect(scene.pin(access, MIB, 0x4000n)).toBe('ENOENT');
    expect(scene.pin(access, 0n, 0x1000n)).toBe('ENOENT');
    expect([scene.rig.memory.pinned, scene.ioas.iopt.areas.all[0]?.numAccesses]).toEqual([0, 0]);
    scene.rig.run(detachAccess(access));
    expect(scene.pin(access, MIB, 0x1000n)).toBe('ENOENT');
  });

  it('keeps what a domain had pinned when the domain goes, and shows where frames are kept', () => {
    const scene = new Scene();
    const idev = scene.rig.ok(bindDevice(scene.ctx, scene.rig.device('a')));
    scene.rig.ok(attachDeviceTo(idev, NO_PASID, scene.ioas.id));
    scene.map(MIB, 0x4000n);
    const access = scene.access();
    scene.pin(access, MIB + 0x1000n, 0x1000n);
    const [area] = scene.ioas.iopt.areas.all;
    const tiers = [...(area?.pages?.tiers(0, 3) ?? [])].map(({ start, last, tier }) => [start, last, tier]);
    expect(tiers).toEqual([
      [0, 0, 'domain'],
      [1, 1, 'access'],
      [2, 3, 'domain'],
    ]);
    expect(scene.rig.memory.pinned).toBe(4);
    scene.rig.run(call(scene.ctx, 'IOMMU_IOAS_UNMAP', { ioas_id: scene.ioas.id, iova: 0n, length: 1n }));
    expect(scene.rig.memory.pinned).toBe(4);
  });
});

describe('unmap under an access', () => {
  it('asks the driver with none of the locks held, then unmaps', () => {
    const scene = new Scene();
    scene.map(MIB, 0x4000n);
    const held: string[] = [];
    const asked: (readonly [bigint, bigint])[] = [];
    const access: Access = scene.access({
      *unmap(iova, length) {
        const { iopt } = scene.ioas;
        const locks = [iopt.domainsRwsem, iopt.iovaRwsem, access.ioasLock, scene.ioas.mutex];
        held.push(...locks.filter((lock) => lock.holders.length > 0).map((lock) => lock.name));
        asked.push([iova, length]);
        yield* unpinPages(access, MIB, 0x1000n);
      },
    });
    scene.pin(access, MIB, 0x1000n);
    expect(scene.unmap(MIB, 0x4000n)).toBe('ok');
    expect([held, asked, scene.rig.memory.pinned]).toEqual([[], [[MIB, 0x4000n]], 0]);
  });

  it('gives up after a hundred and one times: EDEADLOCK; until then new pins are EINVAL', () => {
    const scene = new Scene();
    scene.map(MIB, 0x4000n);
    let asked = 0;
    const access: Access = scene.access({
      *unmap() {
        asked++;
        const again = yield* pinPages(access, MIB, 0x1000n, false);
        expect(again).toMatchObject({ errno: 'EINVAL' });
      },
    });
    scene.pin(access, MIB, 0x1000n);
    expect([scene.unmap(MIB, 0x4000n), asked]).toEqual(['EDEADLOCK', 101]);
  });

  it('is EBUSY while the kernel’s own access has pages of the area, and asks nobody', () => {
    const scene = new Scene();
    scene.map(MIB, 0x4000n);
    const made = createInternalAccess(scene.ctx);
    if (!made.ok) throw new Error(made.why);
    const access = made.value;
    scene.rig.ok(attachInternalAccess(access, scene.ioas));
    scene.pin(access, MIB, 0x1000n);
    expect(scene.unmap(MIB, 0x4000n)).toBe('EBUSY');
    scene.rig.run(unpinPages(access, MIB, 0x1000n));
    scene.rig.run(detachAccess(access));
    scene.rig.run(destroyAccess(access));
    expect([scene.unmap(MIB, 0x4000n), scene.ctx.objects.peek(access.id)]).toEqual(['ok', undefined]);
  });
});

describe('moving an access', () => {
  it('lets go of ioas_lock to ask; another move meanwhile finds nothing to move', () => {
    const scene = new Scene();
    const [old, other] = [scene.ioas, scene.makeIoas()];
    const results: string[] = [];
    const access: Access = scene.access({
      *unmap(iova, length) {
        results.push(`${iova} ${length === 2n ** 64n - 1n}`);
        results.push(outcome(yield* replaceAccess(access, old.id)));
      },
    });
    expect(outcome(scene.rig.run(replaceAccess(access, other.id)))).toBe('ok');
    expect(results).toEqual(['0 true', 'ENOENT']);
    expect([old.users, other.users, old.iopt.accesses.size]).toEqual([1, 2, 0]);
    expect(outcome(scene.rig.run(replaceAccess(access, other.id)))).toBe('ok');
    expect(results).toHaveLength(2);
  });

  it('raises the alignment, or is refused where an area is smaller than a page', () => {
    const scene = new Scene();
    const plain = scene.access({ needsPinPages: false });
    scene.map(MIB, 0x800n);
    expect(scene.ioas.iopt.alignment).toBe(1n);
    const made = createAccess(scene.ctx, { needsPinPages: true, unmap: nothing });
    if (!made.ok) throw new Error(made.why);
    expect(scene.rig.run(attachAccess(made.value, scene.ioas.id))).toMatchObject({ errno: 'EADDRINUSE' });
    scene.unmap(MIB, 0x800n);
    scene.rig.ok(attachAccess(made.value, scene.ioas.id));
    expect(scene.ioas.iopt.alignment).toBe(4096n);
    scene.rig.run(destroyAccess(made.value));
    expect(scene.ioas.iopt.alignment).toBe(1n);
    scene.rig.run(destroyAccess(plain));
    expect(scene.ioas.users).toBe(1);
  });
});

describe('reading and writing', () => {
  it('copies across areas as the process sees them, and EFAULT where it does not', () => {
    const scene = new Scene();
    scene.map(MIB, 0x1000n, FIXED_RW, BUFFER_VA + 0x3000n);
    scene.map(MIB + 0x1000n, 0x1000n, FIXED_RW, BUFFER_VA);
    scene.map(MIB + 0x2000n, 0x1000n, FIXED_RW, 0x1000n);
    scene.rig.memory.write(BUFFER_VA + 0x3ffen, Uint8Array.of(1, 2));
    scene.rig.memory.write(BUFFER_VA, Uint8Array.of(3, 4));
    const access = scene.access();
    const expected = Uint8Array.of(1, 2, 3, 4);
    expect(scene.read(access, MIB + 0xffen, 4)).toEqual(expected);
    // Another process: through pinned frames.
    expect(scene.read(access, MIB + 0xffen, 4, new MockMemory('other'))).toEqual(expected);
    expect(scene.read(access, MIB + 0x2000n, 4)).toBe('EFAULT');
    expect(scene.read(access, MIB + 0x2ffen, 4)).toBe('EFAULT');
    expect(scene.read(access, MIB + 0x3000n, 4)).toBe('ENOENT');
    expect([scene.rig.memory.pinned, scene.rig.memory.pinnedVm]).toEqual([0, 0]);
  });

  it('goes on after the process is gone only for pages that are pinned', () => {
    const scene = new Scene();
    scene.map(MIB, 0x2000n);
    const access = scene.access();
    scene.rig.memory.writeFrame(0x1000, 5, Uint8Array.of(9));
    scene.pin(access, MIB, 0x1000n);
    scene.rig.memory.alive = false;
    expect(scene.read(access, MIB + 5n, 1, null)).toEqual(Uint8Array.of(9));
    expect(scene.read(access, MIB + 0x1005n, 1, null)).toBe('EFAULT');
  });
});

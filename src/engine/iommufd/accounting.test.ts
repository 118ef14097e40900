import { describe, expect, it } from 'vitest';
import { NO_PASID } from '../iommu/group';
import type { Caller, Capability } from '../kernel/caller';
import { Descriptors } from '../kernel/file-table';
import type { PageSource } from '../memory/user-memory';
import { call } from './call';
import { bindDevice } from './device';
import { attachDeviceTo } from './device-attach';
import { MockMemory } from './testing/mock-memory';
import { BUFFER_VA, MIB, outcome, Rig } from './testing/rig';

// Expected results: drivers/iommu/iommufd/pages.c iopt_pages_update_pinned(), ioas.c iommufd_ioas_change_process() of the
// 7.1 merge window.
const FIXED_RW = 7;

interface Setting {
  readonly domains?: boolean;
  readonly mode?: 'user' | 'mm';
  readonly limitPages?: number;
  readonly caps?: readonly Capability[];
}

function scene({ domains = true, mode = 'user', limitPages = 100, caps = [] }: Setting = {}) {
  const rig = Rig.of(['a']);
  rig.buffer(8);
  const ctx = rig.open();
  const caller = (memory: MockMemory, uid: number): Caller => ({
    mm: memory,
    bytes: memory,
    capable: (capability) => caps.includes(capability),
    process: { pid: uid, memlockLimit: () => BigInt(limitPages) * 4096n },
    user: { uid, lockedVm: 0 },
    files,
  });
  const files = new Descriptors();
  const first = caller(rig.memory, 1);
  const second = caller(new MockMemory('heir'), 2);
  const root = { ...first, capable: () => true };
  if (mode === 'mm') rig.ok(call(ctx, 'IOMMU_OPTION', { op: 0, val64: 1n }, root));
  const ioas = rig.ok(call(ctx, 'IOMMU_IOAS_ALLOC', {})).out_ioas_id;
  const idev = rig.ok(bindDevice(ctx, rig.device('a')));
  if (domains) rig.ok(attachDeviceTo(idev, NO_PASID, ioas));
  const map = (iova: bigint, length: bigint): string =>
    outcome(
      rig.run(
        call(
          ctx,
          'IOMMU_IOAS_MAP',
          { ioas_id: ioas, flags: FIXED_RW, iova, length, user_va: BUFFER_VA },
          first,
        ),
      ),
    );
  const mapFile = (iova: bigint, length: bigint): string => {
    const memory = new MockMemory('memfd');
    memory.map(0n, 16, (index) => 0x5000 + index);
    const source: PageSource = memory;
    const fd = files.open({ kind: 'memory', source });
    const fields = { ioas_id: ioas, flags: FIXED_RW, iova, length, start: 0n, fd: fd.ok ? fd.value : -1 };
    return outcome(rig.run(call(ctx, 'IOMMU_IOAS_MAP_FILE', fields, first)));
  };
  const unmap = (): void => {
    rig.run(call(ctx, 'IOMMU_IOAS_UNMAP', { ioas_id: ioas, iova: 0n, length: 2n ** 64n - 1n }));
  };
  const change = (): string => outcome(rig.run(call(ctx, 'IOMMU_IOAS_CHANGE_PROCESS', {}, second)));
  /** VmPin, VmLck and the user's pages. */
  const counts = ({ mm, user }: Caller): number[] => [mm.pinnedVm, mm.lockedVm, user.lockedVm];
  return { rig, ctx, first, second, ioas, map, mapFile, unmap, change, counts };
}

describe('pinned pages', () => {
  it.each([
    { mode: 'user', caps: [], expected: [4, 0, 4] },
    { mode: 'mm', caps: [], expected: [4, 4, 0] },
    { mode: 'user', caps: ['CAP_IPC_LOCK'], expected: [4, 0, 0] },
    { mode: 'mm', caps: ['CAP_IPC_LOCK'], expected: [4, 0, 0] },
  ] as const)('count by $mode with $caps as VmPin, VmLck, user: $expected', ({ mode, caps, expected }) => {
    const { first, map, unmap, counts } = scene({ mode, caps });
    expect(map(MIB, 0x4000n)).toBe('ok');
    expect(counts(first)).toEqual(expected);
    unmap();
    expect(counts(first)).toEqual([0, 0, 0]);
  });

  it.each(['user', 'mm'] as const)('over the limit are ENOMEM and let go again, counted by %s', (mode) => {
    const { rig, first, map, counts } = scene({ mode, limitPages: 5 });
    expect([map(MIB, 0x4000n), map(2n * MIB, 0x2000n)]).toEqual(['ok', 'ENOMEM']);
    expect([counts(first)[0], rig.memory.pinned]).toEqual([4, 4]);
    expect([...rig.unit.live].map((each) => each.leaves.size)).toContain(4);
  });

  it('count when they are pinned, not when they are mapped', () => {
    const { first, map, counts } = scene({ domains: false, limitPages: 1 });
    expect(map(MIB, 0x4000n)).toBe('ok');
    expect(counts(first)).toEqual([0, 0, 0]);
  });
});

describe('CHANGE_PROCESS', () => {
  it.each(['user', 'mm'] as const)('moves what counts to the caller, counted by %s', (mode) => {
    const { first, second, mapFile, change, counts, unmap } = scene({ mode });
    mapFile(MIB, 0x3000n);
    const before = counts(first);
    expect(change()).toBe('ok');
    expect([counts(first), counts(second)]).toEqual([[0, 0, 0], before]);
    expect(change()).toBe('ok');
    expect(counts(second)).toEqual(before);
    unmap();
    expect(counts(second)).toEqual([0, 0, 0]);
  });

  it('is EINVAL while anything but a file is mapped, and ENOMEM over the caller’s limit; then nothing moves', () => {
    const scene1 = scene();
    scene1.mapFile(MIB, 0x3000n);
    scene1.map(2n * MIB, 0x1000n);
    expect([scene1.change(), scene1.counts(scene1.second)]).toEqual(['EINVAL', [0, 0, 0]]);
    const scene2 = scene({ limitPages: 3 });
    scene2.mapFile(MIB, 0x3000n);
    Object.assign(scene2.second.user, { lockedVm: 1 });
    expect([scene2.change(), scene2.counts(scene2.first)]).toEqual(['ENOMEM', [3, 0, 3]]);
  });

  it('takes every IOAS’s lock inside ioas_creation_lock, by id', () => {
    const { rig, ctx, change } = scene();
    const other = rig.ok(call(ctx, 'IOMMU_IOAS_ALLOC', {})).out_ioas_id;
    const mark = rig.trace.mark();
    expect(change()).toBe('ok');
    const locks = rig.trace
      .since(mark)
      .flatMap((event) =>
        event.kind === 'lock' && event.op === 'acquire' ? [`${event.lock} ${event.of ?? ''}`] : [],
      );
    expect(locks[0]).toContain('ictx->ioas_creation_lock');
    expect(locks.slice(1)).toEqual(['iopt->iova_rwsem ioas:1.1', `iopt->iova_rwsem ioas:1.${other}`]);
  });
});

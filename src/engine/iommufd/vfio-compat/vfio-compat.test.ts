import { beforeEach, describe, expect, it } from 'vitest';
import { U64_MAX } from '../../../lib/u64';
import type { Caller, Capability } from '../../kernel/caller';
import { FailNth } from '../../kernel/fail';
import type { Result } from '../../kernel/errno';
import {
  MockScene,
  BUFFER_VA,
  DATA_VA,
  NOWHERE_VA,
  READ_ONLY_VA,
  type SceneOptions,
} from '../testing/mock-scene';
import { createCompatIoas, getCompatIoas, setNoIommu } from './compat-ioas';

// Errnos and their order: drivers/iommu/iommufd/vfio_compat.c of the 7.1 merge window; layouts: include/uapi/linux/vfio.h.
const GET_API_VERSION = 0x3b64;
const CHECK_EXTENSION = 0x3b65;
const SET_IOMMU = 0x3b66;
const GET_INFO = 0x3b70;
const MAP_DMA = 0x3b71;
const UNMAP_DMA = 0x3b72;
const IOVA = 0x100_0000n;

let scene: MockScene;

const setUp = (options: SceneOptions = {}): void => {
  scene = new MockScene(['a'], options);
  scene.memory.map(BUFFER_VA, 8, (index) => 0x100 + 2 * index);
};
beforeEach(() => {
  setUp();
});

const told = (result: Result<number>): number | string => (result.ok ? result.value : result.errno);
const ioctl = (cmd: number, arg: bigint, caller: Caller = scene.caller): number | string =>
  told(scene.run(scene.ctx.ioctl(caller, cmd, arg)));
const without = (capability: Capability): Caller => ({
  ...scene.caller,
  capable: (each) => each !== capability,
});

/** 32-bit words at a user address, 64-bit ones as bigint. */
function place(words: readonly (number | bigint)[], va = DATA_VA): bigint {
  const bytes: number[] = [];
  for (const word of words) {
    const width = typeof word === 'bigint' ? 8 : 4;
    for (let at = 0; at < width; at++) bytes.push(Number((BigInt(word) >> BigInt(8 * at)) & 0xffn));
  }
  scene.memory.write(va, Uint8Array.from(bytes));
  return va;
}
const map = (
  iova: bigint,
  size: bigint,
  { flags = 3, vaddr = BUFFER_VA, argsz = 32 } = {},
): number | string => ioctl(MAP_DMA, place([argsz, flags, vaddr, iova, size]));
/** The outcome, and the size that came back. */
const unmap = (iova: bigint, size: bigint, { flags = 0, argsz = 24 } = {}): [number | string, number] => {
  const result = ioctl(UNMAP_DMA, place([argsz, flags, iova, size]));
  return [result, scene.peek(DATA_VA + 16n, 1)[0] ?? -1];
};

/** An IOAS that VFIO's commands work on. */
const compat = (): number => {
  const id = scene.ioas();
  scene.must('IOMMU_VFIO_IOAS', { op: 1, ioas_id: id });
  return id;
};

describe('numbers outside iommufd’s own', () => {
  it('are VFIO’s, or ENOTTY without a look at the structure', () => {
    expect([
      ioctl(GET_API_VERSION, NOWHERE_VA),
      ioctl(0x3b73, NOWHERE_VA), // DIRTY_PAGES in some kernels
      ioctl(0x3b75, NOWHERE_VA),
      ioctl(0x3b00, NOWHERE_VA),
      ioctl(0x1_3b64, NOWHERE_VA), // the number has to agree as a whole
      ioctl(0x3bff, NOWHERE_VA),
    ]).toEqual([0, 'ENOTTY', 'ENOTTY', 'ENOTTY', 'ENOTTY', 'ENOTTY']);
  });

  it('without the test command the table ends with HW_QUEUE_ALLOC', () => {
    setUp({ extraCommands: [] });
    expect([ioctl(0x3ba0, NOWHERE_VA), ioctl(0x3b94, NOWHERE_VA), ioctl(0x3b95, NOWHERE_VA)]).toEqual([
      'ENOTTY',
      'EFAULT',
      'ENOTTY',
    ]);
    setUp();
    // With it, the gap belongs to the table, and the size is read first.
    expect([ioctl(0x3b95, NOWHERE_VA), ioctl(0x3b95, DATA_VA)]).toEqual(['EFAULT', 'ENOTTY']);
  });
});

describe('IOMMU_VFIO_IOAS', () => {
  it('the smallest change that causes each errno', () => {
    const ioas_id = scene.ioas();
    const idev = scene.bind('a');
    const ask = (fields: object) => scene.outcome('IOMMU_VFIO_IOAS', fields);
    expect([
      ask({ __reserved: 1, op: 9 }),
      ask({ op: 3 }),
      ask({ op: 0 }),
      ask({ op: 1, ioas_id: 99 }),
      ask({ op: 1, ioas_id: idev.id }),
      ask({ op: 1, ioas_id }),
      ask({ op: 0 }),
      ask({ op: 2 }),
      ask({ op: 0 }),
    ]).toEqual(['EOPNOTSUPP', 'EOPNOTSUPP', 'ENODEV', 'ENOENT', 'ENOENT', 'ok', 'ok', 'ok', 'ENODEV']);
  });

  it('GET tells the id; a destroyed IOAS is none any more', () => {
    const id = compat();
    expect(scene.must('IOMMU_VFIO_IOAS', { op: 0 }).ioas_id).toBe(id);
    scene.must('IOMMU_DESTROY', { id });
    expect(scene.outcome('IOMMU_VFIO_IOAS', { op: 0 })).toBe('ENODEV');
  });
});

describe('the IOAS for VFIO', () => {
  it('is made by the first group, unless the user has set one', () => {
    expect(createCompatIoas(scene.ctx).ok).toBe(true);
    expect(createCompatIoas(scene.ctx).ok).toBe(true);
    expect(scene.kinds).toEqual(['1:ioas']);
    expect(setNoIommu(scene.ctx)).toMatchObject({ errno: 'EINVAL' });
  });

  it('and devices without an IOMMU exclude each other', () => {
    setUp({ vfioNoIommu: true });
    expect(ioctl(CHECK_EXTENSION, 8n)).toBe(1);
    expect(setNoIommu(scene.ctx).ok).toBe(true);
    expect(createCompatIoas(scene.ctx)).toMatchObject({ errno: 'EINVAL' });
    expect(scene.kinds).toEqual([]);
    expect([ioctl(CHECK_EXTENSION, 1n), ioctl(CHECK_EXTENSION, 9n)]).toEqual([0, 0]);
    expect([
      ioctl(SET_IOMMU, 8n, without('CAP_SYS_RAWIO')),
      ioctl(SET_IOMMU, 8n),
      ioctl(SET_IOMMU, 1n),
    ]).toEqual(['EPERM', 0, 'EINVAL']);
  });

  it('of an opened /dev/vfio/vfio counts pages against the process', () => {
    const opened = scene.iommufd.openNode(scene.memory, '/dev/vfio/vfio');
    expect(opened.ok && opened.value.accountMode).toBe('mm');
    expect(scene.ctx.accountMode).toBe('user');
  });
});

describe('CHECK_EXTENSION and SET_IOMMU', () => {
  it('take their argument as a number', () => {
    const check = (...extensions: bigint[]) => extensions.map((each) => ioctl(CHECK_EXTENSION, each));
    expect(check(1n, 3n, 9n, 8n, 6n, 10n, 2n, U64_MAX)).toEqual([1, 1, 1, 0, 0, 0, 0, 0]);
  });

  it('DMA_CC: whether every HWPT enforces coherency', () => {
    expect(ioctl(CHECK_EXTENSION, 4n)).toBe('ENODEV');
    const id = compat();
    expect(ioctl(CHECK_EXTENSION, 4n)).toBe(1);
    scene.attach(scene.bind('a'), id);
    expect(ioctl(CHECK_EXTENSION, 4n)).toBe(0);
  });

  it('SET_IOMMU: the type before the IOAS; TYPE1 gives up large pages', () => {
    expect([ioctl(SET_IOMMU, 2n), ioctl(SET_IOMMU, 8n), ioctl(SET_IOMMU, 1n)]).toEqual([
      'EINVAL',
      'EINVAL',
      'ENODEV',
    ]);
    const id = compat();
    const small = () => {
      const ioas = scene.ctx.objects.peek(id);
      return ioas?.kind === 'ioas' && ioas.iopt.smallPages;
    };
    expect([ioctl(SET_IOMMU, 3n), small(), ioctl(SET_IOMMU, 1n), small(), ioctl(SET_IOMMU, 1n)]).toEqual([
      0,
      false,
      0,
      true,
      0,
    ]);
    setUp();
    scene.attach(scene.bind('a'), compat());
    map(IOVA, 4096n);
    expect([ioctl(SET_IOMMU, 1n), ioctl(SET_IOMMU, 3n)]).toEqual(['EINVAL', 0]);
  });
});

describe('MAP_DMA', () => {
  it('the smallest change that causes each errno', () => {
    expect(ioctl(MAP_DMA, NOWHERE_VA)).toBe('EFAULT');
    expect([map(IOVA, 4096n, { argsz: 31 }), map(IOVA, 4096n, { flags: 4 })]).toEqual(['EINVAL', 'EINVAL']);
    expect(map(IOVA, 4096n)).toBe('ENODEV');
    scene.attach(scene.bind('a'), compat());
    expect([
      map(IOVA, 0n),
      map(IOVA, U64_MAX),
      map(0n, 4096n), // below the domain's aperture
      map(IOVA, 4096n, { vaddr: NOWHERE_VA }),
      map(IOVA, 4096n),
      map(IOVA, 4096n),
    ]).toEqual(['EINVAL', 'EOVERFLOW', 'EINVAL', 'EFAULT', 0, 'EEXIST']);
    expect(scene.memory.pinned).toBe(1);
  });

  it('neither read nor write is taken while nothing is filled, and refused by a page table', () => {
    const id = compat();
    expect(map(IOVA, 4096n, { flags: 0 })).toBe(0);
    expect(unmap(IOVA, 4096n)).toEqual([0, 4096]);
    scene.attach(scene.bind('a'), id);
    expect(map(IOVA, 4096n, { flags: 0 })).toBe('EINVAL');
  });
});

describe('UNMAP_DMA', () => {
  it('the smallest change that causes each errno', () => {
    expect(ioctl(UNMAP_DMA, NOWHERE_VA)).toBe('EFAULT');
    expect([unmap(IOVA, 4096n, { argsz: 23 })[0], unmap(IOVA, 4096n, { flags: 1 })[0]]).toEqual([
      'EINVAL',
      'EINVAL',
    ]);
    expect(unmap(IOVA, 4096n)).toEqual(['ENODEV', 4096]);
    compat();
    expect(unmap(IOVA, 4096n, { flags: 2 })).toEqual(['EINVAL', 4096]); // all, and yet a range
    expect(unmap(IOVA, 0n)).toEqual(['EINVAL', 0]);
    expect(unmap(U64_MAX, 4096n)).toEqual(['EOVERFLOW', 0]);
    expect(unmap(IOVA, 4096n)).toEqual([0, 0]); // nothing there: fine
    expect(unmap(0n, 0n, { flags: 2 })).toEqual([0, 0]);
  });

  it('an answer that cannot be written is EFAULT, and what went is gone', () => {
    compat();
    map(IOVA, 4096n);
    scene.memory.map(READ_ONLY_VA, 1, () => 9);
    place([24, 0, IOVA, 4096n], READ_ONLY_VA);
    scene.memory.map(READ_ONLY_VA, 1, () => 9, false);
    expect(ioctl(UNMAP_DMA, READ_ONLY_VA)).toBe('EFAULT');
    expect(unmap(IOVA, 4096n)).toEqual([0, 0]);
  });

  it('TYPE1v2: whole mappings only, and those before a cut one go all the same', () => {
    compat();
    map(IOVA, 4096n);
    map(IOVA + 4096n, 8192n);
    expect(unmap(IOVA, 8192n)).toEqual(['ENOENT', 4096]);
    expect(unmap(IOVA, 12288n)).toEqual([0, 8192]);
  });

  it('TYPE1: mappings are parted at both ends of what is to go', () => {
    scene.bind('a');
    compat();
    ioctl(SET_IOMMU, 1n);
    map(IOVA, 5n * 4096n);
    expect(unmap(IOVA + 4096n, 8192n)).toEqual([0, 8192]);
    expect(unmap(IOVA, 5n * 4096n)).toEqual([0, 3 * 4096]);
    map(0n, 8192n);
    expect(unmap(0n, 4096n)).toEqual([0, 4096]);
    expect(unmap(0n, 0n, { flags: 2 })).toEqual([0, 4096]);
  });
});

describe('GET_INFO', () => {
  const info = (argsz: number): { result: number | string; words: readonly number[] } => {
    place([argsz, 0, 0n, 0xee, 0xee]);
    for (let at = 24n; at < 128n; at += 4n) place([0xee], DATA_VA + at);
    return { result: ioctl(GET_INFO, DATA_VA), words: scene.peek(DATA_VA, 32) };
  };

  it('the smallest change that causes each errno', () => {
    expect([ioctl(GET_INFO, NOWHERE_VA), info(15).result, info(16).result]).toEqual([
      'EFAULT',
      'EINVAL',
      'ENODEV',
    ]);
    compat();
    scene.memory.map(READ_ONLY_VA, 1, () => 9);
    place([16, 0, 0n], READ_ONLY_VA);
    scene.memory.map(READ_ONLY_VA, 1, () => 9, false);
    expect(ioctl(GET_INFO, READ_ONLY_VA)).toBe('EFAULT');
  });

  it('gives as much as there is room for, and says how much that would be', () => {
    scene.attach(scene.bind('a'), compat());
    // The structure 24, dma_avail 12 → 16, one range of IOVAs 16 + 16.
    const all = 24 + 16 + 32;
    expect(info(16).words.slice(0, 6)).toEqual([all, 3, 0xffff_f000, 0x3f, 0xee, 0xee]);
    expect(info(24).words.slice(0, 6)).toEqual([all, 3, 0xffff_f000, 0x3f, 0, 0]);
    // Room for the first capability: it is there, and yet nothing points to it.
    expect(info(40).words.slice(4, 11)).toEqual([0, 0, 0x1_0003, 40, 0xffff_ffff, 0xee, 0xee]);
    expect(info(all).words.slice(4, 18)).toEqual([
      24,
      0, // where the capabilities begin
      0x1_0003,
      40,
      0xffff_ffff,
      0xee, // version 1, id 3; the next one; how many mappings
      0x1_0001,
      0,
      1,
      0, // version 1, id 1; the last one; one range
      0x100_0000,
      0,
      0x7fff_ffff,
      0,
    ]);
    expect(info(all - 1).words[4]).toBe(0);
  });

  it('page sizes are those of every domain; without one, all', () => {
    compat();
    expect(info(24).words.slice(2, 4)).toEqual([0xffff_f000, 0xffff_ffff]);
  });
});

describe('no memory', () => {
  it('for the IOAS for VFIO leaves nothing', () => {
    const fail = new FailNth();
    setUp({ fail });
    fail.arm(1);
    expect(createCompatIoas(scene.ctx)).toMatchObject({ errno: 'ENOMEM' });
    fail.arm(0);
    expect(getCompatIoas(scene.ctx)).toMatchObject({ errno: 'ENODEV' });
  });
});

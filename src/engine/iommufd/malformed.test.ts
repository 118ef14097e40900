import { describe, expect, it } from 'vitest';
import { COMMANDS } from './commands';
import { MockScene, DATA_VA, NOWHERE_VA } from './testing/mock-scene';

// Errnos: drivers/iommu/iommufd/main.c iommufd_fops_ioctl() and lib/usercopy.c, the same for every command. Sizes, smallest
// sizes and numbers: a C program compiled against include/uapi/linux/iommufd.h of the 7.1 merge window.
const SIZES: readonly (readonly [name: keyof typeof COMMANDS, nr: number, bytes: number, least: number])[] = [
  ['IOMMU_DESTROY', 0x80, 8, 8],
  ['IOMMU_IOAS_ALLOC', 0x81, 12, 12],
  ['IOMMU_IOAS_ALLOW_IOVAS', 0x82, 24, 24],
  ['IOMMU_IOAS_COPY', 0x83, 40, 40],
  ['IOMMU_IOAS_IOVA_RANGES', 0x84, 32, 32],
  ['IOMMU_IOAS_MAP', 0x85, 40, 40],
  ['IOMMU_IOAS_UNMAP', 0x86, 24, 24],
  ['IOMMU_OPTION', 0x87, 24, 24],
  ['IOMMU_VFIO_IOAS', 0x88, 12, 12],
  ['IOMMU_HWPT_ALLOC', 0x89, 48, 24],
  ['IOMMU_GET_HW_INFO', 0x8a, 40, 32],
  ['IOMMU_HWPT_SET_DIRTY_TRACKING', 0x8b, 16, 16],
  ['IOMMU_HWPT_GET_DIRTY_BITMAP', 0x8c, 48, 48],
  ['IOMMU_HWPT_INVALIDATE', 0x8d, 32, 32],
  ['IOMMU_FAULT_QUEUE_ALLOC', 0x8e, 16, 16],
  ['IOMMU_IOAS_MAP_FILE', 0x8f, 40, 40],
  ['IOMMU_VIOMMU_ALLOC', 0x90, 40, 24],
  ['IOMMU_VDEVICE_ALLOC', 0x91, 24, 24],
  ['IOMMU_IOAS_CHANGE_PROCESS', 0x92, 8, 8],
  ['IOMMU_VEVENTQ_ALLOC', 0x93, 32, 28],
  ['IOMMU_HW_QUEUE_ALLOC', 0x94, 40, 40],
];
/** Where the mapped memory ends. */
const END = DATA_VA + 4n * 4096n;

/** Every byte after the size is `fill`. */
function run(nr: number, size: number, { at = DATA_VA, fill = 0, tail = 0, bytes = size } = {}): string {
  const scene = new MockScene(['a']);
  scene.bind('a');
  const image = new Uint8Array(Math.max(0, Math.min(bytes, Number(END - at)))).fill(fill);
  const view = new DataView(image.buffer);
  if (image.length >= 4) view.setUint32(0, size, true);
  if (tail !== 0) image[image.length - 1] = tail;
  scene.memory.write(at, image);
  const before = scene.kinds;
  const result = scene.run(scene.ctx.ioctl(scene.caller, 0x3b00 | nr, at));
  // Whatever it was, the next call is answered as ever.
  scene.must('IOMMU_IOAS_ALLOC', {});
  if (!result.ok) expect(scene.kinds.slice(0, before.length)).toEqual(before);
  return result.ok ? 'ok' : result.errno;
}

describe('malformed structures', () => {
  it('there is nothing but these commands', () => {
    expect(SIZES.map(([name]) => name).toSorted()).toEqual(Object.keys(COMMANDS).toSorted());
    expect(SIZES.map(([name]) => [COMMANDS[name].nr, COMMANDS[name].layout.bytes])).toEqual(
      SIZES.map(([, nr, bytes]) => [nr, bytes]),
    );
  });

  it.each(SIZES)('%s: too short, or a size that is no size', (_name, nr, _bytes, least) => {
    expect([0, 1, 4, least - 1].map((size) => run(nr, size, { bytes: 64 }))).toEqual([
      'EINVAL',
      'EINVAL',
      'EINVAL',
      'EINVAL',
    ]);
  });

  it.each(SIZES)('%s: no pointer', (_name, nr, bytes) => {
    expect([
      run(nr, bytes, { at: NOWHERE_VA, bytes: 0 }),
      run(nr, bytes, { at: END - 2n, bytes: 2 }),
    ]).toEqual(['EFAULT', 'EFAULT']);
  });

  it.each(SIZES)('%s: ends where there is no memory', (_name, nr, bytes) => {
    const at = END - BigInt(bytes) + 4n;
    expect(run(nr, bytes, { at })).toBe('EFAULT');
  });

  it.each(SIZES)('%s: longer than known', (_name, nr, bytes, least) => {
    // All zero: as if it were of the known size, whatever that gives.
    const known = run(nr, bytes);
    expect([run(nr, bytes + 1), run(nr, bytes + 8), run(nr, 4096)]).toEqual([known, known, known]);
    expect([run(nr, bytes + 1, { tail: 1 }), run(nr, 8000, { tail: 1 })]).toEqual(['E2BIG', 'E2BIG']);
    // Shorter than known, where older programs know less: the rest is zero.
    expect(run(nr, least, { bytes: 64 })).toBe(known);
  });

  it.each(SIZES)('%s: a size up to the end of memory, and beyond', (_name, nr, bytes) => {
    expect([run(nr, 0xffff_ffff, { bytes: 4 * 4096 }), run(nr, 5 * 4096, { bytes: 4 * 4096 })]).toEqual([
      'EFAULT',
      'EFAULT',
    ]);
    // Whatever is not zero comes before the hole.
    expect(run(nr, 0xffff_ffff, { bytes: bytes + 8, tail: 1 })).toBe('E2BIG');
  });

  it.each(SIZES)('%s: every bit set', (_name, nr, bytes) => {
    const answer = run(nr, bytes, { fill: 0xff });
    expect(['ENOENT', 'EINVAL', 'EOPNOTSUPP', 'EOVERFLOW']).toContain(answer);
  });

  it('numbers that are none of a command, with a structure or without', () => {
    for (const nr of [0x95, 0x98, 0x9f]) {
      expect([run(nr, 8), run(nr, 0, { bytes: 4 }), run(nr, 8, { at: NOWHERE_VA, bytes: 0 })]).toEqual([
        'ENOTTY',
        'ENOTTY',
        'EFAULT',
      ]);
    }
    for (const nr of [0x00, 0x7f, 0xa1, 0xff])
      expect(run(nr, 8, { at: NOWHERE_VA, bytes: 0 })).toBe('ENOTTY');
  });

  it('a command’s number with another direction or size in it is ENOTTY', () => {
    const scene = new MockScene([]);
    scene.words(12, 0, 0);
    const cmds = [0x4000_3b81, 0x8000_3b81, 0xc00c_3b81, 0x0000_3c81];
    const results = cmds.map((cmd) => scene.run(scene.ctx.ioctl(scene.caller, cmd, DATA_VA)));
    expect(results.map((result) => (result.ok ? 'ok' : result.errno))).toEqual([
      'ENOTTY',
      'ENOTTY',
      'ENOTTY',
      'ENOTTY',
    ]);
  });
});

describe('what the trace tells of a call', () => {
  const events = (scene: MockScene) => scene.trace.take().filter((event) => event.kind === 'ioctl');

  it('the structure as it came and as it went, and what the call returned', () => {
    const scene = new MockScene([]);
    scene.words(12, 0, 7);
    scene.trace.take();
    scene.run(scene.ctx.ioctl(scene.caller, 0x3b81, DATA_VA));
    const words = (bytes: Uint8Array) => [...new Uint32Array(bytes.slice().buffer)];
    const [event] = events(scene);
    expect(event).toMatchObject({
      file: 'ctx:1',
      name: 'IOMMU_IOAS_ALLOC',
      cmd: 0x3b81,
      argVa: DATA_VA,
      returned: 0,
    });
    expect(event && [words(event.before), words(event.after)]).toEqual([
      [12, 0, 7],
      [12, 0, 1],
    ]);
  });

  it('every call, also one that is no command or whose structure is not there', () => {
    const scene = new MockScene([]);
    scene.trace.take();
    for (const cmd of [0x3b81, 0x3b95, 0x3b00, 0x3b64])
      scene.run(scene.ctx.ioctl(scene.caller, cmd, NOWHERE_VA));
    expect(events(scene).map(({ name, returned, before }) => [name, returned, before.length])).toEqual([
      [null, -14, 0],
      [null, -14, 0],
      [null, -25, 0],
      ['VFIO_GET_API_VERSION', 0, 0],
    ]);
  });
});

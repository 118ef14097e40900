import { beforeEach, describe, expect, it } from 'vitest';
import type { IoctlPayload } from '../trace/event';
import { callWith } from './call';
import { ScratchMemory } from './caller';
import type { IommufdDevice } from './device';
import { DATA_VA, MockScene, NOWHERE_VA } from './testing/mock-scene';

// What the kernel copies, and when: drivers/iommu/iommufd/{hw_pagetable,device,viommu,ioas,selftest}.c of the 7.1 merge
// window; structures of the mock driver: iommufd_test.h.
const SELFTEST = 0xdead_beef;
const HWPT_SELFTEST = 0xdead;
const NEST_PARENT = 1;

let scene: MockScene;
let a: IommufdDevice;
let parent: number;

beforeEach(() => {
  scene = new MockScene(['a']);
  a = scene.bind('a');
  parent = scene.hwpt(a, scene.ioas(), NEST_PARENT);
  scene.trace.take();
});

const words = (bytes: Uint8Array): readonly number[] => [...new Uint32Array(bytes.slice().buffer)];
/** Of the last call. */
function payload(): { readonly [K in keyof IoctlPayload]: unknown } | undefined {
  const call = scene.trace
    .take()
    .filter((event) => event.kind === 'ioctl')
    .at(-1);
  const told = call?.payload;
  return told && { ...told, read: words(told.read), written: words(told.written) };
}
const guestData = (data_uptr: bigint) => ({ data_type: HWPT_SELFTEST, data_len: 8, data_uptr });
const guest = (): number => scene.hwpt(a, parent, 0, guestData(scene.words(7, 0)));

describe('the trace of a call has what was copied where its structure points', () => {
  it('HWPT_ALLOC: what the driver read', () => {
    guest();
    expect(payload()).toEqual({ field: 'data_uptr', claimed: 8n, read: [7, 0], written: [] });
  });

  it('nothing where the call was refused before anyone looked, or could not be read', () => {
    const data = guestData(scene.words(7, 0));
    expect(scene.outcome('IOMMU_HWPT_ALLOC', { dev_id: 99, pt_id: parent, ...data })).toBe('ENOENT');
    expect(payload()).toBeUndefined();
    const nowhere = { dev_id: a.id, pt_id: parent, ...guestData(NOWHERE_VA) };
    expect(scene.outcome('IOMMU_HWPT_ALLOC', nowhere)).toBe('EFAULT');
    expect(payload()).toBeUndefined();
  });

  it('HWPT_INVALIDATE: entry by entry, up to the one that was refused', () => {
    const hwpt_id = guest();
    scene.trace.take();
    // flags, iotlb_id: the second has an id that there is not.
    const data_uptr = scene.words(0, 1, 0, 9, 0, 2);
    const array = { hwpt_id, data_type: SELFTEST, data_uptr, entry_len: 8, entry_num: 3 };
    expect(scene.outcome('IOMMU_HWPT_INVALIDATE', array)).toBe('EINVAL');
    expect(payload()).toEqual({ field: 'data_uptr', claimed: 24n, read: [0, 1, 0, 9], written: [] });
  });

  it('GET_HW_INFO: what was written, and the zeroes behind it', () => {
    const data_uptr = scene.words(1, 2, 3, 4);
    scene.must('IOMMU_GET_HW_INFO', { dev_id: a.id, data_len: 16, data_uptr });
    // flags, test_reg
    const written = [0, 0xdead_beef, 0, 0];
    expect(payload()).toEqual({ field: 'data_uptr', claimed: 16n, read: [], written });
  });

  it('VIOMMU_ALLOC: both', () => {
    const data_uptr = scene.words(5, 1, 1, 1, 1, 1);
    const made = { type: SELFTEST, dev_id: a.id, hwpt_id: parent, data_len: 24, data_uptr };
    scene.must('IOMMU_VIOMMU_ALLOC', made);
    const told = payload();
    expect(told).toMatchObject({ claimed: 24n, read: [5, 1, 1, 1, 1, 1] });
    // out_data is in_data; mock_viommu_init() offers two pages.
    expect(told?.written).toEqual([5, 5, expect.anything(), 0, 8192, 0]);
  });

  it('ranges: of an IOAS, and those that are allowed', () => {
    const ioas_id = scene.ioas();
    const room = { ioas_id, num_iovas: 4, allowed_iovas: DATA_VA };
    scene.must('IOMMU_IOAS_IOVA_RANGES', room);
    const everything = [0, 0, 0xffff_ffff, 0xffff_ffff];
    expect(payload()).toEqual({ field: 'allowed_iovas', claimed: 64n, read: [], written: everything });
    scene.must('IOMMU_IOAS_ALLOW_IOVAS', {
      ioas_id,
      num_iovas: 1,
      allowed_iovas: scene.words(0x1000, 0, 0x1fff, 0),
    });
    expect(payload()).toMatchObject({ claimed: 16n, read: [0x1000, 0, 0x1fff, 0] });
  });

  it('the first 4096 bytes of it', () => {
    const entries = 1024;
    const hwpt_id = guest();
    scene.trace.take();
    const data_uptr = scene.words(...Array<number>(2 * entries).fill(0));
    scene.must('IOMMU_HWPT_INVALIDATE', {
      hwpt_id,
      data_type: SELFTEST,
      data_uptr,
      entry_len: 8,
      entry_num: entries,
    });
    const told = payload();
    expect([told?.claimed, (told?.read as number[]).length]).toEqual([8192n, 1024]);
  });

  it('the structure itself is none of it, though it lies right behind', () => {
    // `call` puts the structure in memory of its own, so the data has to go there too.
    const scratch = new ScratchMemory(scene.memory);
    const data_uptr = scratch.place(new Uint8Array(4));
    const fields = { dev_id: a.id, data_len: 4, data_uptr };
    const asked = scene.run(callWith(scratch, scene.ctx, 'IOMMU_GET_HW_INFO', fields, scene.caller));
    expect(asked.ok).toBe(true);
    expect(payload()).toEqual({ field: 'data_uptr', claimed: 4n, read: [], written: [0] });
  });

  it('a call that points to nothing has none, nor has one without a trace', () => {
    scene.ioas();
    expect(payload()).toBeUndefined();
    scene.trace.on = false;
    guest();
    scene.trace.on = true;
    expect(payload()).toBeUndefined();
  });
});

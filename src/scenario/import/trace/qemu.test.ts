import { expect, it } from 'vitest';
import { ranOf } from '../../../testing/recorded-scenes';
import { importTrace, type ImportedTrace } from './import-trace';

// Formats: QEMU backends/trace-events and hw/vfio/trace-events (11.0); the prefix: scripts/tracetool/backend/log.py.

const imported = (lines: readonly string[]): ImportedTrace => {
  const trace = importTrace(lines.join('\n'));
  expect(trace?.kind).toBe('qemu');
  return trace as ImportedTrace;
};
const body = ({ lines }: ImportedTrace): readonly string[] => lines.slice(lines.indexOf('boot') + 1);
const wrong = ({ lines }: ImportedTrace): readonly string[] =>
  ranOf(lines.join('\n')).results.flatMap(({ ok, text, result }) => (ok ? [] : [`${text}: ${result}`]));

const START = [
  'iommufd_cdev_getfd  /dev/vfio/devices/vfio1 (fd=28)',
  'iommufd_backend_connect fd=27 owned=1 users=1',
  'iommufd_cdev_connect_and_bind  [iommufd=27] Successfully bound device 0000:5e:00.0 (fd=28): output devid=1',
  'iommufd_backend_alloc_ioas  iommufd=27 ioas=2',
  'iommufd_cdev_alloc_ioas  [iommufd=27] new IOMMUFD container with ioasid=2',
  'iommufd_cdev_attach_ioas_hwpt  [iommufd=27] Successfully attached device 0000:5e:00.0 (28) to id=2',
  'iommufd_backend_map_dma  iommufd=27 ioas=2 iova=0x0 size=0xa0000 addr=0x7f6c2be00000 readonly=0 (0)',
  'iommufd_backend_map_dma  iommufd=27 ioas=2 iova=0xc0000 size=0x20000 addr=0x7f6c2bec0000 readonly=1 (0)',
];
const SCENE = ['ctx = open /dev/iommu', 'dev = BIND ctx 5e:00.0', 'ioas = IOAS_ALLOC ctx', 'ATTACH dev ioas'];

it('a guest with one device: its memory is one buffer a stretch', () => {
  const trace = imported(START);
  expect(body(trace)).toEqual([
    ...SCENE,
    'ram = mmap qemu 640K',
    'IOAS_MAP ioas ram iova=0 rw',
    'ram2 = mmap qemu 128K',
    'IOAS_MAP ioas ram2 iova=0xc0000 r',
  ]);
  expect(wrong(trace)).toEqual([]);
  expect(trace.recognised).toBe(8);
});

it('the prefix of the log backend changes nothing', () => {
  const prefixed = START.map((line) => `48213@1763784023.918410:${line}`);
  expect(imported(prefixed).lines).toEqual(imported(START).lines);
});

it('a guest that ends: unmapped, detached, destroyed, closed', () => {
  const trace = imported([
    ...START,
    'iommufd_cdev_detach_ioas_hwpt  [iommufd=27] Successfully detached 0000:5e:00.0',
    'iommufd_backend_unmap_dma  iommufd=27 ioas=2 iova=0x0 size=0xa0000 (0)',
    'iommufd_backend_unmap_dma_non_exist  Unmap nonexistent mapping: iommufd=27 ioas=2 iova=0x500000 size=0x1000 (0)',
    'iommufd_backend_unmap_dma  iommufd=27 ioas=2 iova=0xc0000 size=0x20000 (0)',
    'iommufd_backend_free_id  iommufd=27 id=2 (0)',
    'iommufd_backend_disconnect fd=-1 users=0',
  ]);
  expect(body(trace).slice(-6)).toEqual([
    'DETACH dev',
    'IOAS_UNMAP ioas iova=0 len=640K',
    'IOAS_UNMAP ioas iova=0x500000 len=4K ! ENOENT',
    'IOAS_UNMAP ioas iova=0xc0000 len=128K',
    'DESTROY ioas',
    'close ctx',
  ]);
  expect(wrong(trace)).toEqual([]);
});

it('-1 alone says no errno; QEMU’s own message behind it does', () => {
  const failed =
    'iommufd_backend_map_dma  iommufd=27 ioas=2 iova=0x380000001000 size=0x3000 addr=0x7fce2c28b000 readonly=0 (-1)';
  const told = imported([...START, failed, 'qemu-system-x86_64: IOMMU_IOAS_MAP failed: Invalid argument']);
  expect(body(told).at(-1)).toBe('IOAS_MAP ioas ram3 iova=0x380000001000 rw ! EINVAL');
  const untold = imported([...START, failed]);
  expect(body(untold).at(-1)).toBe('IOAS_MAP ioas ram3 iova=0x380000001000 rw');
  expect(untold.remarks.map(({ text }) => text).join()).toContain('does not say how');
});

it('dirty tracking, files, tables and what their lines do not show', () => {
  const trace = imported([
    ...START,
    'iommufd_backend_map_file_dma  iommufd=27 ioas=2 iova=0x100000000 size=0x200000 fd=11 start=4194304 readonly=0 (0)',
    'iommufd_backend_alloc_hwpt  iommufd=27 dev_id=1 pt_id=2 flags=0x2 hwpt_type=0 len=0 data_ptr=0x0 out_hwpt=4 (0)',
    'iommufd_backend_set_dirty  iommufd=27 hwpt=4 enable=1 (0)',
    'iommufd_backend_get_dirty_bitmap  iommufd=27 hwpt=4 iova=0x0 size=0xa0000 flags=0x0 page_size=0x1000 (0)',
    'iommufd_backend_alloc_hwpt  iommufd=27 dev_id=1 pt_id=4 flags=0x0 hwpt_type=1 len=24 data_ptr=0x7ffd34 out_hwpt=5 (0)',
    'iommufd_backend_something_new  iommufd=27 (0)',
  ]);
  expect(trace.lines[0]).toContain('iommu=vtd mode=scalable');
  expect(body(trace).slice(-7, -2)).toEqual([
    'file = memfd_create qemu 6M',
    'IOAS_MAP_FILE ioas file iova=0x100000000 offset=4M len=2M rw',
    'hwpt = HWPT_ALLOC dev ioas dirty',
    'HWPT_SET_DIRTY_TRACKING hwpt on',
    'HWPT_GET_DIRTY_BITMAP hwpt iova=0 len=640K',
  ]);
  expect(trace.remarks.flatMap(({ isLoss, lines }) => (isLoss ? lines : []))).toEqual([13, 14]);
  expect(wrong(trace)).toEqual([]);
});

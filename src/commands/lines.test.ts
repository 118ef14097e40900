import { expect, it } from 'vitest';
import { parseScript } from '../scenario/parse';
import { audio, fixtureObjects, gpu } from '../testing/fixture-world';
import { all, find } from '../store/object-words';
import * as lines from './lines';

const objects = Object.fromEntries(fixtureObjects.map((object) => [object.id, object]));
const context = all(objects, 'context')[0]!;
const ioas = all(objects, 'ioas')[0]!;
const idev = find(objects, 'idev:1.1', 'idev')!;
const request = { buffer: null, process: 'qemu', size: '4M', pages: '', iova: '', length: '', access: 'rw' };
const script = 'ctx = open /dev/iommu\ndev = BIND ctx 01:00.0\nioas = IOAS_ALLOC ctx\nbuf = mmap qemu 2M';

it('binding a device takes a vfio driver, and a context when there is none', () => {
  expect(lines.bindLines('', { ...audio, driver: { name: 'snd_hda_intel', managed: false } }, null)).toEqual([
    'driver 01:00.1 vfio-pci',
    'ctx = open /dev/iommu',
    'dev = BIND ctx 01:00.1',
  ]);
  expect(lines.bindLines(script, gpu, context)).toEqual(['dev2 = BIND ctx 01:00.0']);
});

it('attaching to a new IOAS replaces what an attached device has', () => {
  expect(lines.attachToNewLines(script, gpu, idev, context)).toEqual([
    'ioas2 = IOAS_ALLOC ctx',
    'REPLACE dev ioas2',
  ]);
  expect(lines.attachToNewLines(script, gpu, { ...idev, hwptId: null }, context)[1]).toBe('ATTACH dev ioas2');
});

it('mapping makes memory where none is chosen', () => {
  expect(lines.mapLines(script, ioas, request)).toEqual(['buf2 = mmap qemu 4M', 'IOAS_MAP ioas buf2 rw']);
  expect(
    lines.mapLines(script, ioas, { ...request, buffer: 'buf', iova: '0x1000', length: '4K', access: 'r' }),
  ).toEqual(['IOAS_MAP ioas buf iova=0x1000 len=4K r']);
});

it('unmapping names the whole area', () => {
  expect(lines.unmapLine(ioas, 0x20_0000n, 0x3f_ffffn)).toBe('IOAS_UNMAP ioas iova=0x200000 len=0x200000');
});

it('a DMA is offered where the device has memory', () => {
  expect(lines.firstMappedIova(objects, gpu)).toBe(0x20_0000n);
  expect(lines.firstMappedIova({}, gpu)).toBeNull();
});

it('the parser takes every line that the buttons write', () => {
  const written = [
    ...lines.bindLines('', audio, null),
    ...lines.attachToNewLines(script, gpu, idev, context),
    lines.newHwptLine(script, idev, ioas, { nestParent: true, dirty: true }),
    ...lines.mapLines(script, ioas, { ...request, pages: '2M', iova: '0x1000' }),
    lines.unmapLine(ioas, 0n, 0xfffn),
    lines.dmaLine(gpu, { access: 'write', iova: '0x1000', length: '64' }),
  ];
  expect(parseScript(written.join('\n')).lines.flatMap((line) => line.error ?? [])).toEqual([]);
});

import { expect, it } from 'vitest';
import { ranOf } from '../../../testing/recorded-scenes';
import { importTrace, type ImportedTrace } from './import-trace';

// Formats: Linux include/trace/events/iommu.h; before 6.x a mapping had no end: "iova=0x… paddr=0x… size=…".

const imported = (lines: readonly string[]): ImportedTrace => {
  const trace = importTrace(lines.join('\n'));
  expect(trace?.kind).toBe('ftrace');
  return trace as ImportedTrace;
};
const body = ({ lines }: ImportedTrace): readonly string[] => lines.slice(lines.indexOf('boot') + 1);
const wrong = ({ lines }: ImportedTrace): readonly string[] =>
  ranOf(lines.join('\n')).results.flatMap(({ ok, text, result }) => (ok ? [] : [`${text}: ${result}`]));

const EVENTS = [
  ['add_device_to_group', 'IOMMU: groupID=14 device=0000:3b:00.0'],
  ['attach_device_to_domain', 'IOMMU: device=0000:3b:00.0'],
  ['map', 'IOMMU: iova=0x00000000fff00000 - 0x00000000fff01000 paddr=0x000000010c2f5000 size=4096'],
  ['io_page_fault', 'IOMMU:vfio-pci 0000:3b:00.0 iova=0x00000000fff02000 flags=0x0001'],
  ['unmap', 'IOMMU: iova=0x00000000fff00000 - 0x00000000fff01000 size=4096 unmapped_size=4096'],
] as const;

const SCENE = [
  'domain = iommu_paging_domain_alloc 3b:00.0',
  'iommu_attach_device domain 3b:00.0',
  'iommu_map domain 0xfff00000 0x10c2f5000 4K rw',
  'dma 3b:00.0 write 0xfff02000 4 ! FAULT',
  'iommu_unmap domain 0xfff00000 4K',
];

it.each([
  [
    'trace-cmd report',
    (name: string, text: string) =>
      `   qemu-system-x86-2211  [003] 81234.567890: ${`${name}:`.padEnd(21)}${text}`,
  ],
  [
    '/sys/kernel/tracing/trace',
    (name: string, text: string) => `  qemu-system-x86-2211    [003] ...1. 81234.567890: ${name}: ${text}`,
  ],
  [
    'perf script',
    (name: string, text: string) => `qemu-system-x86  2211 [003] 81234.567890: iommu:${name}: ${text}`,
  ],
] as const)('%s: a device, its domain, what is mapped, and a fault', (_, line) => {
  const trace = imported(['# tracer: nop', '#', ...EVENTS.map(([name, text]) => line(name, text))]);
  expect(trace.lines).toContain('pci 3b:00.0 endpoint group=14');
  expect(body(trace)).toEqual(SCENE);
  expect(wrong(trace)).toEqual([]);
  expect(trace).toMatchObject({ recognised: 5, translated: 5 });
});

it('older kernels tell no end, and a recording may begin with a mapping', () => {
  const trace = imported([
    'bash-1 [000] 1.0: map: IOMMU: iova=0x0000000000100000 paddr=0x0000000020000000 size=2097152',
    'bash-1 [000] 1.1: unmap: IOMMU: iova=0x0000000000100000 size=2097152 unmapped_size=2097152',
  ]);
  expect(body(trace).slice(2)).toEqual([
    'iommu_map domain 0x100000 0x20000000 2M rw',
    'iommu_unmap domain 0x100000 2M',
  ]);
  expect(trace.remarks.map(({ text }) => text).join()).toContain('whose mapping');
});

it('an attach after another is a new domain', () => {
  const attach = 'x-1 [0] 1.0: attach_device_to_domain: IOMMU: device=0000:00:02.0';
  const trace = imported([attach, attach]);
  expect(body(trace).slice(2)).toEqual([
    'iommu_detach_device domain 00:02.0',
    'domain2 = iommu_paging_domain_alloc 00:02.0',
    'iommu_attach_device domain2 00:02.0',
  ]);
  expect(wrong(trace)).toEqual([]);
});

import { describe, expect, it } from 'vitest';
import { ScriptRun } from '../../testing/run-script';
import { KERNEL_VERBS } from '../../scenario/verbs-kernel';
import { CHECK_VERBS } from '../../scenario/verbs-check';

/** Two functions in one group, one alone behind an IOMMU with PASIDs, one behind none. */
const MACHINE = [
  'machine m',
  'iommu smmu0 generic pasids=16',
  'pci 00:01.0 root-port bus=01-01 driver=pcieport',
  'pci 01:00.0 endpoint id=8086:10d3 class=020000 mf',
  'pci 00:02.0 rciep iommu=smmu0 pasid=16 ats',
  'pci 00:03.0 rciep iommu=none',
];
const BOOTED = [...MACHINE, 'boot', 'buf = mmap app 64K', 'dom = iommu_paging_domain_alloc 00:02.0'];

/** What the last of the lines came to; the others came out as they say. */
function last(lines: readonly string[]) {
  const run = ScriptRun.of(lines.join('\n'));
  expect(run.results.slice(0, -1).filter((result) => !result.ok)).toEqual([]);
  return run.results.at(-1)!;
}

describe('a line that makes no sense says why, and where', () => {
  // The sentences are this program's own words; what is checked is that each mistake is told, and at which column.
  const before: readonly (readonly [line: string, message: RegExp, column: number | null])[] = [
    ['iommu none generic', /none cannot be the name/, 7],
    ['iommu smmu0 generic', /there is an IOMMU smmu0 already/, 7],
    ['iommu dmar0 generic', /there is an IOMMU dmar0 already/, 7],
    ['iommu a generic pages=3K', /powers of two/, 17],
    ['iommu a generic pages=512G', /powers of two/, 17],
    ['iommu a generic aperture=0-0xffffffffffffffff', /48 bits/, 17],
    ['iommu a generic pasids=2M', /20 bits/, 17],
    ['iommu a viommu', /must be generic/, 9],
    ['iommu a amd mode=scalable', /the modes of amd are v1, v2/, 13],
    ['iommu a amd iotlb=3x3', /powers of two/, 13],
    ['pci 00:04.0 rciep iommu=smmu1', /no line has made an IOMMU smmu1/, 19],
    ['pci 00:04.0 rciep pasid=2M', /pasid=2M cannot be read/, 5],
    ['reserve 00:05.0 0x1000-0x1fff direct', /there is no PCI function 00:05\.0/, 9],
    ['reserve 01:00.0 0x1000-0x1fff msi', /VT-d firmware reserve memory to be mapped 1:1/, 31],
    ['reserve 00:03.0 0x1000-0x1fff direct', /behind no IOMMU/, 9],
    ['expect group:0 ownerCount 1', /nothing is called group:0/, 8],
  ];
  it.each(before)('before boot: %s', (line, message, column) => {
    const result = last([...MACHINE, line]);
    expect(result).toMatchObject({ status: 'error', column });
    expect(result.result).toMatch(message);
  });

  const after: readonly (readonly [line: string, message: RegExp, column: number | null])[] = [
    ['iommu a generic', /found at boot/, 7],
    ['reserve 01:00.0 0x1000-0x1fff direct', /firmware says so at boot/, 9],
    ['boot', /running already/, null],
    ['refuse smmu1 attach 1 EINVAL', /there is no IOMMU smmu1/, 8],
    ['refuse dmar0 attach 1 EINVAL', /dmar0 does as its vendor made it/, 8],
    ['refuse smmu0 attach 0 EINVAL', /counted from 1/, 21],
    ['refuse smmu0 attach 1 EWHAT', /EWHAT is no errno/, 23],
    ['refuse smmu0 map 00:02.0 EINVAL', /say which map/, 18],
    ['refuse smmu0 attach 00:09.0 EINVAL', /there is no PCI function 00:09\.0/, 21],
    ['remove 00:09.0', /there is no PCI function/, 8],
    ['expect nobody ownerCount 1', /nothing is called nobody/, 8],
    ['expect group:0 ownerCuont 1', /has no ownerCuont; it has .*ownerCount/, 16],
    ['expect group:0 domain.lable x', /has no lable; it has label, type/, 16],
    ['expect group:0 ownerCount', /say what ownerCount must be; it is 0/, 16],
    ['expect dom lable x', /dom has no lable; it has label, type, driver/, 12],
    ['cat /sys/kernel/iommu_groups/0/type is', /say what it is, in quotes/, 37],
    ['iommu_device_claim_dma_owner 00:09.0 me', /there is no PCI function 00:09\.0/, 30],
    ['iommu_device_release_dma_owner 00:09.0', /there is no PCI function/, 32],
    ['iommu_group_claim_dma_owner 9 me', /there is no group 9/, 29],
    ['iommu_group_release_dma_owner 9', /there is no group 9/, 31],
    ['group_get 9', /there is no group 9/, 11],
    ['group_put 0', /no line of this script holds group 0/, 11],
    ['iommu_group_set_name 9 "x"', /there is no group 9/, 22],
    ['iommu_group_add_device 9 00:03.0', /there is no group 9/, 24],
    ['iommu_group_add_device 0 00:02.0', /is in group 2 already|is in group \d already/, 26],
    ['iommu_group_add_device 0 nobody', /there is no PCI function nobody/, 26],
    ['iommu_group_remove_device 00:03.0', /is in no group/, 27],
    ['iommu_group_remove_device 00:02.0', /only what was put there by hand/, 27],
    ['device_iommu_capable 00:09.0 NOEXEC', /there is no PCI function/, 22],
    ['pci_dev_reset_iommu_prepare 00:09.0', /there is no PCI function/, 29],
    ['pci_dev_reset_iommu_done 00:09.0', /there is no PCI function/, 26],
    ['d = iommu_paging_domain_alloc 00:09.0', /there is no PCI function/, 31],
    ['iommu_domain_free buf', /buf is a buffer, not a domain of a kernel driver/, 19],
    ['iommu_attach_device nobody 00:02.0', /nothing is named nobody/, 21],
    ['iommu_attach_group dom 9', /there is no group 9/, 24],
    ['iommu_attach_device_pasid dom 00:02.0 2M', /20 bits/, 39],
    ['iommu_map dom 0x1000 nobody 4K rw', /nothing is named nobody/, 22],
    ['iommu_map dom 0x1000 buf 128K rw', /more than the buffer has/, 26],
    ['iommu_map dom 0x1000 0x1000 1T rw', /one line maps/, 29],
    ['iommu_unmap buf 0x1000 4K', /buf is a buffer/, 13],
    ['b = iommu_sva_bind_device 00:09.0 app', /there is no PCI function/, 27],
    ['iommu_sva_unbind_device dom', /dom is a domain of a kernel driver, not a bond/, 25],
    [
      'a = dma_map_single 00:02.0 buf both',
      /native driver's to call, and .* has none bound: it has none/,
      20,
    ],
    ['dma_set_mask_and_coherent 00:02.0 64', /native driver's to call/, 27],
    ['dma_unmap_single buf', /buf is a buffer, not an address of the DMA API/, 18],
    ['page-request 00:09.0 0x1000 r last', /there is no PCI function/, 14],
    ['page-request 00:02.0 0x1000 r pasid=2M last', /20 bits/, 31],
    ['page-request 00:02.0 0x1000 r group=512 last', /9 bits/, 31],
    ['dma 00:02.0 read nobody 64', /or the name of a DMA address/, 18],
    ['dma 00:02.0 read 0x1000 64 in=dom', /dom is no buffer/, 28],
    ['dma 00:02.0 read 0x1000 64 in=nobody', /nothing is named nobody/, 28],
    ['dma 00:03.0 read 0x1000 64 pasid=1', /behind no IOMMU/, 28],
  ];
  it.each(after)('%s', (line, message, column) => {
    const result = last([...BOOTED, line]);
    expect(result).toMatchObject({ status: 'error', column });
    expect(result.result).toMatch(message);
  });

  it('every verb of this kind is among them', () => {
    const lines = [...before, ...after].map(([line]) => line.replace(/^\w+ = /, '').split(' ')[0]);
    const untested = [...CHECK_VERBS, ...KERNEL_VERBS]
      .map(({ name }) => name)
      .filter((name) => !lines.includes(name) && !CANNOT_BE_WRONG.has(name));
    expect(untested).toEqual([]);
  });

  /** Every mistake that these could make is the parser's, another row's, or the kernel's to refuse. */
  const CANNOT_BE_WRONG: ReadonlySet<string> = new Set([
    'expect-log',
    'ls',
    'readlink',
    'echo',
    'iommu_group_alloc',
    'flush-queue-timer',
    'iommu_detach_device',
    'iommu_detach_group',
    'iommu_attach_group_handle',
    'iommu_replace_group_handle',
    'iommu_detach_group_handle',
    'iommu_detach_device_pasid',
  ]);

  it('a domain that is still attached is not freed: the kernel would go on using it', () => {
    const attached = [...BOOTED, 'iommu_attach_device dom 00:02.0'];
    expect(last([...attached, 'iommu_domain_free dom']).result).toMatch(/dom is attached to group \d/);
    const freed = [...attached, 'iommu_detach_device dom 00:02.0', 'iommu_domain_free dom'];
    expect(last(freed).ok).toBe(true);
    expect(last([...freed, 'iommu_attach_device dom 00:02.0']).result).toBe('dom was freed');
  });

  it('memory that lies in pieces is not mapped as one', () => {
    const driven = [...BOOTED, 'driver 00:02.0 idxd'];
    const result = last([...driven, 'a = dma_map_single 00:02.0 buf both len=8K']);
    expect(result.result).toMatch(/one physical piece, and the buffer's pages of 4 KiB lie apart/);
  });
});

describe('expect', () => {
  it.each([
    ['expect group:0 ownerCount 0'],
    ['expect group:0 ownerCount 0x0'],
    ['expect group:0 domain.type DMA-FQ'],
    ['expect group:0 domain.label "domain 1"'],
    ['expect group:0 deviceIds 00:01.0 01:00.0'],
    ['expect group:0 deviceIds dev:0000:00:01.0 dev:0000:01:00.0'],
    ['expect group:0 deviceIds contains 01:00.0'],
    ['expect group:0 deviceIds lacks 00:02.0'],
    ['expect group:0 deviceIds.length 2'],
    ['expect group:0 ownerId absent'],
    ['expect group:0 pasids absent'],
    ['expect group:9 absent'],
    ['expect 0000:01:00.0 groupId group:0'],
    ['expect 01:00.0 bdf 0000:01:00.0'],
    ['expect 01:00.0 isBridge false'],
    ['expect 01:00.0 driver absent'],
    ['expect 01:00.0 driver.name absent'],
    ['expect 00:01.0 driver.name contains "port"'],
    ['expect mm:app buffers.0.bytes 64K'],
    ['expect app pinnedPages 0'],
    ['expect iommu:smmu0 vendor generic'],
    ['expect buf bytes 64K'],
    ['expect dom driver smmu0'],
    ['expect dom deviceIds absent'],
    ['expect dom tablePages 1'],
  ])('%s', (line) => {
    expect(last([...BOOTED, line])).toMatchObject({ status: 'ok', ok: true });
  });

  it.each([
    ['expect group:0 ownerCount 1', 'ownerCount is 0, not 1'],
    ['expect group:0 deviceIds 00:01.0', 'deviceIds is dev:0000:00:01.0 dev:0000:01:00.0, not 00:01.0'],
    [
      'expect group:0 deviceIds contains 00:02.0',
      'deviceIds is dev:0000:00:01.0 dev:0000:01:00.0, without 00:02.0',
    ],
    [
      'expect group:0 deviceIds lacks 01:00.0',
      'deviceIds is dev:0000:00:01.0 dev:0000:01:00.0, with 01:00.0',
    ],
    ['expect group:0 deviceIds absent', 'deviceIds is dev:0000:00:01.0 dev:0000:01:00.0'],
    ['expect group:0 absent', 'group:0 is there'],
    ['expect group:0 ownerId me', 'ownerId is absent, not me'],
    ['expect 01:00.0 isBridge true', 'isBridge is false, not true'],
    ['expect group:0 domain.type identity', 'domain.type is DMA-FQ, not identity'],
    ['expect-log "something else"', /^the kernel said something else, the last: /],
    ['cat /sys/kernel/iommu_groups/0/type is "DMA"', '/sys/kernel/iommu_groups/0/type is DMA-FQ'],
    ['device_iommu_capable 00:02.0 CACHE_COHERENCY no', '0000:00:02.0: yes, not no'],
    ['dma 01:00.0 read 0x1000 64 in=buf ! FAULT', null],
  ] as const)('%s', (line, words) => {
    const result = last([...BOOTED, line]);
    if (words === null) return expect(result).toMatchObject({ status: 'fault', ok: true });
    expect(result).toMatchObject({ status: 'mismatch', ok: false, result: expect.stringMatching(words) });
  });

  it('a name stands for the very object that it was given to, not for who has its id now', () => {
    const lines = [
      ...BOOTED,
      'ctx = open /dev/iommu',
      'a = IOAS_ALLOC ctx',
      'DESTROY a',
      'b = IOAS_ALLOC ctx',
    ];
    expect(last([...lines, 'expect b objectId 1']).ok).toBe(true);
    expect(last([...lines, 'expect a absent']).ok).toBe(true);
    expect(last([...lines, 'expect a objectId 1'])).toMatchObject({
      status: 'mismatch',
      result: 'a is not there any more',
    });
  });

  it('does not boot the machine, and uses up no fail-nth', () => {
    expect(last([...MACHINE, 'expect 01:00.0 groupId absent', 'expect group:0 absent']).ok).toBe(true);
    const armed = [...BOOTED, 'ctx = open /dev/iommu', 'fail-nth 1', 'expect group:0 ownerCount 0'];
    expect(last([...armed, 'cat /sys/kernel/iommu_groups/0/type', 'ioas = IOAS_ALLOC ctx ! EFAULT']).ok).toBe(
      true,
    );
  });
});

describe('expect-log', () => {
  const claim = [
    'reserve 01:00.0 0x80000-0x8ffff direct',
    'boot',
    'iommu_device_claim_dma_owner 01:00.0 me ! EINVAL',
  ];
  const warned = 'expect-log "Firmware has requested"';

  it('finds what was said since the last one, in any number of lines after one another', () => {
    expect(
      last([...MACHINE, ...claim, warned, 'expect-log "1:1 IOMMU mapping"', 'note "still"', warned]).ok,
    ).toBe(true);
  });

  it('knows nothing of what was said before the last one', () => {
    const later = last([...MACHINE, ...claim, warned, 'group_get 0', warned]);
    expect(later).toMatchObject({ status: 'mismatch', result: 'the kernel said nothing' });
  });
});

describe('sysfs', () => {
  it.each([
    ['cat /sys/kernel/iommu_groups/0/type', 'DMA-FQ'],
    ['ls /sys/kernel/iommu_groups/0', 'devices reserved_regions type'],
    ['ls /sys/bus/pci/devices/0000:01:00.0/iommu_group/devices', '0000:00:01.0 0000:01:00.0'],
    ['readlink /sys/bus/pci/devices/0000:01:00.0/iommu_group', '/sys/kernel/iommu_groups/0'],
    ['ls /sys/kernel/iommu_groups/0/type', '/sys/kernel/iommu_groups/0/type'],
    ['echo identity /sys/kernel/iommu_groups/0/type', 'written'],
  ])('%s', (line, words) => {
    expect(last([...BOOTED, line])).toMatchObject({ status: 'ok', result: words });
  });

  // Linux: fs/kernfs, fs/namei.c; attributes without a store operation have mode 0444, and open() for writing EACCES.
  it.each([
    ['cat /sys/kernel/iommu_groups/9/type', 'ENOENT'],
    ['cat /sys/kernel/iommu_groups/0', 'EISDIR'],
    ['ls /sys/kernel/iommu_groups/9', 'ENOENT'],
    ['readlink /sys/kernel/iommu_groups/0/type', 'EINVAL'],
    ['readlink /sys/kernel/nothing', 'ENOENT'],
    ['echo 1 /sys/kernel/iommu_groups/0', 'EISDIR'],
    ['echo 1 /sys/kernel/iommu_groups/9/type', 'ENOENT'],
    ['echo 1 /sys/kernel/iommu_groups/0/reserved_regions', 'EACCES'],
    ['echo 1 /sys/bus/pci/devices/0000:01:00.0/vendor', 'EACCES'],
    ['echo 1 /sys/kernel/iommu_groups/0/type', 'EINVAL'],
  ])('%s is %s', (line, errno) => {
    expect(last([...BOOTED, line])).toMatchObject({ status: 'errno', errno });
  });
});

describe('boot as a task', () => {
  it('comes to the same as a line of its own', () => {
    const whole = ScriptRun.of([...MACHINE, 'boot'].join('\n'));
    const stepped = ScriptRun.of([...MACHINE, 't1 = begin boot', 'step t1 7', 'finish t1'].join('\n'));
    expect([...stepped.simulator.world().values()]).toEqual([...whole.simulator.world().values()]);
  });
});

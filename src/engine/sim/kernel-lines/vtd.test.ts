import { describe, expect, it } from 'vitest';
import { decodeDescriptor, decodeFault, descriptorName } from '../../hw/vtd/describe';
import { REASONS, reasonName, reasonWhy } from '../../hw/vtd/reasons';
import { decodeKernelLines } from './decode';

/**
 * Lines written by hand from the format strings of drivers/iommu/intel (dmar.c, iommu.c, prq.c, debugfs.c, trace.h), at the
 * versions named, and what those formats mean.
 */
const only = (text: string) => {
  const { decoded, unknown } = decodeKernelLines(text);
  expect(unknown).toEqual([]);
  expect(decoded).toHaveLength(1);
  return decoded[0]!;
};
const meaning = (line: ReturnType<typeof only>, structure: string, field: string) =>
  line.structures.find(({ name }) => name === structure)?.fields.find(({ name }) => name === field)?.meaning;

describe('faults', () => {
  const expected = {
    source: 'Intel VT-d',
    kind: 'fault',
    title: 'PTE Write access is not set',
    device: '0000:3b:1c.5',
    access: 'write',
    iova: 0xfe01_2000n,
    pasid: null,
    reason: 5,
  };
  it.each([
    [
      '4.4',
      'DMAR: [DMA Write] Request device [3b:1c.5] fault addr fe012000 [fault reason 05] PTE Write access is not set',
    ],
    [
      '5.2',
      'DMAR: [DMA Write] Request device [3b:1c.5] PASID ffffffff fault addr fe012000 [fault reason 05] PTE Write access is not set',
    ],
    [
      '5.14',
      'DMAR: [DMA Write NO_PASID] Request device [0x3b:0x1c.5] fault addr 0xfe012000 [fault reason 0x05] PTE Write access is not set',
    ],
    [
      '7.1',
      'DMAR: [DMA Write NO_PASID] Request device [3b:1c.5] fault addr 0xfe012000 [fault reason 0x05] PTE Write access is not set',
    ],
    [
      '3.16',
      'dmar: DMAR:[DMA Write] Request device [3b:1c.5] fault addr fe012000 \nDMAR:[fault reason 05] PTE Write access is not set',
    ],
  ])('as Linux %s prints them', (_version, text) => {
    expect(only(text)).toMatchObject(expected);
    expect(only(text).why).toBe(reasonWhy(5));
  });

  it('with a PASID', () => {
    const line = only(
      'DMAR: [DMA Read PASID 0x1f] Request device [6a:01.0] fault addr 0x7f0012345000 [fault reason 0x71] SM: Present bit in first-level paging entry is clear',
    );
    expect(line).toMatchObject({ access: 'read', pasid: 0x1f, reason: 0x71, iova: 0x7f00_1234_5000n });
  });

  it('reasons without 0x are decimal', () => {
    const line = only(
      'DMAR: [INTR-REMAP] Request device [f0:1f.7] fault index 1a [fault reason 38] Blocked an interrupt request due to source-id verification failure',
    );
    expect(line).toMatchObject({ reason: 0x26, device: '0000:f0:1f.7', access: null, iova: null });
    expect(line.facts).toContainEqual({ name: 'interrupt index', value: '0x1a' });
  });

  it('every reason of our units comes back from the line that is printed for it', () => {
    let checked = 0;
    for (const reason of REASONS)
      for (const [read, pasid] of [
        [true, null],
        [false, null],
        [true, 7],
        [false, 0xabcde],
      ] as const) {
        const high = (1n << 63n) | (read ? 1n << 62n : 0n) | (BigInt(reason) << 32n) | 0x1234n;
        const record = [0x5a_1234_5000n, high | (pasid === null ? 0n : (1n << 31n) | (BigInt(pasid) << 40n))];
        const printed = decodeFault(record, 0);
        const line = only(printed.kernelLine);
        const interrupt = printed.kernelLine.includes('INTR-REMAP');
        expect(line).toMatchObject({
          device: printed.device,
          reason,
          why: reasonWhy(reason),
          access: interrupt ? null : printed.access,
          iova: interrupt ? null : printed.iova,
          pasid: interrupt ? null : pasid,
        });
        if (reasonName(reason) !== 'Unknown') expect(line.title).toBe(reasonName(reason));
        checked++;
      }
    expect(checked).toBeGreaterThan(200);
  });

  it('of a line that is cut only what is whole is told', () => {
    const line = only('DMAR: [DMA Write NO_PASID] Request device [3b:1c.5] fault addr 0xfe0$');
    expect(line).toMatchObject({ device: '0000:3b:1c.5', access: 'write', iova: null, reason: null });
    expect(only('DMAR: [DMA Write NO_PASID] Request dev')).toMatchObject({
      device: null,
      iova: null,
      reason: null,
    });
    expect(
      only(
        'DMAR: [DMA Read NO_PASID] Request device [81:00.0] fault addr 0xffffd000 [fault reason 0x59] SM: Present bit in PA$',
      ),
    ).toMatchObject({ reason: 0x59, iova: 0xffff_d000n });
  });
});

describe('tables after a fault', () => {
  const FAULT =
    'DMAR: [DMA Read NO_PASID] Request device [00:0d.2] fault addr 0x1026a4000 [fault reason 0x71] SM: Present bit in first-level paging entry is clear';
  const dump = (...lines: readonly string[]): string =>
    [FAULT, 'DMAR: Dump dmar1 table entries for IOVA 0x1026a4000', ...lines].join('\n');

  it('scalable mode: from the root entry to the entry of the first stage', () => {
    const line = only(
      dump(
        'DMAR: scalable mode root entry: hi 0x0000000102448001, low 0x0000000101b3e001',
        'DMAR: context entry: hi 0x0000000000000000, low 0x0000000101b4d401',
        'DMAR: pasid dir entry: 0x0000000101b4e001',
        ...['0000000000000049', '0000000000000007', '0000000103c0e002'].map(
          (word, n) => `DMAR: pasid table entry[${n}]: 0x${word}`,
        ),
        ...[3, 4, 5, 6, 7].map((n) => `DMAR: pasid table entry[${n}]: 0x0000000000000000`),
        'DMAR: pte level: 4, pte value: 0x0000000103c0f027',
        'DMAR: pte level: 3, pte value: 0x0000000000000000',
        'DMAR: page table not present at level 2',
      ),
    );
    expect(line.lines).toBe(16);
    // Scalable-mode entries: PDTS 11:9 of the context entry, PGTT 8:6 and DID 79:64 of the PASID entry.
    expect(meaning(line, 'scalable mode root entry', 'LCTP')).toBe(
      'context table of devices 00 to 0f at 0x101b3e000',
    );
    expect(meaning(line, 'scalable mode context entry, lower half', 'PASIDDIRPTR')).toBe(
      'PASID directory at 0x101b4d000',
    );
    expect(meaning(line, 'PASID table entry', 'PGTT')).toBe('first stage');
    expect(meaning(line, 'PASID table entry', 'DID')).toBe('domain 7');
    expect(meaning(line, 'level 4, first stage', 'ADDR')).toBe('next table at 0x103c0f000');
    expect(line.structures.find(({ name }) => name === 'PASID table entry')?.words).toHaveLength(8);
    expect(line.facts).toContainEqual({
      name: 'then',
      value: 'the walk ends here: this entry leads nowhere',
    });
  });

  it('legacy mode: the second stage, and the root entry’s lower half alone', () => {
    const line = only(
      dump(
        'DMAR: root entry: 0x0000000127f42001',
        'DMAR: context entry: hi 0x0000000000001502, low 0x000000012d8ab001',
        'DMAR: pte level: 4, pte value: 0x0000000100001003',
        'DMAR: PTE not present at level 3',
      ),
    );
    expect(meaning(line, 'context entry', 'AW')).toBe('48 bits, 4 levels');
    expect(meaning(line, 'context entry', 'DID')).toBe('domain 21');
    expect(meaning(line, 'level 4, second stage', 'R')).toBe('read allowed');
    expect(line.structures[0]).toMatchObject({ name: 'root entry', words: [0x1_27f4_2001n] });
  });

  it('fields of words that were not pasted are not made up', () => {
    const line = only(
      dump(
        'DMAR: scalable mode root entry: hi 0x0000000000000000, low 0x0000000101b3e001',
        'DMAR: pasid table entry[0]: 0x0000000000000109',
      ),
    );
    const entry = line.structures.find(({ name }) => name === 'PASID table entry');
    expect(entry?.fields.map(({ name }) => name)).toEqual(['P', 'FPD', 'AW', 'PGTT', 'SSADE', 'SSPTPTR']);
  });

  it('a dump of another address is no part of the fault before it', () => {
    const { decoded } = decodeKernelLines(
      `${FAULT}\nDMAR: Dump dmar1 table entries for IOVA 0x5000\nDMAR: root entry: 0x0000000127f42001`,
    );
    expect(decoded.map(({ kind, iova, structures }) => [kind, iova, structures.length])).toEqual([
      ['fault', 0x1_026a_4000n, 0],
      ['structure', 0x5000n, 1],
    ]);
  });
});

describe('the invalidation queue', () => {
  it('an error with the descriptor at its head and the one before', () => {
    const line = only(
      [
        'DMAR: VT-d detected Invalidation Queue Error: Reason 4',
        'DMAR: QI HEAD: IOTLB Invalidation qw0 = 0x200f2, qw1 = 0x100042',
        'DMAR: QI PRIOR: Invalidation Wait qw0 = 0x200000025, qw1 = 0x101004',
      ].join('\n'),
    );
    expect(line).toMatchObject({ kind: 'error', reason: 4, lines: 3 });
    expect(line.why).toBe('a reserved field of a descriptor is set');
    expect(meaning(line, 'IOTLB Invalidation, at the head', 'ADDR')).toBe('from 0x100000');
    expect(meaning(line, 'Invalidation Wait, the one before', 'ADDR')).toBe('written to 0x101004');
  });

  it('a time-out names the device, where the unit tells', () => {
    expect(only('DMAR: VT-d detected Invalidation Time-out Error: SID 300')).toMatchObject({
      device: '0000:03:00.0',
    });
    expect(only('DMAR: VT-d detected Invalidation Time-out Error: SID 0').device).toBeNull();
  });

  it('every kind of descriptor comes back from the line that is printed for it', () => {
    for (let type = 1; type <= 9; type++) {
      const words = [(0x0012_3456_0000_0010n & ~0xfn) | BigInt(type), 0x7fff_f001n];
      const line = only(
        `DMAR: QI HEAD: ${descriptorName(type)} qw0 = 0x${words[0]!.toString(16)}, qw1 = 0x${words[1]!.toString(16)}`,
      );
      expect(line.structures).toEqual([
        { name: `${descriptorName(type)}, at the head`, words, bytes: 8, fields: decodeDescriptor(words) },
      ]);
    }
  });

  it('trace events', () => {
    const submit = only(
      '  irq/24-dmar0-48  [002] d..1.   978.554289: qi_submit: iotlb_inv dmar2: 0x800f2 0xf9a00005 0x0 0x0',
    );
    expect(submit).toMatchObject({ kind: 'command', title: 'IOTLB Invalidation' });
    expect(submit.structures[0]?.fields.find(({ name }) => name === 'DID')?.value).toBe(8n);
    const request = only(
      'prq_report: dmar0/0000:00:0a.0 seq# 2: rid=0x50 addr=0x559ef6f9c rw--l pasid=0x2 index=0x1',
    );
    expect(request).toMatchObject({
      device: '0000:00:0a.0',
      iova: 0x559e_f6f9_c000n,
      pasid: 2,
      access: 'write',
    });
    expect(request.facts).toContainEqual({ name: 'asks', value: 'to read, to write, last of its group' });
    const flush = only(
      'cache_tag_flush_range: dmar8 0000:00:01.0[0] type devtlb did 4 [0xffe01000-0xffe02fff] addr 0xffe00000 mask 0x3',
    );
    expect(flush).toMatchObject({ device: '0000:00:01.0', iova: 0xffe0_1000n });
  });
});

describe('debugfs', () => {
  it('dmar_translation_struct: a device in legacy and one in scalable mode', () => {
    const { decoded } = decodeKernelLines(
      [
        'IOMMU dmar2: Root Table Address: 0x436f7d000',
        'B.D.F\tRoot_entry\t\t\t\tContext_entry\t\t\t\tPASID\tPASID_table_entry',
        '00:14.0\t0x0000000000000000:0x0000000436fbd001\t0x0000000000000102:0x0000000436fbc001\t-1    \t0x0000000000000000:0x0000000000000000:0x0000000000000000',
        // Words 2:1:0 at 7.1; the first kernels that printed them had 0:1:2.
        '00:0a.0\t0x0000000000000000:0x000000044dd3f001\t0x0000000000100000:0x0000000435460e1d\t1     \t0x0000000003c0e001:0x0000000000000001:0x0000000000000049',
        '00:0a.0\t0x0000000000000000:0x000000044dd3f001\t0x0000000000100000:0x0000000435460e1d\t1     \t0x0000000000000049:0x0000000000000001:0x0000000003c0e001',
      ].join('\n'),
    );
    const [, legacy, ...scalable] = decoded;
    expect(legacy).toMatchObject({ device: '0000:00:14.0', pasid: null });
    expect(legacy!.structures.map(({ name }) => name)).toEqual(['root entry', 'context entry']);
    expect(scalable).toHaveLength(2);
    for (const line of scalable) {
      expect(line).toMatchObject({ device: '0000:00:0a.0', pasid: 1 });
      expect(meaning(line, 'PASID table entry', 'PGTT')).toBe('first stage');
      expect(meaning(line, 'PASID table entry', 'DID')).toBe('domain 1');
      expect(meaning(line, 'PASID table entry', 'FSPTPTR')).toBe('first-stage table at 0x3c0e000');
      expect(meaning(line, 'scalable mode context entry, lower half', 'DTE')).toBe('device TLB allowed');
    }
  });

  it('domain_translation_struct: entries that pages share are told once', () => {
    const row = (pfn: string, pte: string): string =>
      `0x${pfn} |\t0x0000000000000000\t0x000000086623f003\t0x0000000866240003\t0x0000000866241003\t0x${pte}`;
    const line = only(
      [
        'Device 0000:00:02.0 @0x86623e000',
        'IOVA_PFN         \tPML5E             \tPML4E             \tPDPE              \tPDE               \tPTE',
        row('000000006c000', '000000006c000003'),
        row('000000006c001', '000000006c001003'),
      ].join('\n'),
    );
    expect(line).toMatchObject({ device: '0000:00:02.0', pasid: null, lines: 4 });
    expect(line.structures.map(({ name }) => name)).toEqual([
      'PML4E of 0x0, second stage',
      'PDPE of 0x40000000, second stage',
      'PDE of 0x6c000000, second stage',
      'PTE of 0x6c000000, second stage',
      'PTE of 0x6c001000, second stage',
    ]);
    expect(line.facts).toContainEqual({ name: 'pages listed', value: '2' });
  });
});

it('boot: what a unit can do, and what firmware got wrong', () => {
  const unit = only('DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap 1c0000c40660462 ecap 19e2ff0505e');
  // ND 2:0 = 2, SAGAW 12:8 = 4, MGAW 21:16 = 38.
  expect(meaning(unit, 'Capability Register', 'ND')).toBe('256 domains');
  expect(meaning(unit, 'Capability Register', 'MGAW')).toBe('39 address bits');
  const status = only('DMAR: DRHD: handling fault status reg 40');
  expect(meaning(status, 'Fault Status Register', 'ITE')).toBe('a device did not answer an invalidation');
  expect(
    only(
      'vfio-pci 0000:04:00.1: DMAR: Device is ineligible for IOMMU domain attach due to platform RMRR requirement.  Contact your platform vendor.',
    ),
  ).toMatchObject({ source: 'Intel VT-d', kind: 'error', device: '0000:04:00.1' });
  const rmrr = only(
    'DMAR: [Firmware Bug]: Your BIOS is broken; bad RMRR [0x000000009d800000-0x000000009fffffff]',
  );
  expect(rmrr.facts).toContainEqual({ name: 'range', value: '0x9d800000 to 0x9fffffff' });
  expect(
    only('intel_iommu_map: iommu width (39) is not sufficient for the mapped address (8800001000)'),
  ).toMatchObject({
    iova: 0x88_0000_1000n,
  });
});

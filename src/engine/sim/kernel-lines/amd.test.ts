import { describe, expect, it } from 'vitest';
import { decodeDte } from '../../hw/amd/describe';
import { eventLine, eventParts } from '../../hw/amd/describe-events';
import { reasonWhy } from '../../hw/amd/reasons';
import { EVENT_GN, EVENT_I, EVENT_RW, EVENT_TR } from '../../hw/amd/structs';
import { decodeKernelLines } from './decode';

/** Lines written by hand from the format strings of drivers/iommu/amd/iommu.c, at the versions named. */
const only = (text: string) => {
  const { decoded, unknown } = decodeKernelLines(text);
  expect(unknown).toEqual([]);
  expect(decoded).toHaveLength(1);
  return decoded[0]!;
};

describe('page faults', () => {
  it.each([
    [
      '4.4, of a device that nobody knows',
      'AMD-Vi: Event logged [IO_PAGE_FAULT device=2a:1e.3 domain=0x0017 address=0x00000000fe68f000 flags=0x0020]',
    ],
    [
      '5.4',
      'xhci_hcd 0000:2a:1e.3: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0017 address=0xfe68f000 flags=0x0020]',
    ],
    [
      '7.1, of a device that nobody knows',
      'AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:2a:1e.3 domain=0x0017 address=0xfe68f000 flags=0x0020]',
    ],
  ])('as Linux %s prints them', (_version, text) => {
    const line = only(text);
    // RW is bit 53 of the record: bit 5 of the flags. The domain is no PASID while GN is clear.
    expect(line).toMatchObject({
      kind: 'fault',
      title: 'IO_PAGE_FAULT',
      device: '0000:2a:1e.3',
      access: 'write',
      iova: 0xfe68_f000n,
      reason: 0x2020,
      pasid: null,
    });
    expect(line.facts).toContainEqual({ name: 'domain', value: '0x0017' });
    const flags = line.structures[0];
    expect(flags).toMatchObject({ name: 'flags', words: [0x20n], bytes: 4 });
    expect(flags!.fields.filter(({ value }) => value === 1n).map(({ name, bits }) => [name, bits])).toEqual([
      ['RW', '5'],
    ]);
  });

  it('with GN what is called a domain is a PASID', () => {
    expect(
      only(
        'nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0003 address=0x1000 flags=0x0001]',
      ).pasid,
    ).toBe(3);
  });

  it('interrupts and translation requests are neither reads nor writes', () => {
    for (const flags of [EVENT_I, EVENT_TR, EVENT_I | EVENT_RW])
      expect(
        only(
          `AMD-Vi: Event logged [IO_PAGE_FAULT device=01:00.0 domain=0x0000 address=0xfee00000 flags=0x${flags.toString(16).padStart(4, '0')}]`,
        ).access,
      ).toBeNull();
  });

  it('of a line that is cut only what is whole is told', () => {
    const line = only(
      'xhci_hcd 0000:45:00.1: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x002e address=0xfffff$',
    );
    expect(line).toMatchObject({ device: '0000:45:00.1', iova: null, reason: null, access: null });
    expect(line.why).toMatch(/ends before the flags/);
  });
});

it('every event of our units comes back from the line that is printed for it', () => {
  let checked = 0;
  for (let code = 1; code <= 9; code++)
    for (let bit = 0; bit <= 12; bit++)
      for (const driver of [undefined, 'nvme']) {
        const flags = bit === 12 ? 0 : 1 << bit;
        const low = (BigInt(code) << 60n) | (BigInt(flags) << 48n) | (0x1234n << 32n) | 0x2af3n;
        const words = [low, 0x12_3456_7000n];
        const parts = eventParts(words);
        const line = only(eventLine(words, { segment: 0, ...(driver !== undefined && { driver }) }));
        expect(line.title).toBe(parts.name);
        if (code !== 5 && code !== 6) expect(line.device).toBe('0000:2a:1e.3');
        // Two events are printed without their flags.
        if (code !== 5 && code !== 7) expect(line.reason).toBe(parts.reason);
        if (code !== 5 && code !== 7) expect(line.why).toBe(reasonWhy(parts.reason));
        const told =
          line.iova === null ? line.facts.map(({ value }) => value) : [`0x${line.iova.toString(16)}`];
        expect(told).toContain('0x1234567000');
        if ((code === 1 || code === 8) && (flags & EVENT_GN) !== 0) expect(line.pasid).toBe(0x1234);
        checked++;
      }
  expect(checked).toBe(9 * 13 * 2);
});

describe('what is printed after an event', () => {
  it('the device table entry and the control register', () => {
    const words = [0x6000_0001_2345_6603n, 0x0000_0000_0000_0007n, 0x2008_0001_0025_8013n, 0n];
    const line = only(
      [
        'iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0000:c0:00.1 pasid=0x00000 address=0xfffffffdf8140000 flags=0x0008]',
        'iommu ivhd0: AMD-Vi: Control Reg : 0x1d',
        ...words.map((word, n) => `AMD-Vi: DTE[${n}]: ${word.toString(16).padStart(16, '0')}`),
      ].join('\n'),
    );
    expect(line).toMatchObject({ kind: 'fault', lines: 6, device: '0000:c0:00.1' });
    expect(line.structures.map(({ name }) => name)).toEqual([
      'flags',
      'Control Register',
      'device table entry',
    ]);
    expect(line.structures[2]).toMatchObject({ words, fields: decodeDte(words) });
    // DTE.Mode is bits 11:9.
    expect(line.structures[2]!.fields.find(({ name }) => name === 'Mode')?.value).toBe(3n);
  });

  it('the command that the unit could not do', () => {
    const line = only(
      [
        'iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x100200]',
        'AMD-Vi: CMD[0]: 00000000',
        'AMD-Vi: CMD[1]: 30000005',
        'AMD-Vi: CMD[2]: 00001007',
        'AMD-Vi: CMD[3]: 00000000',
      ].join('\n'),
    );
    expect(line.structures).toHaveLength(1);
    expect(line.structures[0]).toMatchObject({
      name: 'INVALIDATE_IOMMU_PAGES',
      words: [0x3000_0005_0000_0000n, 0x1007n],
    });
    expect(line.facts).toContainEqual({ name: 'command at', value: '0x100200' });
  });

  it('entries that were not pasted are not made up', () => {
    const line = only('AMD-Vi: DTE[0]: 6000000123456603\nAMD-Vi: DTE[1]: 0000000000000007');
    expect(line.structures[0]!.fields.every(({ bits }) => Number(bits.split(':')[0]) < 128)).toBe(true);
    expect(line.structures[0]!.words).toHaveLength(2);
  });

  it('a device without a domain', () => {
    const line = only(
      'AMD-Vi: Event logged [Device not attached to domain properly]\nAMD-Vi:   device=0000:2a:1e.3 domain=0x0000',
    );
    expect(line).toMatchObject({ kind: 'fault', device: '0000:2a:1e.3', lines: 2 });
  });
});

it('the command buffer, after a wait that took too long', () => {
  const { decoded, unknown } = decodeKernelLines(
    [
      'AMD-Vi: IOMMU 0000:00:00.2: Completion-Wait loop timed out',
      'AMD-Vi: CMD Buffer head=3 tail=5',
      'AMD-Vi:   0: 00100005 10000000 00000001 00000000',
      'AMD-Vi:   1: 00000000 00000000 00000000 00000000',
      'AMD-Vi:   2: 000000a0 20000000 00000000 00000000',
    ].join('\n'),
  );
  expect(unknown).toEqual([]);
  expect(decoded.map(({ title }) => title)).toEqual(['Completion-Wait loop timed out', 'Command buffer']);
  expect(decoded[1]!.structures.map(({ name }) => name)).toEqual([
    'COMPLETION_WAIT, entry 0',
    'INVALIDATE_DEVTAB_ENTRY, entry 2',
  ]);
});

it('events of memory encryption, unknown ones, and firmware', () => {
  expect(
    only(
      'nvme 0000:01:00.0: AMD-Vi: Event logged [RMP_PAGE_FAULT vmg_tag=0x0001, gpa=0x1000, flags_rmp=0x0002, flags=0x0003]',
    ),
  ).toMatchObject({
    kind: 'fault',
    device: '0000:01:00.0',
    iova: 0x1000n,
    reason: null,
  });
  const unknown = only(
    'iommu ivhd0: AMD-Vi: Event logged [UNKNOWN event[0]=0x00000100 event[1]=0xb0000000 event[2]=0x00001000 event[3]=0x00000000',
  );
  expect(unknown.structures[0]).toMatchObject({ words: [0xb000_0000_0000_0100n, 0x1000n] });
  expect(only('AMD-Vi: [Firmware Bug]: : IOAPIC[4] not in IVRS table')).toMatchObject({
    kind: 'error',
    source: 'AMD-Vi',
  });
});

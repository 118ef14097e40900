import { describe, expect, it } from 'vitest';
import { worldOf } from '../../../testing/groups-bench';
import { importMachine } from '../import-machine';
import type { ImportedMachine } from '../imported';
import {
  atsr,
  dmar,
  drhd,
  iort,
  ivhd,
  ivhdEntry,
  ivmd,
  ivrs,
  rmrr,
  rootComplex,
  scope,
  smmuv3,
  TEXT_FORMS,
} from './testing/build-tables';

const fn = (place: string, title: string, express: string | null = null): string =>
  `${place} ${title}\n${express === null ? '\tCapabilities: [40] MSI: Enable-\n' : `\tCapabilities: [40] Express (v2) ${express}, MSI 00\n`}`;
const LSPCI = [
  fn('00:00.0', 'Host bridge [0600]: Intel Corporation Device [8086:3e30]'),
  fn(
    '00:02.0',
    'VGA compatible controller [0300]: Intel Corporation Device [8086:3e98]',
    'Root Complex Integrated Endpoint',
  ),
  fn('00:14.0', 'USB controller [0c03]: Intel Corporation Device [8086:a36d]'),
  fn('00:17.0', 'SATA controller [0106]: Intel Corporation Device [8086:a352]'),
].join('');
const AMD_LSPCI = [
  fn('00:00.0', 'Host bridge [0600]: Advanced Micro Devices, Inc. [AMD] Device [1022:1480]'),
  fn('00:00.2', 'IOMMU [0806]: Advanced Micro Devices, Inc. [AMD] Device [1022:1481]'),
  fn('00:08.0', 'USB controller [0c03]: Advanced Micro Devices, Inc. [AMD] Device [1022:149c]', 'Endpoint'),
  fn('40:08.0', 'SATA controller [0106]: Advanced Micro Devices, Inc. [AMD] Device [1022:7901]', 'Endpoint'),
].join('');
const print = TEXT_FORMS['acpidump']!;
const DMAR = print(
  dmar([
    drhd({ base: 0xfed9_0000, scopes: [scope({ path: [[2, 0]] })] }),
    drhd({ base: 0xfed9_1000, all: true, scopes: [scope({ type: 3, bus: 0, path: [[0x1e, 7]] })] }),
    rmrr(0x7b80_0000, 0x7fff_ffff, [scope({ path: [[2, 0]] })]),
    rmrr(0x7a00_0000, 0x7a0f_ffff, [scope({ path: [[0x14, 0]] }), scope({ path: [[0x17, 0]] })]),
    atsr(true),
  ]),
);
const LOG = `DMAR: DRHD base: 0x000000fed90000 flags: 0x0
DMAR: dmar0: reg_base_addr fed90000 ver 1:0 cap 1c0000c40660462 ecap 19e2ff0505e
DMAR: DRHD base: 0x000000fed91000 flags: 0x1
DMAR: dmar1: reg_base_addr fed91000 ver 1:0 cap d2008c40660462 ecap f050da
DMAR: RMRR base: 0x0000007b800000 end: 0x0000007fffffff
`;

function imported(text: string): ImportedMachine {
  const result = importMachine(text);
  if (result.status === 'failed') throw new Error(result.why);
  return result;
}
const linesOf = (machine: ImportedMachine, verb: string): readonly string[] =>
  machine.lines.filter((line) => line.startsWith(`${verb} `));

describe('a table beside a listing', () => {
  it('makes units, scopes and reserved memory of the script, and the script runs', () => {
    const machine = imported(`${LSPCI}\n$ sudo acpidump -n DMAR\n${DMAR}`);
    expect(machine.iommu).toMatchObject({ kind: 'vtd', told: true, units: ['dmar0', 'dmar1'] });
    expect(machine.sources.map(({ kind }) => kind)).toEqual(['lspci', 'command', 'acpi']);
    expect(machine.notUnderstood).toEqual([]);
    expect(linesOf(machine, 'iommu')).toEqual(['iommu unit0 vtd']);
    expect(linesOf(machine, 'pci').filter((line) => line.includes('iommu='))).toHaveLength(1);
    expect(linesOf(machine, 'reserve')).toEqual([
      'reserve 00:02.0 0x7b800000-0x7fffffff direct-relaxable',
      'reserve 00:14.0 0x7a000000-0x7a0fffff direct-relaxable',
      'reserve 00:17.0 0x7a000000-0x7a0fffff direct',
    ]);
    const world = worldOf(machine.lines.join('\n'));
    expect(world['dev:0000:00:02.0']).toMatchObject({ iommuId: 'iommu:unit0' });
  });

  it('agrees with the kernel log: nothing is told twice, nothing is missing', () => {
    const both = imported(`${LSPCI}\n${LOG}\n${DMAR}`);
    expect(both.iommu.units).toEqual(['dmar0', 'dmar1']);
    expect(both.contradictions).toEqual([]);
    expect(both.ask.filter(({ command }) => command.includes('acpidump'))).toEqual([]);
    expect(linesOf(both, 'reserve')).toHaveLength(3);
    // The log alone leaves open who is behind which unit, and for whom the memory is.
    expect(imported(`${LSPCI}\n${LOG}`).ask.map(({ command }) => command)).toContain('sudo acpidump -n DMAR');
  });

  it('names a log of another machine', () => {
    const other = imported(`${LSPCI}\n${LOG.replaceAll('fed90000', 'fbffc000')}\n${DMAR}`);
    expect(other.contradictions.map(({ text }) => text)).toEqual([
      'dmar0 is at 0xfbffc000 in line 11, at 0xfed90000 in the ACPI table; it may be of another machine',
    ]);
  });

  it('a table alone makes no machine, and says what it was', () => {
    const alone = importMachine(DMAR);
    expect(alone.status === 'failed' && alone.why).toContain('found were ACPI table');
    expect(alone.status === 'failed' && alone.why).toContain('about dmar0, dmar1');
  });

  it('IVRS: units, what none covers, and memory that must be reached', () => {
    const table = ivrs([
      ivhd({ rid: 2, base: 0xfd80_0000, entries: [ivhdEntry.range(3, 0x3fff)] }),
      ivhd({ rid: 0x4002, base: 0xfd70_0000, entries: [ivhdEntry.range(0x4003, 0x7fff)] }),
      ivmd(0x21, [0x4040, 0], 0x6000_0000, 0x2000),
    ]);
    const machine = imported(`${AMD_LSPCI}\n${print(table)}`);
    expect(machine.iommu.kind).toBe('amd');
    expect(linesOf(machine, 'iommu')).toEqual(['iommu ivhd1 amd']);
    expect(linesOf(machine, 'pci').map((line) => /iommu=\S+/.exec(line)?.[0] ?? '')).toEqual([
      'iommu=none',
      'iommu=none',
      '',
      'iommu=ivhd1',
    ]);
    expect(linesOf(machine, 'reserve')).toEqual(['reserve 40:08.0 0x60000000-0x60001fff direct']);
    const world = worldOf(machine.lines.join('\n'));
    expect(world['dev:0000:00:00.0']).toMatchObject({
      groupId: null,
      ungrouped: 'no IOMMU has 0000:00:00.0 in its scope',
    });
  });

  it('IORT: an SMMU for each range of ids', () => {
    const table = iort([
      smmuv3(0x2b40_0000),
      smmuv3(0x2b50_0000),
      rootComplex([
        { ids: 0x100, node: 0 },
        { input: 0x4000, ids: 0x100, node: 1 },
      ]),
    ]);
    const machine = imported(
      `${AMD_LSPCI.replaceAll('IOMMU [0806]', 'System peripheral [0880]')}\n${print(table)}`,
    );
    expect(machine.iommu).toMatchObject({
      kind: 'smmuv3',
      units: ['arm-smmu-v3.0.auto', 'arm-smmu-v3.1.auto'],
    });
    expect(linesOf(machine, 'iommu')).toEqual(['iommu unit1 smmuv3']);
    expect(linesOf(machine, 'pci').filter((line) => line.includes('iommu=unit1'))).toHaveLength(1);
    expect(worldOf(machine.lines.join('\n'))['iommu:unit1']?.type).toBe('iommu');
  });

  it('a disassembly is understood to its last line, and tables that are not read are named', () => {
    // The comment and the layout that ACPICA's iasl -d prints.
    const disassembly = `/*
 * Intel ACPI Component Architecture
 * AML/ASL+ Disassembler version 20200925 (64-bit version)
 * Copyright (c) 2000 - 2020 Intel Corporation
 *
 * Disassembly of dmar.dat, Sat Nov 21 10:00:00 2026
 *
 * ACPI Data Table [DMAR]
 *
 * Format: [HexOffset DecimalOffset ByteLength]  FieldName : FieldValue
 */

[000h 0000   4]                    Signature : "DMAR"    [DMA Remapping Table]
[004h 0004   4]                 Table Length : 000000B2

Raw Table Data: Length 178 (0xB2)

${DMAR.split('\n').slice(1).join('\n')}
VIOT @ 0x000000003FFE2849
    0000: 56 49 4F 54 30 00 00 00 00 5E 42 4F 43 48 53 20  VIOT0....^BOCHS
`;
    const machine = imported(`${LSPCI}\n${disassembly}`);
    expect(machine.notUnderstood).toEqual([]);
    expect(machine.iommu.units).toEqual(['dmar0', 'dmar1']);
    expect(machine.warnings.filter((text) => text.includes('VIOT'))).toHaveLength(1);
  });

  it('a table without interrupt remapping says so', () => {
    const machine = imported(
      `${LSPCI}\n${print(dmar([drhd({ base: 0x1000, all: true }), atsr(true)], { flags: 0 }))}`,
    );
    expect(machine.warnings.join('\n')).toContain('interrupts are not remapped on this machine');
  });
});

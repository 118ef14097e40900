import { describe, expect, it } from 'vitest';
import { acpidumpOf } from './dump-text';
import { readAcpi } from './read-acpi';
import {
  atsr,
  dmar,
  dmarStructure,
  drhd,
  iort,
  itsGroup,
  ivhd,
  ivhdEntry,
  ivmd,
  ivrs,
  rmr,
  rmrr,
  rootComplex,
  scope,
  smmuv3,
  TEXT_FORMS,
  u16,
  u8,
} from './testing/build-tables';

/** Layouts: the documents named in testing/build-tables.ts. */
const DMAR = dmar([
  drhd({ base: 0xfed9_0000, scopes: [scope({ path: [[2, 0]] })] }),
  drhd({ base: 0xfed9_1000, all: true, scopes: [scope({ type: 3, bus: 0xf0, path: [[31, 0]] })] }),
  rmrr(0x7b80_0000, 0x7fff_ffff, [scope({ path: [[2, 0]] })]),
  atsr(false, [
    scope({
      type: 2,
      path: [
        [0x1c, 4],
        [0, 0],
      ],
    }),
  ]),
]);
const IVRS = ivrs([
  ivhd({ rid: 2, base: 0xfeb8_0000, entries: [ivhdEntry.range(3, 0xffff)] }),
  ivhd({
    type: 0x11,
    rid: 2,
    base: 0xfeb8_0000,
    entries: [ivhdEntry.select(0x08), ivhdEntry.range(0x10, 0xfff), ivhdEntry.alias(0x200, 0x108)],
  }),
  ivmd(0x22, [0x300, 0x307], 0x8000_0000, 0x1800),
]);
const IORT = iort([
  itsGroup,
  smmuv3(0x2b40_0000, [{ ids: 0x1_0000, node: 0 }]),
  rootComplex([{ ids: 0x1_0000, to: 0x2_0000, node: 1 }], { segment: 1 }),
]);
const text = TEXT_FORMS['acpidump']!;

describe.each(Object.entries(TEXT_FORMS))('%s', (_form, print) => {
  it('DMAR: units, what they cover and what is reserved', () => {
    const { dmar: read, remarks } = readAcpi(print(DMAR));
    expect(remarks).toEqual([]);
    expect(read?.addressBits).toBe(48);
    expect(read?.interruptRemapping).toBe(true);
    expect(read?.units.map(({ base, includeAll, segment }) => [base, includeAll, segment])).toEqual([
      [0xfed9_0000n, false, 0],
      [0xfed9_1000n, true, 0],
    ]);
    expect(read?.units[0]?.scopes[0]?.path).toEqual([{ device: 2, fn: 0 }]);
    expect(read?.reserved.map(({ start, last }) => [start, last])).toEqual([[0x7b80_0000n, 0x7fff_ffffn]]);
    expect(read?.atsr[0]?.scopes[0]?.path).toEqual([
      { device: 0x1c, fn: 4 },
      { device: 0, fn: 0 },
    ]);
  });

  it('IVRS: of an IOMMU that is described twice the newer form counts', () => {
    const { ivrs: read, remarks } = readAcpi(print(IVRS));
    expect(remarks).toEqual([]);
    expect(read?.units).toHaveLength(1);
    expect(read?.units[0]).toMatchObject({ rid: 2, base: 0xfeb8_0000n });
    expect(read?.units[0]?.ranges).toEqual([
      { first: 8, last: 8 },
      { first: 0x10, last: 0xfff },
      { first: 0x200, last: 0x200 },
      { first: 0x108, last: 0x108 },
    ]);
    expect(read?.units[0]?.aliases).toMatchObject([{ first: 0x200, last: 0x200, to: 0x108 }]);
    expect(read?.memory).toMatchObject([
      { rids: { first: 0x300, last: 0x307 }, start: 0x8000_0000n, last: 0x8000_1fffn },
    ]);
  });

  it('IORT: nodes and mappings', () => {
    const { iort: read, remarks } = readAcpi(print(IORT));
    expect(remarks).toEqual([]);
    expect([...(read?.nodes.values() ?? [])]).toMatchObject([
      { kind: 'its' },
      { kind: 'smmuv3', base: 0x2b40_0000n, mappings: [{ count: 0xffff }] },
      { kind: 'root-complex', segment: 1, mappings: [{ inputBase: 0, count: 0xffff, outputBase: 0x2_0000 }] },
    ]);
  });
});

describe('the same bytes in any form', () => {
  it('a row that hexdump leaves out with * is there', () => {
    const long = dmar([
      drhd({ base: 0x1000, scopes: [] }),
      dmarStructure(
        9,
        Array.from({ length: 100 }, () => 0),
      ),
    ]);
    const printed = TEXT_FORMS['hexdump -C']!(long);
    expect(printed).toContain('\n*\n');
    expect(readAcpi(printed).remarks.map((remark) => remark.text)).toEqual([
      'DMAR+0x40: structure type 9 is not known and skipped, as Linux does',
    ]);
  });

  it('a file of the firmware becomes what acpidump prints', () => {
    expect(readAcpi(acpidumpOf(DMAR) ?? '').dmar?.units).toHaveLength(2);
    expect(acpidumpOf(DMAR.subarray(0, 60))).toBeNull();
    expect(acpidumpOf(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46))).toBeNull();
    const changed = DMAR.slice();
    changed[60]! ^= 1;
    expect(acpidumpOf(changed)).toBeNull();
  });

  it('fields of iasl -d without its raw data', () => {
    // As ACPICA's disassembler lays out DMAR: offset, decimal offset, length, name, value.
    const fields = `
[000h 0000   4]                    Signature : "DMAR"    [DMA Remapping Table]
[004h 0004   4]                 Table Length : 00000048
[008h 0008   1]                     Revision : 01
[009h 0009   1]                     Checksum : 00
[00Ah 0010   6]                       Oem ID : "INTEL "
[010h 0016   8]                 Oem Table ID : "SKL "
[018h 0024   4]                 Oem Revision : 00000001
[01Ch 0028   4]              Asl Compiler ID : "INTL"
[020h 0032   4]        Asl Compiler Revision : 00000001

[024h 0036   1]           Host Address Width : 26
[025h 0037   1]                        Flags : 01
[026h 0038  10]                     Reserved : 00 00 00 00 00 00 00 00 00 00

[030h 0048   2]                Subtable Type : 0000 [Hardware Unit Definition]
[032h 0050   2]                       Length : 0018

[034h 0052   1]                        Flags : 00
[035h 0053   1]                     Reserved : 00
[036h 0054   2]           PCI Segment Number : 0000
[038h 0056   8]        Register Base Address : 00000000FED90000

[040h 0064   1]            Device Scope Type : 01 [PCI Endpoint Device]
[041h 0065   1]                 Entry Length : 08
[042h 0066   2]                     Reserved : 0000
[044h 0068   1]               Enumeration ID : 00
[045h 0069   1]               PCI Bus Number : 00

[046h 0070   2]                     PCI Path : 02,00
`;
    const { dmar: read } = readAcpi(fields);
    expect(read?.addressBits).toBe(39);
    expect(read?.units[0]?.base).toBe(0xfed9_0000n);
    expect(read?.units[0]?.scopes[0]).toMatchObject({ type: 1, bus: 0, path: [{ device: 2, fn: 0 }] });
    // With raw data behind it, the bytes count.
    const both = `${fields}\nRaw Table Data: Length 200 (0xC8)\n\n${text(DMAR).split('\n').slice(1).join('\n')}`;
    expect(readAcpi(both).dmar?.units).toHaveLength(2);
    expect(readAcpi(both).remarks).toEqual([]);
  });

  it('among the other tables of acpidump', () => {
    const other = text(DMAR).replace('DMAR @', 'FACP @');
    const facts = readAcpi(`${other}\n${text(IVRS)}\n${other}`);
    expect(facts.dmar).toBeNull();
    expect(facts.ivrs?.units).toHaveLength(1);
  });
});

describe('damage is named and the rest is read', () => {
  const said = (bytes: Uint8Array): string[] => readAcpi(text(bytes)).remarks.map((remark) => remark.text);
  const withBytes = (table: Uint8Array, at: number, ...bytes: number[]): Uint8Array => {
    const changed = table.slice();
    changed.set(bytes, at);
    return changed;
  };

  it('a wrong checksum', () => {
    expect(said(withBytes(DMAR, 30, 0x99))).toEqual([
      'the checksum of the DMAR table is wrong: a byte of it is not as firmware wrote it; it was read nevertheless',
    ]);
    expect(said(withBytes(IVRS, 30, 0x99))[0]).toContain('IVRS invalid checksum');
  });

  it('a text that ends in the middle', () => {
    const facts = readAcpi(text(DMAR).split('\n').slice(0, 6).join('\n'));
    expect(facts.dmar?.units).toHaveLength(1);
    expect(facts.remarks.map((remark) => remark.text)).toEqual([
      `the DMAR table has ${DMAR.length} bytes, of which the text holds 80; what is missing is not known`,
      'DMAR+0x48: a structure of 24 bytes does not fit into what is left of the table; it and what follows are not read',
    ]);
    expect(facts.damaged.size).toBe(1);
  });

  it('a row that was lost: what follows it is not taken for what it is not', () => {
    const lines = text(DMAR).split('\n');
    lines.splice(4, 1);
    expect(readAcpi(lines.join('\n')).remarks[0]?.text).toBe(
      `the DMAR table has ${DMAR.length} bytes, of which the text holds 48; what is missing is not known`,
    );
  });

  it('structures of length 0 do not stop the reader from ending', () => {
    expect(said(withBytes(DMAR, 50, 0, 0)).at(-2)).toBe(
      'DMAR+0x30: a structure of 0 bytes cannot be; what follows in this table is not read',
    );
    expect(said(withBytes(DMAR, 65, 0)).at(-1)).toBe(
      'DMAR+0x40: a device scope of 0 bytes cannot be; the rest of its structure is not read',
    );
    expect(said(withBytes(IVRS, 50, 0, 0)).at(-2)).toContain('IVRS+0x30: a structure of 0 bytes');
    expect(said(withBytes(IORT, 49, 0, 0)).at(-1)).toContain(
      'IORT+0x30: node 1 of 3 is not within the table',
    );
  });

  it('device entries of an unknown length end their block', () => {
    const odd = ivrs([ivhd({ rid: 2, base: 0x1000, entries: [[0x90, 0, 0, 0], ivhdEntry.all] })]);
    expect(said(odd)).toEqual([
      'IVRS+0x48: a device entry of type 0x90 has no length that fits; the rest of its block is not read',
    ]);
  });

  it('unknown structures, scopes and nodes are skipped with a remark', () => {
    expect(said(dmar([dmarStructure(8, [...u16(0), ...u16(0)]), drhd({ base: 0x1000 })]))).toEqual([
      'DMAR+0x30: structure type 8 is not known and skipped, as Linux does',
    ]);
    expect(said(dmar([drhd({ base: 0x1000, scopes: [scope({ type: 9, path: [[0, 0]] })] })]))).toEqual([
      'DMAR+0x40: a device scope of the unknown type 9 is skipped, as Linux does',
    ]);
    expect(said(iort([smmuv3(0x1000), { type: 0x20, data: u8(0) }]))).toEqual([
      'IORT+0x74: node type 32 is not known and skipped, as Linux does',
    ]);
    expect(said(ivrs([ivhd({ rid: 2, base: 1, entries: [] }), [0x99, 0, 8, 0, 0, 0, 0, 0]]))).toEqual([
      'IVRS+0x48: block type 0x99 is not known and skipped',
    ]);
  });

  it('reserved memory of an old IORT is not what Linux reads', () => {
    const old = iort([smmuv3(0x1000), rmr([[0x8000_0000, 0x1_0000]], [{ ids: 1, node: 0 }])], 3);
    expect(said(old)).toEqual([
      'IORT+0x74: reserved memory in a table of revision 3: Linux reads it from revision 5 on',
    ]);
  });

  it('two different tables of one kind; the same twice is one', () => {
    expect(readAcpi(text(DMAR) + text(DMAR)).remarks).toEqual([]);
    const both = readAcpi(text(DMAR) + text(dmar([drhd({ base: 0x1000 })])));
    expect(both.dmar?.units).toHaveLength(2);
    expect(both.remarks).toMatchObject([{ sort: 'contradiction', line: Math.ceil(DMAR.length / 16) + 3 }]);
  });

  it('each remark has the line of its bytes', () => {
    const { remarks } = readAcpi(`\n\nfirst\n${text(withBytes(DMAR, 65, 0))}`);
    // Offset 0x40 is in the fifth row, below the title in line 4.
    expect(remarks.find(({ text: said }) => said.includes('device scope'))?.line).toBe(9);
  });
});

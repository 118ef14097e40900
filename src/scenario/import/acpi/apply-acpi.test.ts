import { describe, expect, it } from 'vitest';
import { plainSpec, type PciFunctionSpec, type PciKind } from '../../../engine/pci/function-spec';
import { formatBdf } from '../../../engine/pci/address';
import { parseBdf } from '../../pci-line';
import { applyAcpi, type AppliedAcpi } from './apply-acpi';
import { readAcpi } from './read-acpi';
import {
  atsr,
  dmar,
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
} from './testing/build-tables';

const fn = (name: string, kind: PciKind, more: Partial<PciFunctionSpec> = {}): PciFunctionSpec => {
  const address = parseBdf(name)!;
  return { ...plainSpec(address, kind), ...more };
};
const bridge = (name: string, kind: PciKind, secondary: number, subordinate = secondary): PciFunctionSpec =>
  fn(name, kind, { buses: { secondary, subordinate } });

const DISPLAY = 0x030000;
const USB = 0x0c0330;
const HOST = 0x060000;

/** A desktop: graphics, USB, a root port with a switch and an SR-IOV card below, a card of its own. */
const SPECS: readonly PciFunctionSpec[] = [
  fn('00:00.0', 'pci', { classCode: HOST }),
  bridge('00:01.0', 'root-port', 1, 3),
  fn('00:02.0', 'rciep', { classCode: DISPLAY }),
  fn('00:14.0', 'pci', { classCode: USB }),
  bridge('00:1c.0', 'root-port', 4),
  bridge('01:00.0', 'upstream-port', 2, 3),
  bridge('02:00.0', 'downstream-port', 3),
  fn('03:00.0', 'endpoint', { ats: true }),
  fn('04:00.0', 'endpoint'),
  fn('04:00.1', 'endpoint', { virtualOf: parseBdf('04:00.0')! }),
];

function apply(
  table: Uint8Array,
  kind: 'vtd' | 'amd' | 'smmuv3',
  specs: readonly PciFunctionSpec[] = SPECS,
): AppliedAcpi {
  const facts = readAcpi(TEXT_FORMS['acpidump']!(table));
  expect(facts.remarks).toEqual([]);
  return applyAcpi(specs, facts, kind);
}
const iommuOf = ({ specs }: AppliedAcpi): Record<string, string | null> =>
  Object.fromEntries(
    specs
      .filter(({ iommu }) => iommu !== null)
      .map(({ address, iommu }) => [formatBdf(address).slice(5), iommu]),
  );
const reservedOf = ({ reserved }: AppliedAcpi): string[] =>
  reserved.map(
    ({ name, start, last, kind }) => `${name.slice(5)} ${start.toString(16)}-${last.toString(16)} ${kind}`,
  );
const said = ({ remarks }: AppliedAcpi): string[] =>
  remarks.map(({ text, functions }) => [text, ...functions].join(' · '));

/** Linux: intel/dmar.c dmar_insert_dev_scope(), intel/iommu.c device_lookup_iommu() */
describe('DMAR', () => {
  it('a unit that names its functions goes before the one that covers all', () => {
    const applied = apply(
      dmar([
        drhd({ base: 0xfed9_0000, scopes: [scope({ path: [[2, 0]] })] }),
        drhd({ base: 0xfed9_1000, all: true }),
        atsr(true),
      ]),
      'vtd',
    );
    expect(applied.main?.name).toBe('dmar1');
    // dmar0 is what a script calls the machine's own unit.
    expect(applied.units.map(({ name, unit }) => [name, unit.name])).toEqual([['unit0', 'dmar0']]);
    expect(iommuOf(applied)).toEqual({ '00:02.0': 'unit0' });
    expect(said(applied)).toEqual([]);
  });

  it('a bridge covers all that is below it, a physical function its virtual ones', () => {
    const applied = apply(
      dmar([
        drhd({ base: 0x1000, scopes: [scope({ path: [[0, 0]] }), scope({ path: [[2, 0]] })] }),
        drhd({ base: 0x2000, scopes: [scope({ type: 2, path: [[1, 0]] })] }),
        drhd({
          base: 0x3000,
          scopes: [
            scope({
              type: 1,
              path: [
                [0x1c, 0],
                [0, 0],
              ],
            }),
          ],
        }),
        atsr(true),
      ]),
      'vtd',
    );
    expect(iommuOf(applied)).toEqual({
      '00:00.0': 'unit0',
      '00:02.0': 'unit0',
      '00:14.0': 'none',
      '00:1c.0': 'none',
      '04:00.0': 'dmar2',
      '04:00.1': 'dmar2',
    });
    expect(applied.main?.name).toBe('dmar1');
    expect(said(applied)).toEqual([
      'by the DMAR table no IOMMU covers %: they have no group and their DMA is not translated · 0000:00:14.0 · 0000:00:1c.0',
    ]);
  });

  it('of two units that cover a function the later one of the table has it, as Linux puts it first', () => {
    const [port, card] = [
      scope({ type: 2, path: [[1, 0]] }),
      scope({
        path: [
          [1, 0],
          [0, 0],
          [0, 0],
          [0, 0],
        ],
      }),
    ];
    const all = drhd({ base: 0x9000, all: true });
    const of = (first: readonly number[], second: readonly number[]): Record<string, string | null> =>
      iommuOf(
        apply(
          dmar([
            drhd({ base: 0x1000, scopes: [first] }),
            drhd({ base: 0x2000, scopes: [second] }),
            all,
            atsr(true),
          ]),
          'vtd',
        ),
      );
    expect(of(port, card)).toMatchObject({ '00:01.0': 'unit0', '02:00.0': 'unit0', '03:00.0': 'dmar1' });
    expect(of(card, port)).toMatchObject({ '00:01.0': 'dmar1', '02:00.0': 'dmar1', '03:00.0': 'dmar1' });
  });

  it('a segment has units of its own', () => {
    const specs = [...SPECS, fn('0001:00:00.0', 'pci', { classCode: HOST }), fn('0002:00:00.0', 'pci')];
    const applied = apply(
      dmar([
        drhd({ base: 0x1000, segment: 1, all: true }),
        drhd({ base: 0x2000, all: true }),
        drhd({ base: 0x3000, segment: 1, scopes: [scope({ path: [[2, 0]] })] }),
        atsr(true),
      ]),
      'vtd',
      specs,
    );
    expect(applied.main?.name).toBe('dmar1');
    expect(applied.specs.find(({ address }) => address.domain === 1)?.iommu).toBe('unit0');
    expect(applied.specs.find(({ address }) => address.domain === 2)?.iommu).toBe('none');
    expect(said(applied)[0]).toBe(
      'dmar2 (0x3000) covers no function of the listing: Linux leaves such an IOMMU alone',
    );
  });

  it('what a VMD makes is behind the IOMMU of the VMD', () => {
    const specs = [
      ...SPECS,
      fn('00:0e.0', 'rciep', { vendorId: 0x8086, deviceId: 0x9a0b, classCode: 0x010400 }),
      bridge('10000:e0:06.0', 'root-port', 0xe1),
      fn('10000:e1:00.0', 'endpoint'),
    ];
    const applied = apply(
      dmar([
        drhd({ base: 0x1000, all: true }),
        drhd({ base: 0x2000, scopes: [scope({ path: [[0x0e, 0]] })] }),
        atsr(true),
      ]),
      'vtd',
      specs,
    );
    expect(
      applied.specs.filter(({ iommu }) => iommu === 'dmar1').map(({ address }) => formatBdf(address)),
    ).toEqual(['0000:00:0e.0', '10000:e0:06.0', '10000:e1:00.0']);
  });

  it('reserved memory: relaxable for USB and graphics, direct for others and below bridges', () => {
    const named = [
      scope({ path: [[2, 0]] }),
      scope({ path: [[0x14, 0]] }),
      scope({ type: 2, path: [[0x1c, 0]] }),
    ];
    const applied = apply(
      dmar([drhd({ base: 0x1000, all: true }), rmrr(0x8000_0000, 0x8000_0fff, named), atsr(true)]),
      'vtd',
    );
    expect(reservedOf(applied)).toEqual([
      '00:02.0 80000000-80000fff direct-relaxable',
      '00:14.0 80000000-80000fff direct-relaxable',
      '00:1c.0 80000000-80000fff direct',
      '04:00.0 80000000-80000fff direct',
      '04:00.1 80000000-80000fff direct',
    ]);
  });

  it('reserved memory that is damaged or for nobody is named', () => {
    const at = [scope({ path: [[2, 0]] })];
    const applied = apply(
      dmar([
        drhd({ base: 0x1000, all: true }),
        rmrr(0x8000_0000, 0x8000_0800, at),
        rmrr(0x8000_0000, 0x7000_0000, at),
        rmrr(0n, 0xffff_ffff_ffff_ffffn, at),
        rmrr(0x9000_0000, 0x9000_0fff, [scope({ path: [[3, 0]] })]),
        atsr(true),
      ]),
      'vtd',
    );
    expect(reservedOf(applied)).toEqual(['00:02.0 80000000-80000800 direct-relaxable']);
    expect(said(applied)).toEqual([
      'DMAR+0x40: reserved memory 0x80000000-0x80000800 is not of whole pages; Linux says so ("bad RMRR") and keeps it',
      'DMAR+0x60: reserved memory 0x80000000-0x70000000 cannot be; left out',
      'DMAR+0x80: reserved memory 0x0-0xffffffffffffffff cannot be; left out',
      'DMAR+0xa0: memory 0x90000000-0x90000fff is reserved for a function that the listing does not have',
    ]);
  });

  it('a function named by its bus is found; one of the wrong sort turns VT-d off in Linux', () => {
    const applied = apply(
      dmar([
        drhd({
          base: 0x1000,
          scopes: [scope({ bus: 4, path: [[0, 0]] }), scope({ type: 2, path: [[2, 0]] })],
        }),
        drhd({ base: 0x2000, all: true }),
        atsr(true),
      ]),
      'vtd',
    );
    expect(iommuOf(applied)).toEqual({ '00:02.0': 'unit0', '04:00.0': 'unit0', '04:00.1': 'unit0' });
    expect(said(applied)).toEqual([
      'DMAR+0x40 names % by its bus instead of the way to it from the root; Linux copes ("RMRR entry … is broken - applying workaround") · 0000:04:00.0',
      'DMAR+0x48 calls % a bridge, which it is not: Linux leaves VT-d off ("Device scope type does not match") · 0000:00:02.0',
    ]);
  });

  it('ATS needs its root port in an ATSR', () => {
    const applied = apply(dmar([drhd({ base: 0x1000, all: true })]), 'vtd');
    expect(said(applied)).toEqual([
      'no ATSR of the DMAR table lists the root port above %: Linux leaves their ATS off · 0000:03:00.0',
    ]);
    const listed = [scope({ type: 2, path: [[1, 0]] })];
    expect(said(apply(dmar([drhd({ base: 0x1000, all: true }), atsr(false, listed)]), 'vtd'))).toEqual([]);
  });

  it('what the kernel of the machine gave a group is behind an IOMMU, whatever the table says', () => {
    const specs = SPECS.map((spec) => ({ ...spec, recordedGroup: 1 }));
    const applied = apply(
      dmar([drhd({ base: 0x1000, scopes: [scope({ path: [[2, 0]] })] }), atsr(true)]),
      'vtd',
      specs.slice(0, 3),
    );
    expect(iommuOf(applied)).toEqual({});
    expect(applied.remarks[0]).toMatchObject({
      sort: 'contradiction',
      functions: ['0000:00:00.0', '0000:00:01.0'],
    });
  });

  it('a table that covers nothing is used if it names nothing, and left out if it names others', () => {
    const nothing = apply(dmar([drhd({ base: 0x1000 }), atsr(true)]), 'vtd', SPECS.slice(0, 2));
    expect(iommuOf(nothing)).toEqual({ '00:00.0': 'none', '00:01.0': 'none' });
    const others = apply(
      dmar([drhd({ base: 0x1000, scopes: [scope({ path: [[9, 0]] })] }), atsr(true)]),
      'vtd',
    );
    expect(iommuOf(others)).toEqual({});
    expect(others.isUsed).toBe(false);
    expect(others.remarks.at(-1)?.sort).toBe('contradiction');
  });

  it('what a cut table leaves out may have been in the rest', () => {
    const whole = TEXT_FORMS['acpidump']!(
      dmar([drhd({ base: 0x1000, scopes: [scope({ path: [[2, 0]] })] }), drhd({ base: 0x2000, all: true })]),
    );
    const facts = readAcpi(whole.split('\n').slice(0, 6).join('\n'));
    expect(facts.dmar?.units).toHaveLength(1);
    expect(iommuOf(applyAcpi(SPECS, facts, 'vtd'))).toEqual({});
  });
});

/** Linux: amd/init.c init_iommu_from_acpi(), amd/iommu.c check_device(), setup_aliases(), amd_iommu_get_resv_regions() */
describe('IVRS', () => {
  const AMD = [
    fn('00:00.0', 'pci', { classCode: HOST }),
    fn('00:00.2', 'pci', { classCode: 0x080600 }),
    bridge('00:01.1', 'root-port', 1),
    fn('00:14.0', 'pci', { classCode: 0x0c0500 }),
    fn('00:18.0', 'pci', { classCode: HOST }),
    fn('01:00.0', 'endpoint'),
    fn('01:00.1', 'endpoint'),
  ];

  it('covers what its entries name, IO-APICs’ ids among it, and not the IOMMU itself', () => {
    const applied = apply(
      ivrs([
        ivhd({
          rid: 2,
          base: 0x1000,
          entries: [ivhdEntry.range(0x02, 0x0f), ivhdEntry.select(0x100), ivhdEntry.special(0, 0xa0, 1)],
        }),
      ]),
      'amd',
      AMD,
    );
    expect(applied.main?.name).toBe('ivhd0');
    expect(iommuOf(applied)).toEqual({
      '00:00.0': 'none',
      '00:00.2': 'none',
      '00:18.0': 'none',
      '01:00.1': 'none',
    });
  });

  it('of two units that cover a requester id the later one has it', () => {
    const applied = apply(
      ivrs([
        ivhd({ rid: 2, base: 0x1000, entries: [ivhdEntry.all] }),
        ivhd({ rid: 0x4002, base: 0x2000, entries: [ivhdEntry.range(0x100, 0x1ff)] }),
      ]),
      'amd',
      AMD,
    );
    expect(applied.main?.name).toBe('ivhd0');
    expect(iommuOf(applied)).toEqual({ '00:00.2': 'none', '01:00.0': 'ivhd1', '01:00.1': 'ivhd1' });
    expect(said(applied)[0]).toContain('IVRS covers %, which stands before the IOMMU in its slot');
  });

  it('an alias on the same bus counts for groups, one on another bus does not', () => {
    const applied = apply(
      ivrs([
        ivhd({
          rid: 2,
          base: 0x1000,
          entries: [ivhdEntry.all, ivhdEntry.alias(0x101, 0x100), ivhdEntry.alias(0xa0, 0x4a0)],
        }),
      ]),
      'amd',
      AMD,
    );
    expect(
      applied.specs.flatMap(({ address, aliases }) =>
        aliases.length > 0 ? [[formatBdf(address), aliases]] : [],
      ),
    ).toEqual([['0000:01:00.1', [0]]]);
    expect(said(applied)[0]).toContain(
      'IVRS has DMA carry a requester id of another bus (0000:00:14.0 as 04:14.0)',
    );
  });

  it('the alias that a conventional bridge makes anyhow is nothing to speak of', () => {
    const specs = [
      ...AMD,
      bridge('00:1e.0', 'pcie-to-pci', 5, 6),
      bridge('05:01.0', 'pci-bridge', 6),
      fn('06:00.0', 'pci'),
    ];
    const applied = apply(
      ivrs([ivhd({ rid: 2, base: 1, entries: [ivhdEntry.all, ivhdEntry.aliasRange(0x500, 0x6ff, 0x500)] })]),
      'amd',
      specs,
    );
    expect(said(applied).filter((text) => text.includes('another bus'))).toEqual([]);
  });

  it('memory definitions: of all, one or a range of requester ids, in whole pages', () => {
    const applied = apply(
      ivrs([
        ivhd({ rid: 2, base: 0x1000, entries: [ivhdEntry.range(3, 0xffff)] }),
        ivmd(0x21, [0xa0, 0], 0x7000_0000, 0x1000),
        ivmd(0x22, [0x100, 0x107], 0x8000_0000, 0x1001, 8),
        ivmd(0x21, [0x100, 0], 0x9000_0000, 0x1000, 6),
      ]),
      'amd',
      AMD,
    );
    expect(reservedOf(applied)).toEqual([
      '00:14.0 70000000-70000fff direct',
      '01:00.0 80000000-80001fff direct',
      '01:00.1 80000000-80001fff direct',
    ]);
  });
});

/** Linux: acpi/arm64/iort.c iort_node_map_id(), iort_id_map(), iort_get_rmrs() */
describe('IORT', () => {
  const toSmmu = (input: number, ids: number, node: number, to = input) => ({ input, ids, to, node });

  it('follows the mappings of the root complex; what none takes is behind no IOMMU', () => {
    const applied = apply(
      iort([
        itsGroup,
        smmuv3(0x2b40_0000, [{ ids: 0x1_0000, node: 0 }]),
        smmuv3(0x2b50_0000, [{ ids: 0x1_0000, node: 0 }]),
        rootComplex([toSmmu(0, 0x100, 1), toSmmu(0x300, 0x100, 2), toSmmu(0x400, 0x100, 0)]),
      ]),
      'smmuv3',
    );
    expect(applied.main?.name).toBe('arm-smmu-v3.0.auto');
    expect(applied.units.map(({ name, unit }) => [name, unit.base])).toEqual([['unit1', 0x2b50_0000n]]);
    expect(iommuOf(applied)).toEqual({
      '01:00.0': 'none',
      '02:00.0': 'none',
      '03:00.0': 'unit1',
      '04:00.0': 'none',
      '04:00.1': 'none',
    });
  });

  it('a segment without a root complex has no IOMMU', () => {
    const applied = apply(
      iort([smmuv3(0x1000), rootComplex([toSmmu(0, 0x1_0000, 0)], { segment: 0 })]),
      'smmuv3',
      [...SPECS, fn('0001:00:00.0', 'endpoint')],
    );
    expect(
      applied.specs.filter(({ iommu }) => iommu === 'none').map(({ address }) => address.domain),
    ).toEqual([1]);
  });

  it('firmware that counts ids instead of ids minus one: the range that begins there has the id', () => {
    const of = (second: readonly [input: number, ids: number]): string | null | undefined =>
      iommuOf(
        apply(
          iort([smmuv3(0x1000), smmuv3(0x2000), rootComplex([toSmmu(0, 0x101, 0), toSmmu(...second, 1)])]),
          'smmuv3',
        ),
      )['01:00.0'];
    expect(of([0x100, 0x10])).toBe('unit1');
    // One that does not begin there does not have it.
    expect(of([0xff, 0x10])).toBeUndefined();
  });

  it('an SMMU’s mapping for its own interrupts is none of what it translates', () => {
    const applied = apply(
      iort([
        itsGroup,
        smmuv3(0x1000, [{ ids: 1, to: 0x77, node: 0, single: true }], 0),
        rootComplex([toSmmu(0, 0x1_0000, 1)]),
      ]),
      'smmuv3',
    );
    expect(iommuOf(applied)).toEqual({});
  });

  it('tells StreamIDs that are no requester ids, and those that two functions share', () => {
    const shifted = apply(iort([smmuv3(0x1000), rootComplex([toSmmu(0, 0x1_0000, 0, 0x1_0000)])]), 'smmuv3');
    expect(said(shifted)[0]).toContain('IORT gives % StreamIDs that are not their requester ids');
    const shared = apply(
      iort([smmuv3(0x1000), rootComplex([{ ids: 1, to: 5, node: 0, single: true }])]),
      'smmuv3',
      SPECS.slice(0, 2),
    );
    expect(said(shared).at(-1)).toContain(
      'Aliasing StreamID unsupported" and their DMA cannot be told apart · 0000:00:01.0',
    );
  });

  it('mappings that lead in a circle lead nowhere', () => {
    const applied = apply(iort([smmuv3(0x1000), rootComplex([toSmmu(0, 0x1_0000, 1)])]), 'smmuv3');
    expect(applied.isUsed).toBe(false);
  });

  it('reserved memory by StreamID, relaxable where remapping is permitted', () => {
    const nodes = (flags: number) => [
      smmuv3(0x1000),
      rootComplex([toSmmu(0, 0x1_0000, 0)]),
      rmr(
        [
          [0x8000_0000, 0x1_0000],
          [0x9000_0800, 0x1000],
        ],
        [{ ids: 1, to: 0x400, node: 0 }],
        flags,
      ),
    ];
    expect(reservedOf(apply(iort(nodes(0)), 'smmuv3'))).toEqual([
      '04:00.0 80000000-8000ffff direct',
      '04:00.0 90000000-90001fff direct',
    ]);
    expect(reservedOf(apply(iort(nodes(1)), 'smmuv3'))[0]).toBe('04:00.0 80000000-8000ffff direct-relaxable');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PCI_KINDS, plainSpec, type PciFunctionSpec } from '../engine/pci/function-spec';
import { acsBits, spec } from '../testing/pci-machine';
import { parseLine } from './parse';
import { formatPciLine, parseBdf, specOfArgs } from './pci-line';
import { pciLineArgs } from './pci-statement';

const readBack = (line: string): ReturnType<typeof specOfArgs> => {
  const { statement, error } = parseLine(line, 1);
  if (statement === null) throw new Error(error?.message ?? 'no statement');
  return specOfArgs(pciLineArgs(statement.args));
};

/** The notation is GRAMMAR.md's. */
describe('a pci line', () => {
  it('says everything of a bridge', () => {
    const bridge = spec('00:1c.4', 'root-port', {
      ids: '8086:a114',
      bus: '02-0a',
      revision: 0xf1,
      acs: { cap: acsBits('SV RR CR UF'), ctrl: acsBits('SV') },
      multifunction: true,
      recordedGroup: 7,
      driver: 'pcieport',
      label: 'Root "Port" #5',
    });
    expect(formatPciLine(bridge)).toBe(
      'pci 00:1c.4 root-port id=8086:a114 rev=0xf1 bus=02-0a acs=SV+RR+CR+UF/SV mf group=7 driver=pcieport "Root \\"Port\\" #5"',
    );
  });
  it('says little of a plain function', () => {
    expect(formatPciLine(spec('00:02.0', 'endpoint'))).toBe('pci 00:02.0 endpoint');
    expect(formatPciLine(spec('10000:e1:00.0', 'endpoint'))).toBe('pci 10000:e1:00.0 endpoint');
  });
  it('says what memory it has, what virtual functions it could have, and that it leads outside', () => {
    const bars = [
      { start: 0xf000_0000n, bytes: 0x100_0000n, prefetchable: false },
      { start: 0x40_0000_0000n, bytes: 0x4000n, prefetchable: true },
    ];
    const sriov = { total: 64, vfDevice: 0x10ed, offset: 128, stride: 2 };
    expect(formatPciLine(spec('01:00.0', 'endpoint', { bars, sriov }))).toBe(
      'pci 01:00.0 endpoint sriov=64@128/2:10ed bars=f0000000-f0ffffff+4000000000-4000003fffp',
    );
    expect(formatPciLine(spec('04:00.0', 'pci', { aliases: [0x80, 0xfa] }))).toBe(
      'pci 04:00.0 pci alias=10.0+1f.2',
    );
    expect(formatPciLine(spec('00:1d.0', 'root-port', { external: true }))).toBe(
      'pci 00:1d.0 root-port external',
    );
  });
  it('tells an empty capability from none, and a control register that is not told from an empty one', () => {
    const port = (acs: PciFunctionSpec['acs']) => formatPciLine(spec('00:01.0', 'root-port', { acs }));
    expect(port(null)).toBe('pci 00:01.0 root-port');
    expect(port({ cap: 0, ctrl: null })).toBe('pci 00:01.0 root-port acs=none');
    expect(port({ cap: 0x1d, ctrl: null, firmware: 1 })).toBe('pci 00:01.0 root-port acs=SV+RR+CR+UF@SV');
    expect(port({ cap: 0x1d, ctrl: 0x1c, firmware: 0 })).toBe(
      'pci 00:01.0 root-port acs=SV+RR+CR+UF@none/RR+CR+UF',
    );
    expect(port({ cap: 0x5f, ctrl: 0 })).toBe('pci 00:01.0 root-port acs=SV+TB+RR+CR+UF+DT/none');
  });

  it.each<[string, string[], Record<string, string>, RegExp]>([
    ['no address', [], {}, /no PCI address/],
    ['a device above 1f', ['00:20.0', 'endpoint'], {}, /no PCI address/],
    ['no kind', ['00:02.0'], {}, /no kind/],
    ['an unknown flag', ['00:02.0', 'endpoint', 'mff'], {}, /no flag/],
    ['an unknown option', ['00:02.0', 'endpoint'], { irq: '5' }, /no option/],
    ['a wrong id', ['00:02.0', 'endpoint'], { id: '8086' }, /id=8086 cannot be read/],
    ['a wrong ACS bit', ['00:02.0', 'endpoint'], { acs: 'SV+XX' }, /acs=SV\+XX cannot be read/],
    ['a BAR that ends before it starts', ['00:02.0', 'endpoint'], { bars: 'f000-efff' }, /cannot be read/],
    ['BARs with a gap', ['00:02.0', 'endpoint'], { bars: 'f000-ffff++0-f' }, /cannot be read/],
    ['an alias on another bus', ['00:02.0', 'endpoint'], { alias: '01:00.0' }, /cannot be read/],
    ['virtual functions without stride', ['00:02.0', 'endpoint'], { sriov: '7@1' }, /cannot be read/],
    ['more than 65535 of them', ['00:02.0', 'endpoint'], { sriov: '65536@1/1' }, /cannot be read/],
    ['three ACS sets', ['00:02.0', 'endpoint'], { acs: 'SV/SV/SV' }, /cannot be read/],
    ['a revision of nine bits', ['00:02.0', 'endpoint'], { rev: '256' }, /cannot be read/],
    ['an option of Object.prototype', ['00:02.0', 'endpoint'], { constructor: 'x' }, /no option/],
  ])('%s is a mistake', (_what, words, options, expected) => {
    expect(specOfArgs({ words, options, text: null })).toEqual({
      ok: false,
      mistake: expect.stringMatching(expected) as string,
    });
  });

  it('is read back as the spec it was made from', () => {
    const byte = fc.nat(0xff);
    const address = fc.record({
      domain: fc.oneof(fc.constant(0), fc.nat(0xffff_ffff)),
      bus: byte,
      devfn: byte,
    });
    const ids = fc.record({ vendorId: fc.nat(0xffff), deviceId: fc.nat(0xffff) });
    const acs = fc.record(
      { cap: fc.nat(0x7f), ctrl: fc.option(fc.nat(0x7f)), firmware: fc.nat(0x7f) },
      { requiredKeys: ['cap', 'ctrl'] },
    );
    const u64 = fc.bigInt(0n, 0xffff_ffff_ffff_ffffn);
    const bar = fc
      .record({ ends: fc.tuple(u64, u64), prefetchable: fc.boolean() })
      .map(({ ends: [a, b], prefetchable }) => ({
        start: a < b ? a : b,
        bytes: (a < b ? b - a : a - b) + 1n,
        prefetchable,
      }));
    const specs: fc.Arbitrary<PciFunctionSpec> = fc
      .record({
        address,
        kind: fc.constantFrom(...PCI_KINDS),
        ids,
        subsystem: fc.option(ids),
        classCode: fc.nat(0xff_ffff),
        revision: byte,
        buses: fc.option(fc.record({ secondary: byte, subordinate: byte })),
        acs: fc.option(acs),
        multifunction: fc.boolean(),
        virtualOf: fc.option(address),
        recordedGroup: fc.oneof(fc.constant(null), fc.constant('none' as const), fc.nat(0xffff)),
        driver: fc.option(fc.constantFrom('pcieport', 'snd_hda_intel', 'vfio-pci', 'e1000e')),
        iommu: fc.option(fc.constantFrom('none', 'smmu0')),
        pasids: fc.nat(2 ** 20),
        ats: fc.boolean(),
        pri: fc.boolean(),
        untrusted: fc.boolean(),
        external: fc.boolean(),
        aliases: fc.array(byte, { maxLength: 4 }),
        bars: fc.array(bar, { maxLength: 6 }),
        sriov: fc.option(
          fc.record({
            total: fc.nat(0xffff),
            vfDevice: fc.option(fc.nat(0xffff)),
            offset: fc.nat(0xffff),
            stride: fc.nat(0xffff),
          }),
        ),
        label: fc.option(fc.string({ unit: 'binary' })),
      })
      .map(({ ids: { vendorId, deviceId }, ...rest }) => ({ ...rest, vendorId, deviceId }));
    fc.assert(
      fc.property(specs, (one) => {
        expect(readBack(formatPciLine(one))).toEqual({ ok: true, spec: one });
      }),
      { numRuns: 500 },
    );
  });
});

describe('an address', () => {
  it.each(['', '1:00.0', '00:00.8', '00:1.0', '000:00:00.0', '00:00.0 ', '123456789:00:00.0'])(
    '"%s" is none',
    (text) => {
      expect(parseBdf(text)).toBeNull();
    },
  );
  it('has a segment of four to eight digits, or none', () => {
    expect(parseBdf('10000:e1:1f.7')).toEqual({ domain: 0x10000, bus: 0xe1, devfn: 0xff });
    expect(plainSpec(parseBdf('0a:00.0')!, 'pci').address.bus).toBe(10);
  });
});

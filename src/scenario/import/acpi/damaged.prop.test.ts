import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PciTopology } from '../../../engine/pci/topology';
import { plainSpec, type PciFunctionSpec } from '../../../engine/pci/function-spec';
import { parseScript } from '../../parse';
import { parseBdf } from '../../pci-line';
import { importMachine } from '../import-machine';
import { applyAcpi } from './apply-acpi';
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

const SEEDS = {
  vtd: dmar([
    drhd({ base: 0x1000, scopes: [scope({ path: [[2, 0]] }), scope({ type: 2, path: [[1, 0]] })] }),
    drhd({ base: 0x2000, all: true }),
    rmrr(0x8000_0000, 0x8000_0fff, [scope({ path: [[2, 0]] })]),
    atsr(false, [scope({ type: 2, path: [[1, 0]] })]),
  ]),
  amd: ivrs([
    ivhd({ rid: 2, base: 0x1000, entries: [ivhdEntry.range(3, 0xff), ivhdEntry.alias(0x100, 0x101)] }),
    ivhd({ type: 0x40, rid: 2, base: 0x1000, entries: [ivhdEntry.all, ivhdEntry.special(0, 0xa0, 1)] }),
    ivmd(0x20, [0, 0], 0x7000_0000, 0x1000),
  ]),
  smmuv3: iort([
    itsGroup,
    smmuv3(0x1000, [{ ids: 0x1_0000, node: 0 }]),
    rootComplex([{ ids: 0x1_0000, node: 1 }]),
    rmr([[0x8000_0000, 0x1_0000]], [{ ids: 16, node: 1 }]),
  ]),
} as const;
const KINDS = ['vtd', 'amd', 'smmuv3'] as const;
const LSPCI = `00:00.0 Host bridge [0600]: Intel Corporation Device [8086:3e30]
00:01.0 PCI bridge [0604]: Intel Corporation Device [8086:1901]
	Bus: primary=00, secondary=01, subordinate=01, sec-latency=0
	Capabilities: [88] Express (v2) Root Port (Slot+), MSI 00
00:02.0 VGA compatible controller [0300]: Intel Corporation Device [8086:3e98]
	Capabilities: [70] Express (v2) Root Complex Integrated Endpoint, MSI 00
01:00.0 Ethernet controller [0200]: Intel Corporation Device [8086:1521]
	Capabilities: [a0] Express (v2) Endpoint, MSI 00
`;
const SPECS: readonly PciFunctionSpec[] = [
  plainSpec(parseBdf('00:00.0')!, 'pci'),
  { ...plainSpec(parseBdf('00:01.0')!, 'root-port'), buses: { secondary: 1, subordinate: 1 } },
  plainSpec(parseBdf('00:02.0')!, 'rciep'),
  plainSpec(parseBdf('01:00.0')!, 'endpoint'),
];

const damage = fc.record({
  kind: fc.constantFrom(...KINDS),
  bytes: fc.array(fc.tuple(fc.nat({ max: 400 }), fc.nat({ max: 255 })), { maxLength: 6 }),
  lines: fc.array(fc.tuple(fc.constantFrom('drop', 'twice', 'cut'), fc.nat({ max: 40 })), { maxLength: 3 }),
  form: fc.constantFrom(...Object.keys(TEXT_FORMS)),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function textOf({ kind, bytes, lines, form }: Damage): string {
  const table = SEEDS[kind].slice();
  // The signature stays: without it there is no table at all.
  for (const [at, value] of bytes) table[4 + (at % (table.length - 4))] = value;
  const printed = TEXT_FORMS[form]!(table).split('\n');
  for (const [how, at] of lines) {
    const index = at % printed.length;
    const line = printed[index] ?? '';
    if (how === 'drop') printed.splice(index, 1);
    else if (how === 'twice') printed.splice(index, 0, line);
    else printed[index] = line.slice(0, at);
  }
  return printed.join('\n');
}

describe('damaged tables', () => {
  it('are read to an end, and functions stay behind units that the table lists', () => {
    fc.assert(
      fc.property(damage, (how) => {
        const facts = readAcpi(textOf(how));
        const applied = applyAcpi(SPECS, facts, how.kind);
        const names = new Set([null, 'none', ...applied.units.map(({ name }) => name)]);
        expect(applied.specs.every(({ iommu }) => names.has(iommu))).toBe(true);
        expect(applied.reserved.every(({ start, last }) => start <= last)).toBe(true);
        const topology = new PciTopology();
        for (const spec of applied.specs) expect(topology.addFunction(spec).ok).toBe(true);
      }),
      { numRuns: 1500 },
    );
  });

  it('beside a listing make a script that can be read', () => {
    fc.assert(
      fc.property(damage, (how) => {
        const imported = importMachine(`${LSPCI}\n${textOf(how)}`);
        expect(imported.status).toBe('ok');
        if (imported.status !== 'ok') return;
        expect(parseScript(imported.lines.join('\n')).lines.filter(({ error }) => error !== null)).toEqual(
          [],
        );
        expect(imported.functions).toBe(4);
      }),
      { numRuns: 300 },
    );
  });

  it('of random bytes', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...KINDS),
        fc.uint8Array({ minLength: 40, maxLength: 300 }),
        (kind, noise) => {
          const table = SEEDS[kind].slice(0, 48);
          const bytes = Uint8Array.from([...table, ...noise]);
          new DataView(bytes.buffer).setUint32(4, bytes.length, true);
          const facts = readAcpi(TEXT_FORMS['xxd']!(bytes));
          applyAcpi(SPECS, facts, kind);
          expect(facts.dmar ?? facts.ivrs ?? facts.iort).not.toBeNull();
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('a whole table is what it was, in any form', () => {
  it.each(KINDS)('%s', (kind) => {
    const [first, ...others] = Object.values(TEXT_FORMS).map((print) =>
      applyAcpi(SPECS, readAcpi(print(SEEDS[kind])), kind),
    );
    const plain = (applied: typeof first) => ({
      specs: applied?.specs,
      units: applied?.units.map(({ name }) => name),
      reserved: applied?.reserved.map(({ name, start, last }) => [name, start, last]),
    });
    for (const other of others) expect(plain(other)).toEqual(plain(first));
    expect(first?.isUsed).toBe(true);
  });
});

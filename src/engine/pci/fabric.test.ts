import { describe, expect, it } from 'vitest';
import { formatShortBdf } from './address';
import { routeOf } from './fabric';
import type { PciFunctionSpec } from './function-spec';
import { plainSpec, type PciKind } from './function-spec';
import { PCI_ACS_DT, PCI_ACS_RR, PCI_ACS_SV, PCI_ACS_UF } from './regs';
import { PciTopology } from './topology';

/** Spec: PCI Express Base 6.0, 6.12 "Access Control Services (ACS)"; the expectations are read from its rules by hand. */

const at = (text: string): PciFunctionSpec['address'] => {
  const [, bus = '', slot = '', fn = ''] = /^(..):(..)\.(.)$/.exec(text) ?? [];
  return { domain: 0, bus: parseInt(bus, 16), devfn: (parseInt(slot, 16) << 3) | Number(fn) };
};
const bus = (secondary: number, subordinate = secondary): Partial<PciFunctionSpec> => ({
  buses: { secondary, subordinate },
});
const acs = (cap: number, ctrl = cap): Partial<PciFunctionSpec> => ({ acs: { cap, ctrl } });
const ALL = PCI_ACS_SV | PCI_ACS_RR | PCI_ACS_UF;

type Row = readonly [bdf: string, kind: PciKind, ...more: readonly Partial<PciFunctionSpec>[]];

/** Each function's memory begins at its bus number, slot and function: 03:01.0 has 0x0300_8000. */
function machine(rows: readonly Row[]): PciTopology {
  const topology = new PciTopology({ acsRequested: false });
  for (const [bdf, kind, ...more] of rows) {
    const address = at(bdf);
    const bars = [{ start: memoryOf(bdf), bytes: 0x1000n, prefetchable: false }];
    const added = topology.addFunction(
      Object.assign({}, plainSpec(address, kind), { bars }, ...more) as PciFunctionSpec,
    );
    if (!added.ok) throw new Error(added.why);
    topology.finishSlotScan(added.value);
  }
  return topology;
}
const memoryOf = (bdf: string): bigint => {
  const { bus: number, devfn } = at(bdf);
  return BigInt(number * 0x10_0000 + devfn * 0x1000);
};

function route(topology: PciTopology, from: string, to: string, translated = false): string {
  const fn = topology.find(at(from));
  if (fn === null) throw new Error(`${from} is not there`);
  const found = routeOf(fn, memoryOf(to), translated);
  if (found.to === 'root') return 'root';
  const name = ({ address }: typeof found.peer): string => formatShortBdf(address.bus, address.devfn);
  return `${name(found.peer)} via ${name(found.via)}`;
}

const SWITCH = (
  port: Partial<PciFunctionSpec>,
  root: Partial<PciFunctionSpec> = acs(ALL),
): readonly Row[] => [
  ['00:01.0', 'root-port', bus(1, 4), root],
  ['01:00.0', 'upstream-port', bus(2, 4)],
  ['02:00.0', 'downstream-port', bus(3), port],
  ['02:01.0', 'downstream-port', bus(4), port],
  ['03:00.0', 'endpoint'],
  ['04:00.0', 'endpoint'],
];

describe('memory requests between devices', () => {
  it('what no device answers for goes to the root complex', () => {
    expect(route(machine(SWITCH(acs(0))), '03:00.0', '0f:00.0')).toBe('root');
  });

  it('a switch sends straight on, unless P2P Request Redirect is on', () => {
    expect(route(machine(SWITCH({})), '03:00.0', '04:00.0')).toBe('04:00.0 via 02:00.0');
    expect(route(machine(SWITCH(acs(ALL, PCI_ACS_SV))), '03:00.0', '04:00.0')).toBe('04:00.0 via 02:00.0');
    expect(route(machine(SWITCH(acs(ALL))), '03:00.0', '04:00.0')).toBe('root');
  });

  it('the port that the request comes in by decides, not the one that it would leave by', () => {
    const rows = SWITCH(acs(ALL)).map((row): Row =>
      row[0] === '02:00.0' ? ['02:00.0', 'downstream-port', bus(3)] : row,
    );
    expect(route(machine(rows), '03:00.0', '04:00.0')).toBe('04:00.0 via 02:00.0');
    expect(route(machine(rows), '04:00.0', '03:00.0')).toBe('root');
  });

  it('what was redirected below comes back down where Upstream Forwarding is off', () => {
    expect(route(machine(SWITCH(acs(ALL), acs(ALL, PCI_ACS_SV | PCI_ACS_RR))), '03:00.0', '04:00.0')).toBe(
      '04:00.0 via 00:01.0',
    );
    expect(route(machine(SWITCH(acs(ALL), {})), '03:00.0', '04:00.0')).toBe('04:00.0 via 00:01.0');
  });

  it('Direct Translated P2P lets translated requests pass, and no others', () => {
    const topology = machine(SWITCH(acs(ALL | PCI_ACS_DT)));
    expect(route(topology, '03:00.0', '04:00.0')).toBe('root');
    expect(route(topology, '03:00.0', '04:00.0', true)).toBe('04:00.0 via 02:00.0');
  });

  it('a bit that the capability lacks has nothing to control', () => {
    expect(route(machine(SWITCH(acs(PCI_ACS_SV))), '03:00.0', '04:00.0')).toBe('root');
  });

  it('tells why a port let it pass: a control that is off, one that is on, or none to be had', () => {
    const why = (rows: readonly Row[], translated = false): string => {
      const found = routeOf(machine(rows).find(at('03:00.0'))!, memoryOf('04:00.0'), translated);
      return found.to === 'peer' ? found.why : found.to;
    };
    expect(why(SWITCH({}))).toMatch(/without an ACS capability it has no P2P Request Redirect$/);
    expect(why(SWITCH(acs(ALL, PCI_ACS_SV)))).toMatch(/P2P Request Redirect is off$/);
    expect(why(SWITCH(acs(ALL), {}))).toMatch(/without an ACS capability it has no Upstream Forwarding$/);
    expect(why(SWITCH(acs(ALL), acs(ALL, PCI_ACS_RR)))).toMatch(/Upstream Forwarding is off$/);
    expect(why(SWITCH(acs(ALL | PCI_ACS_DT)), true)).toMatch(/Direct Translated P2P is on$/);
  });

  it('functions of one device reach each other inside it, unless it redirects', () => {
    const card = (more: Partial<PciFunctionSpec>): readonly Row[] => [
      ['00:01.0', 'root-port', bus(1), acs(ALL)],
      ['01:00.0', 'endpoint', { multifunction: true }, more],
      ['01:00.1', 'endpoint', more],
    ];
    expect(route(machine(card({})), '01:00.0', '01:00.1')).toBe('01:00.1 via 01:00.0');
    expect(route(machine(card(acs(ALL))), '01:00.0', '01:00.1')).toBe('root');
  });

  it('a redirecting device under a port that does not forward: back down', () => {
    const rows: readonly Row[] = [
      ['00:01.0', 'root-port', bus(1), acs(ALL, PCI_ACS_SV)],
      ['01:00.0', 'endpoint', { multifunction: true }, acs(ALL)],
      ['01:00.1', 'endpoint', acs(ALL)],
    ];
    expect(route(machine(rows), '01:00.0', '01:00.1')).toBe('01:00.1 via 00:01.0');
  });

  it('from root port to root port: as the one that it comes in by says', () => {
    const rows = (first: Partial<PciFunctionSpec>): readonly Row[] => [
      ['00:01.0', 'root-port', bus(1), first],
      ['00:02.0', 'root-port', bus(2), acs(ALL)],
      ['01:00.0', 'endpoint'],
      ['02:00.0', 'endpoint'],
    ];
    expect(route(machine(rows({})), '01:00.0', '02:00.0')).toBe('02:00.0 via 00:01.0');
    expect(route(machine(rows(acs(ALL))), '01:00.0', '02:00.0')).toBe('root');
  });

  it('on a conventional bus there is no redirection', () => {
    const rows: readonly Row[] = [
      ['00:01.0', 'root-port', bus(1, 3), acs(ALL)],
      ['01:00.0', 'pcie-to-pci', bus(2, 3)],
      ['02:00.0', 'pci'],
      ['02:01.0', 'pci'],
      ['02:02.0', 'pci-bridge', bus(3)],
      ['03:00.0', 'pci'],
    ];
    const topology = machine(rows);
    expect(route(topology, '02:00.0', '02:01.0')).toBe('02:01.0 via 02:01.0');
    expect(route(topology, '02:00.0', '03:00.0')).toBe('03:00.0 via 02:02.0');
    expect(route(topology, '03:00.0', '02:00.0')).toBe('02:00.0 via 02:00.0');
    expect(route(topology, '03:00.0', '0f:00.0')).toBe('root');
  });

  it('a virtual function goes the way of its device', () => {
    const rows: readonly Row[] = [
      ...SWITCH({}),
      ['03:10.0', 'endpoint', { virtualOf: at('03:00.0'), bars: [] }],
    ];
    expect(route(machine(rows), '03:10.0', '04:00.0')).toBe('04:00.0 via 02:00.0');
  });
});

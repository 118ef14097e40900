import { describe, expect, it } from 'vitest';
import { acsBits, at, ISOLATING, machineOf, spec } from '../../testing/pci-machine';
import type { PciFunctionSpec } from '../pci/function-spec';
import { decideGroup, groupTopology } from './pci-device-group';

/** Groups by short names, in the order of their making. */
const groups = (specs: readonly PciFunctionSpec[]): string[][] =>
  groupTopology(machineOf(specs)).groups.map((group) => group.functions.map((fn) => fn.shortName));

const joins = (specs: readonly PciFunctionSpec[]): { rule: string; why: string }[] =>
  groupTopology(machineOf(specs)).groups.flatMap((group) =>
    group.joins.map(({ rule, why }) => ({ rule, why })),
  );

/** Expected values follow drivers/iommu/iommu.c pci_device_group() and its comments. */
describe('step 1: the alias walk', () => {
  const specs = [
    spec('00:01.0', 'root-port', { bus: '01-02', acs: ISOLATING }),
    spec('01:00.0', 'pcie-to-pci', { bus: '02-02' }),
    spec('02:00.0', 'pci'),
    spec('02:05.0', 'pci'),
  ];
  it('puts what is behind a PCIe-to-PCI bridge into the group of the bridge', () => {
    expect(groups(specs)).toEqual([['00:01.0'], ['01:00.0', '02:00.0', '02:05.0']]);
  });
  it('says so', () => {
    expect(joins(specs)[1]).toEqual({
      rule: 'dma-alias',
      why: '02:05.0 and 01:00.0: the PCIe-to-PCI bridge 01:00.0 puts its own requester id on what comes from below, so its children cannot be told apart',
    });
  });
  it('puts a machine behind a VMD into the group of the VMD', () => {
    const vmd = [
      spec('00:0e.0', 'rciep', { ids: '8086:9a0b' }),
      spec('10000:e0:06.0', 'root-port', { bus: 'e1-e1', acs: ISOLATING }),
      spec('10000:e1:00.0', 'endpoint'),
    ];
    expect(groups(vmd)).toEqual([['00:0e.0', '10000:e0:06.0', '10000:e1:00.0']]);
    expect(joins(vmd).map((join) => join.rule)).toEqual(['dma-alias', 'dma-alias']);
  });
});

describe('step 2: the ACS walk', () => {
  const endpoint = spec('01:00.0', 'endpoint');
  it('ends below a root port that isolates', () => {
    expect(groups([spec('00:01.0', 'root-port', { bus: '01-01', acs: ISOLATING }), endpoint])).toEqual([
      ['00:01.0'],
      ['01:00.0'],
    ]);
  });
  it('joins a root port without ACS, and names the register', () => {
    const specs = [spec('00:01.0', 'root-port', { bus: '01-01' }), endpoint];
    expect(groups(specs)).toEqual([['00:01.0', '01:00.0']]);
    expect(joins(specs)).toEqual([
      {
        rule: 'acs-bridge',
        why: '01:00.0 and 00:01.0: root port 00:01.0 has no ACS capability, so what is below it is not kept apart',
      },
    ]);
  });
  it('asks every bridge on the way, not the nearest alone', () => {
    const specs = [
      spec('00:01.0', 'root-port', {
        bus: '01-03',
        acs: { cap: acsBits('SV RR CR UF'), ctrl: acsBits('SV') },
      }),
      spec('01:00.0', 'upstream-port', { bus: '02-03' }),
      spec('02:00.0', 'downstream-port', { bus: '03-03', acs: ISOLATING }),
      spec('03:00.0', 'endpoint'),
    ];
    expect(groups(specs)).toEqual([['00:01.0', '01:00.0', '02:00.0', '03:00.0']]);
    expect(joins(specs)[2]?.why).toBe(
      '03:00.0 and 02:00.0: 02:00.0 isolates, but above it root port 00:01.0 has RR, CR, UF off in its ACS control register, and isolation counts only on the whole way to the root',
    );
  });
  it('joins the group of an endpoint to its multifunction upstream port (an upstream port with the header bit)', () => {
    const switchOf = (multifunction: boolean) => [
      spec('00:01.0', 'root-port', { bus: '01-03', acs: ISOLATING }),
      spec('01:00.0', 'upstream-port', { bus: '02-03', multifunction }),
      spec('02:00.0', 'downstream-port', { bus: '03-03', acs: ISOLATING }),
      spec('03:00.0', 'endpoint'),
    ];
    expect(groups(switchOf(false))).toEqual([['00:01.0'], ['01:00.0'], ['02:00.0'], ['03:00.0']]);
    expect(groups(switchOf(true))).toEqual([['00:01.0'], ['01:00.0', '02:00.0', '03:00.0']]);
  });
});

describe('step 3: aliases and siblings on the bus', () => {
  it('joins functions of one slot of which neither isolates', () => {
    const specs = [
      spec('00:14.0', 'pci', { multifunction: true }),
      spec('00:14.2', 'pci'),
      spec('00:15.0', 'pci'),
    ];
    expect(groups(specs)).toEqual([['00:14.0', '00:14.2'], ['00:15.0']]);
    expect(joins(specs)).toEqual([
      {
        rule: 'multifunction',
        why: '00:14.2 and 00:14.0 are functions of one device, which may pass requests among themselves: neither is PCI Express, so neither can have ACS',
      },
    ]);
  });
  it('leaves a function that isolates out', () => {
    expect(
      groups([
        spec('00:1c.0', 'root-port', { multifunction: true, bus: '01-01' }),
        spec('00:1c.1', 'root-port', { bus: '02-02', acs: ISOLATING }),
        spec('00:1c.2', 'root-port', { bus: '03-03' }),
        spec('01:00.0', 'endpoint'),
        spec('02:00.0', 'endpoint'),
        spec('03:00.0', 'endpoint'),
      ]),
    ).toEqual([['00:1c.0', '00:1c.2', '01:00.0', '03:00.0'], ['00:1c.1'], ['02:00.0']]);
  });
  it('joins what is known to use the other function as its requester id', () => {
    const specs = [
      spec('00:02.0', 'rciep', { ids: '8086:1234', multifunction: true }),
      spec('00:02.1', 'endpoint', { ids: '1b4b:9230' }),
      spec('00:03.0', 'endpoint', { ids: '1b4b:9230' }),
      spec('00:03.1', 'endpoint'),
    ];
    expect(groups(specs)).toEqual([['00:02.0'], ['00:02.1'], ['00:03.0', '00:03.1']]);
    expect(joins(specs).map((join) => join.rule)).toEqual(['quirk-alias']);
  });
  it('ends when functions alias each other in a ring', () => {
    const specs = [0, 1, 2].map((fn) => spec(`00:02.${fn}`, 'endpoint', { ids: '10b5:87b0' }));
    expect(groups(specs)).toEqual([['00:02.0', '00:02.1', '00:02.2']]);
  });
});

describe('whatever is not on the same bus', () => {
  it('is another device on another segment, though its address is the same', () => {
    const slot = (segment: string) => [
      spec(`${segment}:00:02.0`, 'endpoint', { multifunction: true }),
      spec(`${segment}:00:02.1`, 'endpoint'),
    ];
    expect(groups([...slot('0000'), ...slot('0001')])).toEqual([
      ['00:02.0', '00:02.1'],
      ['0001:00:02.0', '0001:00:02.1'],
    ]);
  });
  it('shares nothing with another root bus of its segment', () => {
    const specs = ['00:00.0', '80:00.0'].map((bdf) => spec(bdf, 'endpoint', { multifunction: true }));
    expect(groups(specs)).toEqual([['00:00.0'], ['80:00.0']]);
  });
  it('virtual functions go up from the bridge of their physical one, over a bus that has none', () => {
    const port = (acs: PciFunctionSpec['acs']): PciFunctionSpec[] => [
      spec('00:01.0', 'root-port', { bus: '01-02', acs }),
      spec('01:00.0', 'endpoint'),
      spec('02:00.0', 'endpoint', { virtualOf: spec('01:00.0', 'endpoint').address }),
      spec('02:00.1', 'endpoint', { virtualOf: spec('01:00.0', 'endpoint').address }),
    ];
    expect(groups(port(ISOLATING))).toEqual([['00:01.0'], ['01:00.0'], ['02:00.0'], ['02:00.1']]);
    expect(groups(port(null))).toEqual([['00:01.0', '01:00.0', '02:00.0', '02:00.1']]);
  });
});

describe('history', () => {
  it('a function above 0 added later, without the header bit, gets a group of its own', () => {
    const topology = machineOf([spec('00:05.0', 'pci', { multifunction: true })]);
    const group = { number: 4 };
    const groupOf = (fn: { readonly name: string }) => (fn.name === '0000:00:05.0' ? group : null);
    const added = topology.addFunction(spec('00:05.1', 'pci'));
    expect(added.ok && decideGroup(added.value, groupOf)).toEqual({ kind: 'new' });
    topology.finishSlotScan(at(topology, '00:05.1'));
    expect(decideGroup(at(topology, '00:05.1'), groupOf)).toMatchObject({ kind: 'join', group });
  });
});

describe('functions that no IOMMU covers', () => {
  const root = spec('00:00.0', 'pci', { ids: '1022:1480', classCode: 0x060000, multifunction: true });
  const iommu = spec('00:00.2', 'pci', { ids: '1022:1481', classCode: 0x080600 });
  const dummy = spec('00:00.3', 'pci', { ids: '1022:1482' });
  const ungrouped = (specs: readonly PciFunctionSpec[]): string[] =>
    groupTopology(machineOf(specs)).ungrouped.map(({ fn }) => fn.shortName);

  it('are the AMD IOMMU and what comes before it in its slot; they draw nobody into a group', () => {
    expect(ungrouped([root, iommu, dummy])).toEqual(['00:00.0', '00:00.2']);
    expect(groups([root, iommu, dummy])).toEqual([['00:00.3']]);
  });
  it('are those that a dump with groups shows without one', () => {
    const specs = [{ ...root, recordedGroup: 3 } as const, { ...dummy, recordedGroup: 'none' } as const];
    expect(ungrouped(specs)).toEqual(['00:00.3']);
  });
});

describe('big machines', () => {
  /** Buses full of functions of one sort. */
  const full = (buses: number, ids: string): PciFunctionSpec[] =>
    Array.from({ length: buses * 256 }, (_, index) => ({
      ...spec('00:00.0', 'endpoint', { ids, multifunction: true }),
      address: { domain: 0, bus: index >> 8, devfn: index & 0xff },
    }));
  // Each of these takes as many steps as there are pairs on a bus, or minutes, where every pair is asked every time.
  it('5,000 functions that borrow each other’s requester ids are a group a bus', () => {
    expect(groups(full(20, '10b5:87b0')).map((names) => names.length)).toEqual(Array<number>(20).fill(256));
  });
  it('20,000 functions in slots of eight are a group a slot', () => {
    expect(groups(full(80, '1234:0001'))).toHaveLength(80 * 32);
  });
});

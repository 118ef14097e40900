import { describe, expect, it } from 'vitest';
import { at, machineOf, spec } from '../../testing/pci-machine';
import { acsEnabled, REQ_ACS_FLAGS } from './acs';
import type { PciFunctionSpec } from './function-spec';
import { PciTopology } from './topology';

const refusal = (before: readonly PciFunctionSpec[], fn: PciFunctionSpec) => {
  const added = machineOf(before).addFunction(fn);
  return added.ok ? null : { errno: added.errno, why: added.why };
};
const names = (fns: readonly { readonly shortName: string }[]): string[] => fns.map((fn) => fn.shortName);

describe('what cannot be added', () => {
  const port = spec('00:01.0', 'root-port', { bus: '01-04' });
  it.each<[string, PciFunctionSpec[], PciFunctionSpec, string, RegExp]>([
    ['a place that is taken', [port], spec('00:01.0', 'pci'), 'EEXIST', /is there already/],
    [
      'a bus that no bridge leads to',
      [port],
      spec('03:00.0', 'endpoint'),
      'ENXIO',
      /in the range of 0000:00:01.0/,
    ],
    [
      'two bridges to one bus',
      [port],
      spec('00:02.0', 'root-port', { bus: '01-01' }),
      'EEXIST',
      /behind 0000:00:01.0/,
    ],
    ['a bridge after what is behind it', [spec('01:00.0', 'pci')], port, 'EEXIST', /must come first/],
    [
      'a bridge to its own bus',
      [],
      spec('01:00.0', 'root-port', { bus: '01-02' }),
      'EINVAL',
      /the bus it is on/,
    ],
    [
      'buses the wrong way round',
      [],
      spec('00:01.0', 'root-port', { bus: '03-02' }),
      'EINVAL',
      /lower to the higher/,
    ],
    ['buses behind an endpoint', [], spec('00:01.0', 'endpoint', { bus: '01-02' }), 'EINVAL', /no bridge/],
    ['ACS without PCIe', [], spec('00:01.0', 'pci', { acs: { cap: 0, ctrl: 0 } }), 'EINVAL', /conventional/],
    [
      'a virtual function of nobody',
      [],
      spec('01:10.0', 'endpoint', { virtualOf: spec('01:00.0', 'endpoint').address }),
      'ENODEV',
      /physical function/,
    ],
  ])('%s', (_what, before, fn, errno, why) => {
    expect(refusal(before, fn)).toEqual({ errno, why: expect.stringMatching(why) as string });
  });
});

/** drivers/pci/probe.c pci_scan_child_bus_extend(): a bus first, then behind its bridges */
describe('the order of discovery', () => {
  it('takes all functions of a bus, then goes behind its bridges, whatever the order of adding', () => {
    const topology = machineOf([
      spec('00:1c.0', 'root-port', { bus: '03-03' }),
      spec('03:00.0', 'endpoint'),
      spec('00:01.0', 'root-port', { bus: '01-02' }),
      spec('01:00.0', 'upstream-port', { bus: '02-02' }),
      spec('02:00.0', 'downstream-port'),
      spec('00:00.0', 'pci'),
      spec('0001:00:00.0', 'pci'),
    ]);
    expect(names(topology.scanOrder())).toEqual([
      '00:00.0',
      '00:01.0',
      '00:1c.0',
      '01:00.0',
      '02:00.0',
      '03:00.0',
      '0001:00:00.0',
    ]);
  });

  it('virtual functions come last, on a bus of their own where they need one', () => {
    const physical = spec('01:00.0', 'endpoint', { multifunction: true });
    const topology = machineOf([
      spec('00:01.0', 'root-port', { bus: '01-02' }),
      physical,
      spec('01:00.4', 'endpoint', { virtualOf: physical.address }),
      spec('02:00.0', 'endpoint', { virtualOf: physical.address }),
      spec('00:02.0', 'root-port', { bus: '03-03' }),
      spec('03:00.0', 'endpoint'),
    ]);
    expect(names(topology.scanOrder())).toEqual([
      '00:01.0',
      '00:02.0',
      '01:00.0',
      '03:00.0',
      '01:00.4',
      '02:00.0',
    ]);
    const virtual = at(topology, '02:00.0');
    expect([virtual.bus.self, virtual.bus.parent?.number, virtual.multifunction]).toEqual([null, 1, false]);
  });
});

/** probe.c pci_scan_slot() */
describe('multifunction as Linux sees it', () => {
  it('is the header bit for function 0, and true for a function above 0 that the scan found', () => {
    const topology = machineOf([spec('00:02.0', 'pci', { multifunction: true }), spec('00:02.3', 'pci')]);
    expect([at(topology, '00:02.0').multifunction, at(topology, '00:02.3').multifunction]).toEqual([
      true,
      true,
    ]);
  });
  it('is the header bit alone until the scan of the slot has ended (hot-add)', () => {
    const topology = machineOf([spec('00:02.0', 'pci', { multifunction: true })]);
    const added = topology.addFunction(spec('00:02.3', 'pci'));
    expect(added.ok && added.value.multifunction).toBe(false);
  });
  it('is false for the P2SB bridge, which a driver probes by itself', () => {
    const topology = machineOf([
      spec('00:1f.0', 'pci', { ids: '8086:a154', multifunction: true }),
      spec('00:1f.1', 'pci', { ids: '8086:a120', classCode: 0x058000 }),
      spec('00:1f.2', 'pci', { ids: '8086:a121', classCode: 0x058000 }),
    ]);
    expect(at(topology, '00:1f.1').multifunction).toBe(false);
    expect(at(topology, '00:1f.2').multifunction).toBe(true);
    expect(names(topology.scanOrder())).toEqual(['00:1f.0', '00:1f.2', '00:1f.1']);
  });
});

/** probe.c set_pcie_port_type(): the new type is not shifted into its field, so that type 0 stays */
describe('ports whose type cannot be true', () => {
  it.each([
    ['root-port', 'downstream-port'],
    ['downstream-port', 'downstream-port'],
    ['upstream-port', 'upstream-port'],
  ] as const)('below a %s, a %s ends as type 0 and counts as isolated', (above, claimed) => {
    const topology = machineOf([
      spec('00:01.0', above, { bus: '01-02' }),
      spec('01:00.0', claimed, { bus: '02-02' }),
    ]);
    const fn = at(topology, '01:00.0');
    expect(fn.pcieType).toBe(0);
    expect(acsEnabled(fn, REQ_ACS_FLAGS)).toBe(true);
  });
});

describe('taking functions out', () => {
  it('takes what is behind a bridge along, deepest first', () => {
    const topology = machineOf([
      spec('00:01.0', 'root-port', { bus: '01-02' }),
      spec('01:00.0', 'upstream-port', { bus: '02-02' }),
      spec('02:00.0', 'downstream-port'),
      spec('00:02.0', 'pci'),
    ]);
    expect(names(topology.removeFunction(at(topology, '00:01.0')))).toEqual([
      '02:00.0',
      '01:00.0',
      '00:01.0',
    ]);
    expect(names(topology.functions)).toEqual(['00:02.0']);
    expect(topology.addFunction(spec('00:03.0', 'root-port', { bus: '01-01' })).ok).toBe(true);
  });
  it('takes the virtual functions of a physical one along', () => {
    const physical = spec('00:02.0', 'endpoint');
    const topology = new PciTopology();
    topology.addFunction(physical);
    topology.addFunction(spec('00:10.0', 'endpoint', { virtualOf: physical.address }));
    topology.addFunction(spec('01:00.0', 'endpoint', { virtualOf: physical.address }));
    topology.removeFunction(at(topology, '00:02.0'));
    expect(topology.functions).toEqual([]);
  });
});

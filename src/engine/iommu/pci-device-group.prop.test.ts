import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ISOLATING, machineOf, spec } from '../../testing/pci-machine';
import {
  ALIAS_QUIRKS,
  CONVENTIONAL,
  hasSiblings,
  ISOLATION_QUIRKS,
  machines as machinesOf,
} from '../../testing/pci-random';
import { acsEnabled, firstLeakyBridge, REQ_ACS_FLAGS } from '../pci/acs';
import { areDmaAliases, forEachDmaAlias } from '../pci/alias';
import type { PciFunction } from '../pci/function';
import type { PciFunctionSpec } from '../pci/function-spec';
import type { PciKernelOptions } from '../pci/kernel-options';
import { PciTopology } from '../pci/topology';
import { decideGroup, groupTopology } from './pci-device-group';

const machines = machinesOf([]);

const partitionOf = (specs: readonly PciFunctionSpec[], kernel: Partial<PciKernelOptions> = {}): string[][] =>
  groupTopology(machineOf(specs, kernel)).groups.map((group) => group.functions.map((fn) => fn.name));

describe('groups of any machine', () => {
  it('hold every function exactly once', () => {
    fc.assert(
      fc.property(machines, (specs) => {
        expect(partitionOf(specs).flat().sort()).toEqual(
          machineOf(specs)
            .functions.map((fn) => fn.name)
            .sort(),
        );
      }),
    );
  });

  it('tell of each function after the first why it is there, naming both', () => {
    fc.assert(
      fc.property(machines, (specs) => {
        for (const group of groupTopology(machineOf(specs)).groups) {
          expect(group.joins.map((join) => join.fn)).toEqual(group.functions.slice(1));
          for (const { fn, via, why } of group.joins) {
            expect(why).toContain(fn.shortName);
            expect(why).toContain(via.shortName);
            expect(group.functions).toContain(via);
          }
        }
      }),
    );
  });

  it('a machine where everything isolates has one group a function, but for conventional buses', () => {
    const pcie = machines.map((specs) =>
      specs
        .filter(
          (one) => !CONVENTIONAL.includes(one.kind) && one.kind !== 'pcie-to-pci' && one.kind !== 'rcec',
        )
        .map((one) => ({ ...one, acs: ISOLATING, address: { ...one.address, bus: 0 }, buses: null }))
        .filter(
          (one, index, all) => all.findIndex((other) => other.address.devfn === one.address.devfn) === index,
        ),
    );
    fc.assert(
      fc.property(pcie, (specs) => {
        expect(partitionOf(specs).length).toBe(specs.length);
      }),
    );
  });
});

/**
 * Ways to isolate better, of which each leaves all else as it is: a control bit that the capability has is switched on; a
 * function without the capability gets one with all four bits on; a function alone in its slot loses the header's
 * multifunction bit. (A capability bit alone is none: one that is absent counts as on.)
 */
function betterAt(specs: readonly PciFunctionSpec[], pick: number, bit: number): readonly PciFunctionSpec[] {
  const index = pick % specs.length;
  return specs.map((one, at) => {
    if (at !== index) return one;
    if (bit === 7) return hasSiblings(one, specs) ? one : { ...one, multifunction: false };
    if (one.acs !== null)
      return { ...one, acs: { ...one.acs, ctrl: (one.acs.ctrl ?? 0) | (one.acs.cap & (1 << bit)) } };
    return CONVENTIONAL.includes(one.kind) ? one : { ...one, acs: ISOLATING };
  });
}

/** Whether each group of `fine` lies within one of `coarse`. */
function refines(fine: readonly string[][], coarse: readonly string[][]): boolean {
  const groupOf = new Map(coarse.flatMap((names, index) => names.map((name) => [name, index] as const)));
  return fine.every((names) => new Set(names.map((name) => groupOf.get(name))).size === 1);
}

describe('isolation and groups of a machine that boots with an IOMMU over every function', () => {
  const any = fc.oneof(machinesOf([...ISOLATION_QUIRKS, ...ALIAS_QUIRKS], 20), machinesOf(ALIAS_QUIRKS));
  it('adding isolation never merges groups, hence removing it never splits them', () => {
    fc.assert(
      fc.property(any, fc.nat(), fc.nat(7), (specs, pick, bit) => {
        const [less, more] = [partitionOf(specs), partitionOf(betterAt(specs, pick, bit))];
        expect(refines(more, less)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('a kernel parameter that lets functions count as isolated never merges groups either', () => {
    const acsOverride = fc.record({
      downstream: fc.boolean(),
      multifunction: fc.boolean(),
      ids: fc.constantFrom([], [{ vendorId: 0x1234, deviceId: 1 }]),
    });
    fc.assert(
      fc.property(any, acsOverride, (specs, override) => {
        expect(refines(partitionOf(specs, { acsOverride: override }), partitionOf(specs))).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('what has nothing to do with it changes nothing', () => {
    const nothing = fc.record({
      revision: fc.nat(255),
      driver: fc.constantFrom(null, 'nvme', 'vfio-pci'),
      label: fc.string(),
      ats: fc.boolean(),
      pri: fc.boolean(),
      pasids: fc.nat(1 << 20),
      bars: fc.constantFrom([], [{ start: 0xf000_0000n, bytes: 0x1000n, prefetchable: false }]),
      sriov: fc.constantFrom(null, { total: 8, vfDevice: null, offset: 16, stride: 1 }),
    });
    fc.assert(
      fc.property(any, fc.array(nothing, { minLength: 24, maxLength: 24 }), (specs, others) => {
        const changed = specs.map((one, index) => ({ ...one, ...others[index] }));
        expect(partitionOf(changed)).toEqual(partitionOf(specs));
      }),
    );
  });
});

describe('where the kernel itself merges groups because something isolates better', () => {
  it('below a bridge that no IOMMU covers: leaking, it leaves each function behind it alone', () => {
    const below = (ctrl: number): PciFunctionSpec[] => [
      spec('00:01.0', 'root-port', { bus: '01-01', acs: { ...ISOLATING, ctrl }, recordedGroup: 'none' }),
      spec('01:00.0', 'endpoint', { multifunction: true }),
      spec('01:00.1', 'endpoint', { multifunction: true }),
    ];
    expect(partitionOf(below(0))).toEqual([['0000:01:00.0'], ['0000:01:00.1']]);
    expect(partitionOf(below(ISOLATING.ctrl))).toEqual([['0000:01:00.0', '0000:01:00.1']]);
  });

  it('of functions that come one by one, where one borrows the requester id of an earlier one', () => {
    // 8086:2264 uses the ids of 10.0, 11.0 and 12.3, and so goes with 10.0. Nobody merges groups that are there.
    const added = (ctrl: number): string[][] =>
      oneByOne([
        spec('00:10.0', 'endpoint'),
        spec('00:13.0', 'endpoint', { multifunction: true, acs: { ...ISOLATING, ctrl } }),
        spec('00:13.1', 'endpoint', { multifunction: true, ids: '8086:2264' }),
        spec('00:13.2', 'endpoint', { multifunction: true }),
      ]);
    expect(added(0)).toEqual([
      ['0000:00:10.0', '0000:00:13.1'],
      ['0000:00:13.0', '0000:00:13.2'],
    ]);
    expect(added(ISOLATING.ctrl)).toEqual([
      ['0000:00:10.0', '0000:00:13.1', '0000:00:13.2'],
      ['0000:00:13.0'],
    ]);
  });
});

/** Each function's group is decided before the next one is there, as on hot-plug. */
function oneByOne(specs: readonly PciFunctionSpec[]): string[][] {
  const topology = new PciTopology();
  const groups = new Map<PciFunction, string[]>();
  for (const one of specs) {
    const added = topology.addFunction(one);
    if (!added.ok) throw new Error(added.why);
    const decision = decideGroup(added.value, (other) => groups.get(other) ?? null);
    const group = decision.kind === 'join' ? decision.group : [];
    group.push(added.value.name);
    groups.set(added.value, group);
  }
  return [...new Set(groups.values())];
}

/** pci_device_group() as the kernel runs it: every function of the bus is looked at every time. */
describe('looking only where something can be found', () => {
  type Groups = Map<PciFunction, number>;

  function aliasGroup(fn: PciFunction, groups: Groups, seen: Set<number>): number | null {
    if (seen.has(fn.address.devfn)) return null;
    seen.add(fn.address.devfn);
    const own = groups.get(fn);
    if (own !== undefined) return own;
    for (const other of fn.bus.functions) {
      if (other === fn || !areDmaAliases(fn, other)) continue;
      const found = aliasGroup(other, groups, seen) ?? siblingGroup(other, groups, seen);
      if (found !== null) return found;
    }
    return null;
  }

  function siblingGroup(fn: PciFunction, groups: Groups, seen: Set<number>): number | null {
    if (!fn.multifunction || acsEnabled(fn, REQ_ACS_FLAGS)) return null;
    for (const other of fn.bus.functions) {
      if (other === fn || other.slot !== fn.slot || acsEnabled(other, REQ_ACS_FLAGS)) continue;
      const found = aliasGroup(other, groups, seen);
      if (found !== null) return found;
    }
    return null;
  }

  function deviceGroup(fn: PciFunction, groups: Groups): number | null {
    let last = fn;
    let found: number | null = null;
    forEachDmaAlias(fn, (at) => {
      last = at;
      found = groups.get(at) ?? null;
      return found !== null;
    });
    if (found !== null) return found;
    for (let bus = last.bus; bus.parent !== null; bus = bus.parent) {
      if (bus.self === null) continue;
      if (firstLeakyBridge(bus.self, REQ_ACS_FLAGS) === null) break;
      last = bus.self;
      const group = groups.get(last);
      if (group !== undefined) return group;
    }
    const seen = new Set<number>();
    return aliasGroup(last, groups, seen) ?? siblingGroup(last, groups, seen);
  }

  function everyPair(topology: PciTopology): string[][] {
    const groups: Groups = new Map();
    const names: string[][] = [];
    for (const fn of topology.scanOrder()) {
      const group = deviceGroup(fn, groups) ?? names.push([]) - 1;
      groups.set(fn, group);
      names[group]?.push(fn.name);
    }
    return names;
  }

  it('finds the same groups, aliases in circles included', () => {
    fc.assert(
      fc.property(machinesOf([...ISOLATION_QUIRKS, ...ALIAS_QUIRKS], 20), (specs) => {
        expect(partitionOf(specs)).toEqual(everyPair(machineOf(specs)));
      }),
      { numRuns: 2000 },
    );
  });

  it('after hot-plug too, when the lists have been taken from and added to', () => {
    fc.assert(
      fc.property(machinesOf(ALIAS_QUIRKS, 20), fc.nat(), (specs, pick) => {
        const topology = machineOf(specs);
        const leaves = specs.filter((one) => one.buses === null);
        const gone = leaves[pick % Math.max(leaves.length, 1)];
        if (gone !== undefined) {
          topology.removeFunction(topology.find(gone.address)!);
          topology.addFunction(gone);
        }
        const found = groupTopology(topology).groups.map((group) => group.functions.map((fn) => fn.name));
        expect(found).toEqual(everyPair(topology));
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ISOLATING, machineOf, spec } from '../../testing/pci-machine';
import type { PciFunctionSpec, PciKind } from '../pci/function-spec';
import { groupTopology } from './pci-device-group';

/** A machine as a list of choices, each of which adds a function where the tree so far allows it. */
interface Choice {
  readonly bus: number;
  readonly slot: number;
  readonly fn: number;
  readonly kind: PciKind;
  readonly acs: boolean;
  readonly multifunction: boolean;
}

const BRIDGES: readonly PciKind[] = [
  'root-port',
  'upstream-port',
  'downstream-port',
  'pcie-to-pci',
  'pci-bridge',
];
const KINDS: readonly PciKind[] = [...BRIDGES, 'endpoint', 'legacy-endpoint', 'rciep', 'rcec', 'pci'];
const CONVENTIONAL: readonly PciKind[] = ['pci', 'pci-bridge'];

const choice = fc.record<Choice>({
  bus: fc.nat(5),
  slot: fc.nat(2),
  fn: fc.nat(2),
  kind: fc.constantFrom(...KINDS),
  acs: fc.boolean(),
  multifunction: fc.boolean(),
});

/** Bus numbers are given out in order, so that a bridge's range holds what later bridges below it take. */
function specsOf(choices: readonly Choice[]): PciFunctionSpec[] {
  const specs: PciFunctionSpec[] = [];
  const taken = new Set<string>();
  let buses = 1;
  for (const { bus, slot, fn, kind, acs, multifunction } of choices) {
    const place = `${(bus % buses).toString(16).padStart(2, '0')}:0${slot}.${fn}`;
    if (taken.has(place)) continue;
    taken.add(place);
    const behind = BRIDGES.includes(kind) ? { secondary: buses, subordinate: buses } : null;
    if (behind !== null) buses++;
    const isolating = acs && !CONVENTIONAL.includes(kind) ? ISOLATING : null;
    specs.push({ ...spec(place, kind, { multifunction, acs: isolating }), buses: behind });
  }
  return specs.map((one) => (hasSiblings(one, specs) ? { ...one, multifunction: true } : one));
}

/** Without the header bit of function 0 nobody looks for the functions above it. Linux: probe.c pci_scan_slot(), next_fn() */
const hasSiblings = ({ address }: PciFunctionSpec, specs: readonly PciFunctionSpec[]): boolean =>
  specs.some(
    (other) =>
      other.address.bus === address.bus &&
      other.address.devfn !== address.devfn &&
      other.address.devfn >> 3 === address.devfn >> 3,
  );

const machines = fc.array(choice, { minLength: 1, maxLength: 24 }).map(specsOf);
const partitionOf = (specs: readonly PciFunctionSpec[]): string[][] =>
  groupTopology(machineOf(specs)).groups.map((group) => group.functions.map((fn) => fn.name));

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

  it('never grow together when a function learns to isolate', () => {
    fc.assert(
      fc.property(machines, fc.nat(), (specs, pick) => {
        const able = specs.filter((one) => one.acs === null && !CONVENTIONAL.includes(one.kind));
        const chosen = able[pick % Math.max(able.length, 1)];
        const before = partitionOf(specs);
        const after = partitionOf(specs.map((one) => (one === chosen ? { ...one, acs: ISOLATING } : one)));
        const groupOf = new Map(
          before.flatMap((names, index) => names.map((name) => [name, index] as const)),
        );
        for (const names of after) expect(new Set(names.map((name) => groupOf.get(name))).size).toBe(1);
      }),
      { numRuns: 500 },
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

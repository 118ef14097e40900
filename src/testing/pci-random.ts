import fc from 'fast-check';
import type { PciFunctionSpec, PciKind } from '../engine/pci/function-spec';
import { ISOLATING, spec } from './pci-machine';

/** A machine as a list of choices, each of which adds a function where the tree so far allows it. */
interface Choice {
  readonly bus: number;
  readonly slot: number;
  readonly fn: number;
  readonly kind: PciKind;
  readonly acs: PciFunctionSpec['acs'];
  readonly multifunction: boolean;
  readonly ids: string;
}

const BRIDGES: readonly PciKind[] = [
  'root-port',
  'upstream-port',
  'downstream-port',
  'pcie-to-pci',
  'pci-bridge',
];
const KINDS: readonly PciKind[] = [...BRIDGES, 'endpoint', 'legacy-endpoint', 'rciep', 'rcec', 'pci'];
/** Without extended configuration space. */
export const CONVENTIONAL: readonly PciKind[] = ['pci', 'pci-bridge'];

/** Rows of pci_dev_acs_enabled[], and a device that is in no table. */
export const ISOLATION_QUIRKS: readonly string[] = [
  '1234:0001',
  '8086:10c9',
  '8086:a110',
  '8086:8c10',
  '1d17:0722',
];
/** Rows that give a device other requester ids than its own. */
export const ALIAS_QUIRKS: readonly string[] = [
  '1b4b:9230',
  '1180:e832',
  '10b5:87b0',
  '8086:2264',
  '8086:2954',
  '1b21:1080',
  '1a03:1150',
  '14e4:9084',
];

const registers = fc.record({ cap: fc.nat(0x7f), ctrl: fc.nat(0x7f) });

/** Random machines whose bus numbers are given out in order, with these ids among others. */
export function machines(ids: readonly string[], slots = 3): fc.Arbitrary<PciFunctionSpec[]> {
  const choice = fc.record<Choice>({
    bus: fc.nat(5),
    slot: fc.nat(slots - 1),
    fn: fc.nat(2),
    kind: fc.constantFrom(...KINDS),
    acs: fc.oneof(fc.constant(null), fc.constant(ISOLATING), registers),
    multifunction: fc.boolean(),
    ids: fc.constantFrom('1234:0001', ...ids),
  });
  return fc.array(choice, { minLength: 1, maxLength: 24 }).map(specsOf);
}

/** A bridge's range must hold what later bridges below it take: one bus each will do, as nothing is routed. */
function specsOf(choices: readonly Choice[]): PciFunctionSpec[] {
  const specs: PciFunctionSpec[] = [];
  const taken = new Set<string>();
  let buses = 1;
  for (const { bus, slot, fn, kind, acs, multifunction, ids } of choices) {
    const place = `${hex(bus % buses)}:${hex(slot)}.${fn}`;
    if (taken.has(place)) continue;
    taken.add(place);
    const behind = BRIDGES.includes(kind) ? { secondary: buses, subordinate: buses } : null;
    if (behind !== null) buses++;
    const able = CONVENTIONAL.includes(kind) ? null : acs;
    specs.push({ ...spec(place, kind, { multifunction, acs: able, ids }), buses: behind });
  }
  return specs.map((one) => (hasSiblings(one, specs) ? { ...one, multifunction: true } : one));
}

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/** Without the header bit of function 0 nobody looks for the functions above it. Linux: probe.c pci_scan_slot(), next_fn() */
export const hasSiblings = ({ address }: PciFunctionSpec, specs: readonly PciFunctionSpec[]): boolean =>
  specs.some(
    (other) =>
      other.address.bus === address.bus &&
      other.address.devfn !== address.devfn &&
      other.address.devfn >> 3 === address.devfn >> 3,
  );

import { formatBdf, functionOf, slotOf } from '../../engine/pci/address';
import { isBridgeKind, type PciFunctionSpec } from '../../engine/pci/function-spec';
import type { Undecided } from './build-specs';
import { changed, leastIsolating, mostIsolating } from './extremes';

/**
 * What the text hides, taken from the groups that the machine's own kernel made: a port that shares its group with what
 * is below it does not isolate, nor does a function that shares its with a sibling; others do.
 */
export function fitToRecorded(
  specs: readonly PciFunctionSpec[],
  undecided: ReadonlyMap<string, Undecided>,
): { readonly specs: readonly PciFunctionSpec[]; readonly fitted: ReadonlySet<string> } {
  const fitted = new Set<string>();
  const neighbours = new Neighbours(specs);
  const result = changed(specs, undecided, (spec, hidden, above) => {
    if (typeof spec.recordedGroup !== 'number') return spec;
    const shares = neighbours.shares(spec, hidden);
    if (shares === null) return spec;
    fitted.add(formatBdf(spec.address));
    return shares ? leastIsolating(spec, hidden, above) : mostIsolating(spec, hidden, above);
  });
  return { specs: result, fitted };
}

class Neighbours {
  private readonly byBus = new Map<number, PciFunctionSpec[]>();
  private readonly bridgeTo = new Map<number, PciFunctionSpec>();

  constructor(specs: readonly PciFunctionSpec[]) {
    for (const spec of specs) {
      const { domain, bus } = spec.address;
      const there = this.byBus.get(keyOf(domain, bus));
      if (there === undefined) this.byBus.set(keyOf(domain, bus), [spec]);
      else there.push(spec);
      if (spec.buses !== null) this.bridgeTo.set(keyOf(domain, spec.buses.secondary), spec);
    }
  }

  /** Whether it shares its group with what it would keep apart; null where a neighbour's group is not told. */
  shares(spec: PciFunctionSpec, { what }: Undecided): boolean | null {
    const { domain, bus, devfn } = spec.address;
    const below = spec.buses === null ? [] : (this.byBus.get(keyOf(domain, spec.buses.secondary)) ?? []);
    const siblings = (this.byBus.get(keyOf(domain, bus)) ?? []).filter(
      (other) =>
        other !== spec &&
        slotOf(other.address.devfn) === slotOf(devfn) &&
        functionOf(other.address.devfn) !== functionOf(devfn) &&
        other.virtualOf === null,
    );
    const asked = isBridgeKind(spec.kind) || what === 'multifunction' ? [...below, ...siblings] : siblings;
    if (asked.length === 0) return null; // nothing that it could keep apart
    const groups = asked.map((other) => other.recordedGroup).filter((group) => group !== 'none');
    if (groups.some((group) => group === spec.recordedGroup)) return true;
    return groups.every((group) => typeof group === 'number') ? false : null;
  }
}

const keyOf = (domain: number, bus: number): number => domain * 256 + bus;

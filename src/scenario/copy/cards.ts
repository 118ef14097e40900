import { formatBdf, slotOf, type PciAddress } from '../../engine/pci/address';
import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { formatAddress, formatPciLine } from '../pci-line';
import { behind } from '../what-if/free-ports';
import { newPort } from '../what-if/add-port';
import { MachineText, type PciLine } from '../what-if/machine-text';
import * as says from '../../words/scenario/copy';

/** Functions of one card, from the first: what comes out of a slot together. */
export function cardOf(
  { functions }: MachineText,
  { address, virtualOf }: PciFunctionSpec,
): readonly PciLine[] {
  const { domain, bus, devfn } = virtualOf ?? address;
  return functions.filter(
    ({ spec }) =>
      spec.virtualOf === null &&
      spec.address.domain === domain &&
      spec.address.bus === bus &&
      slotOf(spec.address.devfn) === slotOf(devfn),
  );
}

/** Why a function cannot be had a second time; null: its card can. */
export function whyNoCopy(machine: MachineText, { spec, name }: PciLine): string | null {
  if (spec.virtualOf !== null) return says.isAVirtualFunctionItsPhysical(name);
  if (spec.kind === 'root-port') return null;
  if (spec.buses !== null) return says.isABridgeOfTheMachine(name);
  const port = machine.functions.find(({ spec: each }) => leadsTo(each, spec.address))?.spec.kind;
  return port === 'root-port' || port === 'downstream-port' ? null : says.isInNoSlot(name);
}

const leadsTo = ({ buses, address }: PciFunctionSpec, to: PciAddress): boolean =>
  address.domain === to.domain && buses?.secondary === to.bus;

export interface PlacedCards {
  readonly lines: readonly string[];
  readonly left: readonly string[];
  /** `0000:01:00.0` → `0000:03:00.0` */
  readonly addresses: ReadonlyMap<string, string>;
}

/** Plugs functions of another script, or of this one, into free slots; where none is left behind a new root port. */
export function placeCards(script: string, specs: readonly PciFunctionSpec[]): PlacedCards {
  const machine = new MachineText(script);
  const all: PciFunctionSpec[] = machine.functions.map(({ spec }) => spec);
  const isFree = (port: PciFunctionSpec): boolean =>
    SLOTS.has(port.kind) &&
    port.buses !== null &&
    !all.some((each) => each.address.domain === port.address.domain && leadsTo(port, each.address));
  const free = machine.functions.filter((port) => behind(machine, port).length === 0).map(({ spec }) => spec);
  const lines: string[] = [];
  const left: string[] = [];
  const addresses = new Map<string, string>();
  /** Old bus → where it is now. */
  const buses = new Map<string, Pick<PciAddress, 'domain' | 'bus'>>();

  const add = (from: PciFunctionSpec | null, spec: PciFunctionSpec): void => {
    all.push(spec);
    lines.push(formatPciLine(spec));
    if (from !== null) addresses.set(formatBdf(from.address), formatBdf(spec.address));
  };
  const addPort = (from: PciFunctionSpec | null): PciFunctionSpec | string => {
    const made = newPort({ functions: all.map((spec, at) => ({ at, name: formatBdf(spec.address), spec })) });
    if (typeof made === 'string') return made;
    const port = from === null ? made : { ...from, address: made.address, buses: made.buses };
    add(from, port);
    return port;
  };
  const slotFor = (spec: PciFunctionSpec): Pick<PciAddress, 'domain' | 'bus'> | string => {
    const key = busKey(spec.address);
    const known = buses.get(key);
    if (known !== undefined) return known;
    const port = free.find(isFree) ?? addPort(null);
    if (typeof port === 'string') return port;
    const at = { domain: port.address.domain, bus: port.buses?.secondary ?? 0 };
    buses.set(key, at);
    return at;
  };

  for (const spec of specs) {
    if (spec.kind === 'root-port') {
      const port = addPort(spec);
      if (typeof port === 'string') left.push(`${formatAddress(spec.address)}: ${port}`);
      else if (spec.buses !== null)
        buses.set(busKey({ ...spec.address, bus: spec.buses.secondary }), {
          domain: port.address.domain,
          bus: port.buses?.secondary ?? 0,
        });
      continue;
    }
    const slot = slotFor(spec);
    if (typeof slot === 'string') left.push(`${formatAddress(spec.address)}: ${slot}`);
    else add(spec, { ...spec, recordedGroup: null, address: { ...spec.address, ...slot } });
  }
  return { lines, left, addresses };
}

const SLOTS: ReadonlySet<string> = new Set(['root-port', 'downstream-port']);
const busKey = ({ domain, bus }: Pick<PciAddress, 'domain' | 'bus'>): string => `${domain}:${bus}`;

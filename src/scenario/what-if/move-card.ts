import { formatBdf, slotOf, type PciAddress } from '../../engine/pci/address';
import type { PciFunctionSpec } from '../../engine/pci/function-spec';
import { formatAddress } from '../pci-line';
import { formatStatement, type ArgText } from '../format';
import { normalizeBdf } from '../literal';
import type { Arg, Line, Statement } from '../script';
import { changed, unchanged, type Changed } from './changed';
import { behind } from './free-ports';
import { MachineText, routingId, type PciLine } from './machine-text';
import * as says from '../../words/scenario/what-if';

/**
 * Takes the card that a function is on out of its slot and plugs it in behind another port: all functions of its slot, what
 * is behind its own bridges, and its virtual functions. As firmware would, it gives them new bus numbers; every other line
 * that speaks of them follows.
 */
export function moveCard(script: string, bdf: string, toPort: string): Changed {
  const machine = new MachineText(script);
  const [line, port] = [machine.find(bdf), machine.find(toPort)];
  if (line === null) return unchanged(says.isNoFunctionOfThisScript(bdf));
  if (port === null) return unchanged(says.isNoFunctionOfThisScript(toPort));
  if (port.spec.kind !== 'root-port' && port.spec.kind !== 'downstream-port')
    return unchanged(says.isNoPortWithASlotBehind(toPort));
  const card = cardOf(machine, line);
  if (card.some(({ name }) => name === port.name)) return unchanged(says.isOnThatCardItself(toPort));
  if (behind(machine, port).some((each) => !card.includes(each)))
    return unchanged(says.theSlotBehindIsTaken(toPort));
  if (line.spec.address.bus === port.spec.buses?.secondary)
    return unchanged(says.isBehindAlready(bdf, toPort));
  if (!machine.functions.some(({ spec }) => leadsTo(spec, line.spec.address)))
    return unchanged(says.isOnARootBus(bdf));
  const buses = newBuses(machine, card, line, port);
  return typeof buses === 'string' ? unchanged(buses) : moved(machine, card, port, buses);
}

const leadsTo = ({ buses, address }: PciFunctionSpec, to: PciAddress): boolean =>
  address.domain === to.domain && buses?.secondary === to.bus;

/** Functions of one slot with everything behind them, in the order of their lines. */
function cardOf(machine: MachineText, { spec }: PciLine): readonly PciLine[] {
  const { domain, bus, devfn } = spec.virtualOf ?? spec.address;
  const onCard = new Set(
    machine.functions.filter(
      ({ spec: { address } }) =>
        address.domain === domain && address.bus === bus && slotOf(address.devfn) === slotOf(devfn),
    ),
  );
  for (let before = -1; before !== onCard.size;) {
    before = onCard.size;
    for (const each of machine.functions) {
      const { virtualOf, address } = each.spec;
      const physical = virtualOf && machine.find(formatBdf(virtualOf));
      const above = [...onCard].some((bridge) => leadsTo(bridge.spec, address));
      if (above || (physical && onCard.has(physical))) onCard.add(each);
    }
  }
  return machine.functions.filter((each) => onCard.has(each));
}

/** Old bus number → new one, of the card's own bus and of those behind it; or why there is no room. */
function newBuses(
  { functions }: MachineText,
  card: readonly PciLine[],
  { spec }: PciLine,
  port: PciLine,
): ReadonlyMap<number, number> | string {
  const home = spec.virtualOf?.bus ?? spec.address.bus;
  let last = home;
  for (const { spec: each } of card) last = Math.max(last, each.address.bus, each.buses?.subordinate ?? 0);
  const needed = last - home + 1;
  const own = port.spec.buses;
  // What firmware left behind the port for later; else, behind a root port, numbers that nobody has.
  const first =
    own !== null && own.subordinate - own.secondary + 1 >= needed
      ? own.secondary
      : firstFree(functions, port, needed);
  if (first === null) return says.thereAreNotBusNumbersLeft(needed, formatAddress(port.spec.address));
  return new Map(Array.from({ length: needed }, (_, index) => [home + index, first + index]));
}

function firstFree(functions: readonly PciLine[], port: PciLine, needed: number): number | null {
  if (port.spec.kind !== 'root-port') return null;
  let last = 0;
  for (const { spec } of functions)
    if (spec.address.domain === port.spec.address.domain)
      last = Math.max(last, spec.address.bus, spec.buses?.subordinate ?? 0);
  return last + needed <= 255 ? last + 1 : null;
}

/** The script after the move. Lines of the card come right after the port's, in their old order. */
function moved(
  machine: MachineText,
  card: readonly PciLine[],
  port: PciLine,
  buses: ReadonlyMap<number, number>,
): Changed {
  const domain = port.spec.address.domain;
  const place = (address: PciAddress): PciAddress => ({
    ...address,
    domain,
    bus: buses.get(address.bus) ?? address.bus,
  });
  const names = new Map(card.map(({ name, spec }) => [name, formatBdf(placeOf(spec, place))]));
  const numbers = [...buses.values()];
  const portSpec = { ...port.spec, buses: { secondary: numbers[0] ?? 0, subordinate: Math.max(...numbers) } };
  const replaced = new Map<number, string | null>();
  const lines = card.map((each) => {
    replaced.set(each.at, null);
    return machine.rewritten(each, movedSpec(each.spec, place));
  });
  // A port that needs no more buses than it has keeps its line to the letter.
  const kept = covers(port.spec, portSpec)
    ? (machine.lines[port.at]?.raw ?? '')
    : machine.rewritten(port, portSpec);
  replaced.set(port.at, [kept, ...lines].join('\n'));
  for (const [at, each] of machine.lines.entries()) {
    if (replaced.has(at)) continue;
    const renamed = withNames(each, names);
    if (renamed !== null) replaced.set(at, renamed);
  }
  return changed(machine.withLines(replaced), names);
}

/** Whether a port has these buses already. */
const covers = ({ buses }: PciFunctionSpec, { buses: wanted }: PciFunctionSpec): boolean =>
  buses !== null &&
  wanted !== null &&
  buses.secondary === wanted.secondary &&
  buses.subordinate >= wanted.subordinate;

/** A virtual function stays as far from its physical one as it was. */
function placeOf(
  { address, virtualOf }: PciFunctionSpec,
  place: (address: PciAddress) => PciAddress,
): PciAddress {
  if (virtualOf === null) return place(address);
  const id = routingId(place(virtualOf)) + routingId(address) - routingId(virtualOf);
  return { domain: place(virtualOf).domain, bus: (id >> 8) & 0xff, devfn: id & 0xff };
}

function movedSpec(spec: PciFunctionSpec, place: (address: PciAddress) => PciAddress): PciFunctionSpec {
  const { buses, virtualOf, address } = spec;
  const from = (bus: number): number => place({ ...address, bus }).bus;
  return {
    ...spec,
    address: placeOf(spec, place),
    virtualOf: virtualOf && place(virtualOf),
    buses: buses && { secondary: from(buses.secondary), subordinate: from(buses.subordinate) },
  };
}

/** A line with the moved functions' new addresses; null: it speaks of none. */
function withNames({ statement }: Line, names: ReadonlyMap<string, string>): string | null {
  if (statement === null) return null;
  let touched = false;
  const renamed = (word: string): string => {
    const bdf = normalizeBdf(word);
    const now = bdf === null ? undefined : names.get(bdf);
    if (now !== undefined) {
      touched = true;
      return now.replace(/^0000:/, '');
    }
    // Paths of sysfs, and ids of the world such as dev:0000:01:00.0.
    return word.replace(/[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]/g, (name) => {
      const other = names.get(name);
      if (other !== undefined) touched = true;
      return other ?? name;
    });
  };
  const argOf = (arg: Arg): ArgText => {
    if (arg.kind === 'option') return { kind: 'option', key: arg.key, value: renamed(arg.value) };
    return arg.kind === 'word' || (arg.kind === 'string' && !SPEECH.has(statement.verb))
      ? { kind: arg.kind, text: renamed(arg.text) }
      : arg;
  };
  const of = ({ args }: Pick<Statement, 'args'>): readonly ArgText[] => args.map(argOf);
  const args = of(statement);
  const begun = statement.begun && { ...statement.begun, args: of(statement.begun) };
  return touched ? formatStatement({ ...statement, args, ...(begun ? { begun } : {}) }) : null;
}

/** Verbs whose text is for people. */
const SPEECH: ReadonlySet<string> = new Set(['note', 'machine']);

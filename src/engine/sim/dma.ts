import type { Device } from '../iommu/device';
import type { IommuDomain } from '../iommu/ops';
import type { AnyHwpt } from '../iommufd/object';
import { transfer, type DmaPart } from '../hw/common/dma';
import { BYPASSED, NO_PASID, PA_HI, PA_LO, RESULT_WORDS, type DmaTranslator } from '../hw/port';
import type { PciTopology } from '../pci/topology';
import type { TraceEvent } from '../trace/event';
import type { WalkStep } from '../hw/common/view';
import type { Lookup, LookupPart } from './batch';
import { addressOf } from './address';
import type { Machine } from './machine';
import { firePeer } from './peer-dma';
import { indexIommufd } from './project/iommufd-index';
import { processId } from './project/iommufd';
import type { Unit } from './unit';
import type { UnshownLookup } from './walked';

export interface DmaOrder {
  readonly line: number;
  readonly device: Device;
  readonly access: 'read' | 'write';
  readonly iova: bigint;
  readonly bytes: number;
  /** Of its requests; null: they carry none. */
  readonly pasid?: number | null;
  /** What they ask for beyond reading or writing. */
  readonly execute?: boolean;
  readonly privileged?: boolean;
  /** Nobody looks at what is read. */
  readonly discard?: boolean;
}

/** A device reads or writes memory, page by page, until a page is refused. */
export function fireDma(machine: Machine, order: DmaOrder): Lookup {
  const peer = firePeer(machine, order);
  if (peer !== null) return peer;
  const way = wayOf(machine, order.device);
  const before = machine.trace.mark();
  const parts = machine.traffic.undisturbed(() => sendDma(machine, order, way));
  if (machine.quiet) return unshown(order, way.unit, parts, eventsByPart(machine.trace.since(before)));
  return tellDma(machine, order, way, parts, machine.trace.since(before));
}

/** How a device's requests reach memory. */
export interface Way {
  readonly rid: number;
  /** Null: past every IOMMU. */
  readonly unit: Unit | null;
}

export const wayOf = (machine: Machine, device: Device): Way => ({
  rid: requesterId(machine.topology, device),
  unit: machine.unitOf(device),
});

/** The requests themselves, and what came of each. */
export function sendDma(machine: Machine, order: DmaOrder, { rid, unit }: Way): readonly DmaPart[] {
  const {
    device,
    iova,
    bytes,
    access,
    pasid = null,
    execute = false,
    privileged = false,
    discard = false,
  } = order;
  return transfer(
    unit?.hw.translator ?? UNTRANSLATED,
    machine.memory,
    {
      device: device.name,
      rid,
      ...(pasid === null ? {} : { pasid }),
      execute,
      privileged,
      discard,
      endpoint: machine.endpoints.of(device.name),
      iova,
      bytes,
      ...(access === 'write' ? { data: pattern(iova, bytes) } : {}),
    },
    machine.trace,
  );
}

/** Whose tables the hardware goes by for a device now. */
export function servedBy(
  machine: Machine,
  { device, pasid = null }: Pick<DmaOrder, 'device' | 'pasid'>,
  { rid, unit }: Way,
): { readonly domain: IommuDomain | null; readonly hwpt: AnyHwpt | null } {
  const { hwptOf } = indexIommufd(machine);
  const domain =
    pasid === null
      ? walkedDomain(unit, rid, device.group?.domain ?? null, hwptOf.keys())
      : (unit?.hw.domainOf(device.name, pasid) ?? null);
  return { domain, hwpt: domain && (hwptOf.get(domain) ?? null) };
}

/** With all that is to be shown; `events`: what the hardware told meanwhile. */
export function tellDma(
  machine: Machine,
  order: DmaOrder,
  way: Way,
  parts: readonly DmaPart[],
  events: readonly TraceEvent[],
): Lookup {
  const { device, iova, bytes, access, line, pasid = null } = order;
  const { domain, hwpt } = servedBy(machine, order, way);
  const memory = hwpt?.filled.ioas.iopt.areas.first(iova, iova)?.pages?.memory;
  const byPart = eventsByPart(events);
  return {
    line,
    deviceId: device.worldId,
    iommuId: way.unit?.id ?? null,
    hwptId: hwpt?.worldId ?? null,
    ioasId: hwpt?.filled.ioas.worldId ?? null,
    processId: memory ? processId(memory.name) : null,
    access,
    ...(pasid === null ? {} : { pasid }),
    iova,
    bytes,
    parts: parts.map((part, index) => explainPart(way.unit, domain, part, byPart[index] ?? [])),
  };
}

/** Where nobody will look: whether it got through; and which entries were read, for when a line asks for one of them. */
function unshown(
  { device, iova, bytes, access, line }: DmaOrder,
  unit: Unit | null,
  parts: readonly DmaPart[],
  events: readonly (readonly TraceEvent[])[],
): UnshownLookup {
  const reads = events.flat().filter((event) => event.kind === 'read');
  const faults = parts.map((part, index) => faultIn(unit, part, events[index] ?? [], []));
  const ends = faults.map((fault) => fault?.reason ?? 'through');
  return {
    line,
    deviceId: device.worldId,
    iommuId: unit?.id ?? null,
    hwptId: null,
    ioasId: null,
    processId: null,
    access,
    iova,
    bytes,
    parts: parts.map((part, index) => ({
      ...part,
      peer: null,
      address: [],
      steps: [],
      fault: faults[index] ?? null,
    })),
    reads: [
      ...reads.map(({ structure, level, stage = 0 }) => `${structure}/${stage}/${level}`),
      ...ends,
    ].join(),
    steps: () => (reads.length === 0 ? [] : events.flatMap((of) => stepsOf(unit, of))),
  };
}

/**
 * Whose table the hardware walked: the group's, unless it goes by a context that it cached before the group moved. That
 * one's table may be gone by now.
 */
function walkedDomain(
  unit: Unit | null,
  rid: number,
  current: IommuDomain | null,
  others: Iterable<IommuDomain>,
): IommuDomain | null {
  const root = unit?.hw.walkedRoot(rid, NO_PASID) ?? null;
  const rootOf = (domain: IommuDomain): number | null => unit?.hw.tables(domain)?.rootPa ?? null;
  // A unit tells of the table that it walks first, or of the one that lies under a user's.
  const rootsOf = (domain: IommuDomain): readonly (number | null)[] =>
    domain.nested ? [rootOf(domain), rootOf(domain.nested.parent)] : [rootOf(domain)];
  if (root === null || (current !== null && rootsOf(current).includes(root))) return current;
  return [...others].find((domain) => rootOf(domain) === root) ?? null;
}

/** Where no IOMMU is, an address is what it says. */
const UNTRANSLATED: DmaTranslator = {
  result: new Int32Array(RESULT_WORDS),
  translate(_rid, iovaHi, iovaLo) {
    this.result[PA_HI] = iovaHi;
    this.result[PA_LO] = iovaLo;
    return BYPASSED;
  },
  interrupt: () => true,
};

/** What a device writes can be recognised in memory: the low byte of each byte's IOVA. */
function pattern(iova: bigint, length: number): Uint8Array {
  const first = Number(iova & 0xffn);
  const bytes = new Uint8Array(length);
  for (let n = 0; n < length; n++) bytes[n] = first + n;
  return bytes;
}

/**
 * The id that arrives at the root complex. A conventional device has none of its own: the bridge that takes its
 * transactions to PCIe lends it one, the last of its aliases.
 */
export function requesterId(topology: PciTopology, { client, name }: Device): number {
  const conventional = topology.findByName(name)?.isPcie === false;
  return conventional ? (client.aliasRids.at(-1) ?? client.rid) : (client.aliasRids[0] ?? client.rid);
}

/** Each part of a transfer ends with its `dma` event. */
function eventsByPart(events: readonly TraceEvent[]): readonly (readonly TraceEvent[])[] {
  const parts: TraceEvent[][] = [[]];
  for (const event of events) {
    parts.at(-1)?.push(event);
    if (event.kind === 'dma') parts.push([]);
  }
  return parts;
}

function explainPart(
  unit: Unit | null,
  domain: IommuDomain | null,
  part: DmaPart,
  events: readonly TraceEvent[],
): LookupPart {
  const { iova, bytes, pa, from, denied, interrupt, stalled } = part;
  const steps = stepsOf(unit, events);
  return {
    iova,
    bytes,
    pa,
    from,
    peer: null,
    denied,
    ...(stalled === undefined ? {} : { stalled }),
    interrupt,
    address: unit === null ? [] : addressOf(unit.hw, iova, domain, steps),
    steps,
    fault: faultIn(unit, part, events, steps),
  };
}

const faultIn = (
  unit: Unit | null,
  part: DmaPart,
  events: readonly TraceEvent[],
  steps: readonly WalkStep[],
): LookupPart['fault'] =>
  unit === null
    ? null
    : (heldFault(part, events, faultOf(unit, events, steps)) ??
      droppedMessage(part) ??
      deniedTranslation(part));

/** What the device asked itself first, then what the unit did for it. */
function stepsOf(unit: Unit | null, events: readonly TraceEvent[]): readonly WalkStep[] {
  const own = events.flatMap((event): readonly WalkStep[] =>
    event.kind === 'cache' && event.cache === 'device-tlb'
      ? [
          {
            ...NOTHING_READ,
            outcome: event.op === 'hit' ? 'hit' : 'miss',
            title: `Device TLB ${event.op}: ${event.tag}`,
          },
        ]
      : [],
  );
  return [
    ...own,
    ...(unit?.hw.explain(events.filter((event) => event.kind !== 'cache' || event.cache !== 'device-tlb')) ??
      []),
  ];
}

const NOTHING_READ = {
  kind: 'cache',
  structure: 'device-tlb',
  stage: null,
  forLevel: null,
  level: 0,
  index: null,
  pa: null,
  words: [],
  fields: [],
  occupancy: null,
} as const;

/** Nothing went wrong at the unit: it answered that the device may not. */
const deniedTranslation = ({ denied }: DmaPart): LookupPart['fault'] =>
  denied
    ? {
        reason: 0,
        name: 'no translation granted',
        why: 'The device asked the IOMMU for a translation, and was granted no access: it sends nothing, and nothing is recorded.',
        kernelLine: '',
      }
    : null;

/** The unit drops what is no message, and records nothing. */
const droppedMessage = ({ interrupt, reason }: DmaPart): LookupPart['fault'] =>
  interrupt && reason !== null
    ? {
        reason: 0,
        name: 'not an interrupt message',
        why: 'A write to the interrupt address range has to be one aligned dword: it is a message to a processor.',
        kernelLine: '',
      }
    : null;

/** A transaction that waits: its driver printed the event only if nobody is there who handles it. */
function heldFault(
  { stalled }: DmaPart,
  events: readonly TraceEvent[],
  fault: LookupPart['fault'],
): LookupPart['fault'] {
  if (fault === null || stalled === undefined) return fault;
  const printed = events.some(({ kind }) => kind === 'log');
  const why = `${fault.why}. The IOMMU holds the transaction (STAG ${stalled}) until software has it retried or ended`;
  return { ...fault, why, kernelLine: printed ? fault.kernelLine : '' };
}

function faultOf(unit: Unit, events: readonly TraceEvent[], steps: readonly WalkStep[]): LookupPart['fault'] {
  const fault = events.find((event) => event.kind === 'fault');
  if (fault === undefined) return null;
  return { reason: fault.reason, name: fault.name, ...unit.hw.explainFault(fault, steps) };
}

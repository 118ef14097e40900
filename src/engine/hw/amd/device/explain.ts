import type { FaultEvent, MemoryReadEvent, TraceEvent } from '../../../trace/event';
import { hiOf, loOf } from '../../../../lib/u64';
import { eventOfEntry } from '../../common/peek';
import type { TableOfStep, WalkStep } from '../../common/view';
import {
  decodeDte,
  decodeGcr3Entry,
  decodeGuestEntry,
  decodeHostEntry,
  decodeIrte,
  hostLeafLg2,
} from '../describe';
import { eventLine, type LineOptions } from '../describe-events';
import { codeOf, DEV_TAB_HARDWARE_ERROR, flagsOf, PAGE_TAB_HARDWARE_ERROR, reasonWhy } from '../reasons';
import { EVENT_GN } from '../structs';
import type { AmdIommu } from './device';
import { D_RAW } from './dte';
import { gcr3Occupancy, tableOccupancy } from './inspect';
import { Uncached } from './uncached';

const CACHE_NAMES: Readonly<Record<string, string>> = {
  dte: 'Device table entry cache',
  pasid: 'GCR3 entry cache',
  iotlb: 'IOTLB',
  interrupt: 'Interrupt entry cache',
};

/** The hardware's reads and cache look-ups among the events of one request, in words. */
export function explainAmd(unit: AmdIommu, events: readonly TraceEvent[]): readonly WalkStep[] {
  const steps: WalkStep[] = [];
  let guest = false;
  let lastRead = -1;
  for (const event of events) {
    if ('unit' in event && event.unit !== unit.state.config.unit) continue;
    if (event.kind === 'cache' && (event.op === 'hit' || event.op === 'miss')) {
      // What is looked up by a process is walked in its tables.
      if (event.cache === 'pasid') guest = true;
      steps.push(cacheStep(event.cache, event.op, event.tag));
    } else if (event.kind === 'read') {
      lastRead = steps.length;
      steps.push(readStep(unit, event, guest));
    } else if (event.kind === 'fault' && lastRead >= 0) {
      const step = steps[lastRead];
      if (step !== undefined) steps[lastRead] = { ...step, outcome: 'fault' };
    }
  }
  return steps;
}

function cacheStep(cache: string, op: 'hit' | 'miss', tag: string): WalkStep {
  return {
    kind: 'cache',
    structure: cache,
    stage: null,
    outcome: op,
    level: 0,
    forLevel: null,
    title: `${CACHE_NAMES[cache] ?? cache}, ${tag}`,
    index: null,
    pa: null,
    words: [],
    fields: [],
    occupancy: null,
  };
}

function readStep(unit: AmdIommu, event: MemoryReadEvent, guest: boolean): WalkStep {
  const { structure, words, index, pa, level } = event;
  const word = words[0] ?? 0n;
  const step = {
    kind: 'read' as const,
    structure,
    stage: event.stage ?? null,
    level: 0,
    forLevel: null,
    index,
    pa,
    words,
    occupancy: null,
  };
  const table = Math.floor(pa / 4096) * 4096;
  switch (structure) {
    case 'dte':
      return { ...step, outcome: 'table', title: 'Device table entry', fields: decodeDte(words) };
    case 'gcr3':
      return {
        ...step,
        outcome: (word & 1n) === 1n ? 'table' : 'fault',
        title: level === 0 ? 'GCR3 table: the process' : `GCR3 table, level ${level + 1}`,
        fields: decodeGcr3Entry(level, word),
        occupancy: gcr3Occupancy(unit, table),
      };
    case 'irte':
      return { ...step, outcome: 'leaf', title: 'Interrupt table entry', fields: decodeIrte(words) };
    default: {
      const inGuest = event.stage === undefined ? guest : event.stage === 1;
      const occupancy = tableOccupancy(unit, table, level + 1, inGuest);
      return {
        ...step,
        outcome: outcomeOf(inGuest, level, word),
        level: level + 1,
        forLevel: event.stage === 2 ? (event.forLevel === undefined ? 0 : event.forLevel + 1) : null,
        title: tableTitle(event, inGuest),
        fields: inGuest ? decodeGuestEntry(level, word) : decodeHostEntry(level, word),
        ...((word & 1n) === 0n ? {} : { allows: inGuest ? guestAllows(word) : hostAllows(word) }),
        permissions: inGuest ? 'RWXU' : 'RW',
        ...sizeOf(inGuest, level, word),
        reading: inGuest ? 'guest' : 'host',
        occupancy,
      };
    }
  }
}

const guestAllows = (word: bigint): string =>
  `R${(word & 2n) === 0n ? '' : 'W'}${word >> 63n === 1n ? '' : 'X'}${(word & 4n) === 0n ? '' : 'U'}`;
const hostAllows = (word: bigint): string =>
  `${((word >> 61n) & 1n) === 1n ? 'R' : ''}${((word >> 62n) & 1n) === 1n ? 'W' : ''}`;

function outcomeOf(guest: boolean, level: number, word: bigint): WalkStep['outcome'] {
  if ((word & 1n) === 0n) return 'fault';
  if (guest) return level === 0 || (level <= 2 && (word & 0x80n) !== 0n) ? 'leaf' : 'table';
  return hostLeafLg2(level, word) !== null ? 'leaf' : 'table';
}

function sizeOf(guest: boolean, level: number, word: bigint): Pick<WalkStep, 'sizeLg2'> {
  if (outcomeOf(guest, level, word) !== 'leaf') return {};
  const sizeLg2 = guest ? 12 + 9 * level : hostLeafLg2(level, word);
  return sizeLg2 === null ? {} : { sizeLg2 };
}

/** Another entry of a table that was read, as memory has it now. */
export function peekAmd(unit: AmdIommu, table: TableOfStep, index: number): WalkStep | null {
  const event = index < 512 ? eventOfEntry(unit.state.memory, table, index) : null;
  return event && readStep(unit, event, table.reading === 'guest');
}

function tableTitle(event: MemoryReadEvent, guest: boolean): string {
  const name = `level ${event.level + 1} table`;
  if (event.stage === undefined) return guest ? `Guest ${name}` : `Host ${name}`;
  if (event.stage === 1) return `Guest ${name}`;
  return event.forLevel === undefined
    ? `Host ${name}, for the final address`
    : `Host ${name}, for the guest's level ${event.forLevel + 1}`;
}

export interface ExplainedFault {
  readonly why: string;
  readonly kernelLine: string;
}

/** A fault in words, and the kernel's line for the event that was logged (or would have been). */
export function explainAmdFault(
  unit: AmdIommu,
  fault: FaultEvent,
  line: Partial<LineOptions> = {},
): ExplainedFault {
  const options = { segment: unit.state.config.segment, ...line };
  const rid = ridOf(fault.device);
  const flags = flagsOf(fault.reason);
  const now = new Uncached(unit.state);
  now.table.read(rid);
  const domain = (now.table.out[D_RAW + 2] as number) & 0xffff;
  const tag = (flags & EVENT_GN) !== 0 ? (fault.pasid ?? 0) : domain;
  const low =
    BigInt(rid) | BigInt(tag & 0xf_0000) | (BigInt(tag & 0xffff) << 32n) | (BigInt(fault.reason) << 48n);
  return {
    why: reasonWhy(fault.reason),
    kernelLine: eventLine([low, addressOfEvent(now, fault, rid)], options),
  };
}

/** Of a hardware error it is where memory did not answer: the tables are asked again. */
function addressOfEvent(now: Uncached, fault: FaultEvent, rid: number): bigint {
  const code = codeOf(fault.reason);
  if (code === DEV_TAB_HARDWARE_ERROR) return BigInt(Math.max(now.table.locate(rid), 0));
  if (code !== PAGE_TAB_HARDWARE_ERROR) return fault.iova;
  const [hi, lo] = [hiOf(fault.iova), loOf(fault.iova)];
  if (fault.pasid === undefined) {
    now.host(rid, hi, lo);
    return BigInt(now.hosts.failedPa);
  }
  now.guest(rid, fault.pasid, hi, lo);
  return BigInt(now.guests.failedPa === 0 ? now.processes.failedPa : now.guests.failedPa);
}

/** `0000:01:00.0` to a requester id. */
function ridOf(device: string): number {
  const [, bus = '0', rest = '0.0'] = device.split(':');
  const [slot = '0', fn = '0'] = rest.split('.');
  return (parseInt(bus, 16) << 8) | (parseInt(slot, 16) << 3) | parseInt(fn, 16);
}

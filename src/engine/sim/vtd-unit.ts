import { hiOf, join, loOf } from '../../lib/u64';
import { ok, type Result } from '../kernel/errno';
import {
  decodeContextEntry,
  decodeRootEntry,
  decodeSecondStageEntry,
  faultLine,
  splitAddress,
} from '../hw/vtd/describe';
import { contextViews, inspectVtd, tableOccupancy, type ContextView } from '../hw/vtd/device/inspect';
import { formatBdf } from '../hw/common/bdf';
import type { ReservedMemory } from '../hw/vtd/driver/driver';
import type { VtdDevice } from '../hw/vtd/device/device';
import { createVtdUnit as wireVtdUnit } from '../hw/vtd/unit';
import type { TraceEvent } from '../trace/event';
import type { LookupStep } from './batch';
import type { Machine } from './machine';
import type { Unit } from './unit';
import { whyFault } from './vtd-faults';

/** World id of the machine's main unit. */
export const VTD_UNIT = 'iommu:dmar0';
const PAGE_BYTES = 4096;

/** The machine's VT-d unit, powered on and taken over by its driver. */
export function createVtdUnit(machine: Machine): Result<Unit> {
  const { memory, trace, options, scope } = machine;
  const wired = wireVtdUnit({
    memory,
    trace,
    config: { unit: VTD_UNIT, widthBits: options.widthBits, iotlb: options.iotlb },
    driver: {
      scope: ({ name }) => scope.get(name) === VTD_UNIT,
      reservedMemory: reservedMemory(machine),
    },
  });
  if (!wired.ok) return wired;
  const { device, driver } = wired.value;
  return ok({
    id: VTD_UNIT,
    ops: driver,
    iommu: device,
    start: () => driver.enableTranslation(),
    project() {
      const view = inspectVtd(device);
      return { ...view, faults: [...driver.faultLog, ...view.faults], vendor: 'vtd', title: 'DMAR 0' };
    },
    tables: (domain) => driver.describeDomain(domain),
    walkedRoot(rid) {
      const cached = cachedContext(device, formatBdf(0, rid));
      return cached === null || cached.levels === 0 ? null : cached.rootPa;
    },
    addressFields(iova, leafLevel, domain) {
      const tables = domain && driver.describeDomain(domain);
      if (!tables) return [];
      const level = leafLevel ?? cachedLevel(device, tables.did, iova) ?? 1;
      return splitAddress(iova, tables.levels, level);
    },
    explain: (events) => explain(device, events),
    explainFault(fault, steps) {
      const rid = ridOf(fault.device);
      return {
        why: whyFault(fault, steps, cachedContext(device, fault.device)?.stale ?? false),
        kernelLine: faultLine(rid, fault.access, fault.iova & ~0xfffn, fault.reason),
      };
    },
  });
}

/** The DMAR table has one kind of reserved memory: to be mapped 1:1. Linux: dmar_parse_one_rmrr() */
function reservedMemory({ reserved }: Machine): readonly ReservedMemory[] {
  return [...reserved].flatMap(([device, regions]) =>
    regions.map(({ start, last, kind }) => ({
      start,
      last,
      devices: [device],
      relaxable: kind === 'direct-relaxable',
    })),
  );
}

const cachedContext = (device: VtdDevice, name: string): ContextView | null =>
  contextViews(device).find((entry) => entry.device === name) ?? null;

/** The level of the leaf that an IOTLB entry was made from; null where none covers the address. */
function cachedLevel(device: VtdDevice, did: number | null, iova: bigint): number | null {
  const covers = device.state.iotlb.list().find((entry) => {
    const size = BigInt(entry.sizeLg2);
    return entry.did === did && join(entry.iovaHi, entry.iovaLo) >> size === iova >> size;
  });
  return covers === undefined ? null : (covers.sizeLg2 - 12) / 9 + 1;
}

function explain(device: VtdDevice, events: readonly TraceEvent[]): readonly LookupStep[] {
  const steps = events.flatMap((event) => stepOf(device, event) ?? []);
  // What the hardware read last is what it refused over.
  const last = steps.at(-1);
  const refused = events.some((event) => event.kind === 'fault');
  return refused && last?.pa != null ? [...steps.slice(0, -1), { ...last, outcome: 'fault' }] : steps;
}

const NOTHING_READ = { level: 0, index: null, pa: null, words: [], fields: [], occupancy: null } as const;

function stepOf(device: VtdDevice, event: TraceEvent): LookupStep | null {
  if (event.kind === 'cache') {
    const { op } = event;
    if (op !== 'hit' && op !== 'miss') return null;
    const context = event.cache === 'context';
    const stale = context && op === 'hit' && (cachedContext(device, event.tag)?.stale ?? false);
    const title = `${context ? 'Context cache' : 'IOTLB'} ${op}: ${event.tag}${stale ? ', stale' : ''}`;
    return { ...NOTHING_READ, kind: context ? 'context-cache' : 'iotlb', outcome: op, title };
  }
  if (event.kind !== 'read') return null;
  const { structure, level, index, pa, words } = event;
  const read = { kind: structure, index, pa, words, level: level + 1 };
  switch (structure) {
    case 'root': {
      const title = `Root entry of bus ${index.toString(16).padStart(2, '0')}`;
      return { ...read, outcome: 'table', title, fields: decodeRootEntry(words), occupancy: null };
    }
    case 'context': {
      const title = `Context entry of device ${(index >> 3).toString(16).padStart(2, '0')}.${index & 7}`;
      return { ...read, outcome: 'table', title, fields: decodeContextEntry(words), occupancy: null };
    }
    case 'table': {
      const word = words[0] ?? 0n;
      const table = Math.floor(pa / PAGE_BYTES) * PAGE_BYTES;
      const kind = device.walker.classify(level, hiOf(word), loOf(word));
      return {
        ...read,
        outcome: kind === 2 ? 'leaf' : kind === 1 ? 'table' : 'fault',
        title: `Level ${level + 1} entry ${index}`,
        fields: decodeSecondStageEntry(level, word),
        occupancy: tableOccupancy(device, table, level),
      };
    }
  }
}

/** `0000:01:00.0` → bus, device and function in 16 bits. */
function ridOf(name: string): number {
  const [bus = '0', rest = '0'] = name.split(':').slice(-2);
  const [device = '0', fn = '0'] = rest.split('.');
  return (parseInt(bus, 16) << 8) | (parseInt(device, 16) << 3) | Number(fn);
}

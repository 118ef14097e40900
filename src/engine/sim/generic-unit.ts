import { hex, hiOf, loOf } from '../../lib/u64';
import { GenericTranslator, describeGeneric, GENERIC_FAULTS } from '../hw/generic/translate';
import { GenericUnit } from '../hw/generic/unit';
import type { GenericOptions } from '../hw/generic/options';
import type { RegisterBus } from '../hw/port';
import type { Device } from '../iommu/device';
import type { GroupPolicy } from '../iommu/group-policy';
import { iopfQueueAddDevice, iopfQueueRemoveDevice, IopfQueue } from '../iommu/page-fault-report';
import { err } from '../kernel/errno';
import type { PhysicalMemory } from '../memory/physical-memory';
import { amdv1 } from '../pt/fmt/amdv1';
import { EMPTY, LEAF } from '../pt/format';
import type { TraceEvent } from '../trace/event';
import { decode, defineField, flag, type FieldRow } from '../hw/common/fields';
import { eventOfEntry } from '../hw/common/peek';
import type { AddressField, WalkStep } from '../hw/common/view';
import type { HardwareUnit } from '../hw/unit';
import { requesterId } from './dma';
import type { Machine } from './machine';
import type { Unit } from './unit';
import { sizeWords } from './words';

const PAGE_BYTES = 4096;
const ENTRIES = 512;

/** A unit of no vendor, wired to the machine: what `iommu NAME generic` makes. */
export function createGenericUnit(machine: Machine, options: GenericOptions): Unit {
  const { core, memory, trace, topology, reserved } = machine;
  const queue = new IopfQueue(`${options.unit.replace(/^iommu:/, '')}-iopfq`);
  const deviceOf = (name: string): Device | null => core.devices.get(name) ?? null;
  const unit = new GenericUnit(options, memory, trace, {
    reservedOf: (name) => reserved.get(name) ?? [],
    allowPageRequests({ name }) {
      const device = deviceOf(name);
      return device ? iopfQueueAddDevice(core, queue, device) : err('ENODEV', `there is no ${name}`);
    },
    forbidPageRequests({ name }) {
      const device = deviceOf(name);
      if (device) iopfQueueRemoveDevice(core, queue, device);
    },
    get units() {
      return machine.units.flatMap(({ generic }) => generic?.unit ?? []);
    },
  });
  for (const [name, id] of machine.scope) if (id === options.unit) unit.scope.add(name);
  const nameOf = (rid: number): string | null =>
    [...unit.scope].find((name) => {
      const device = deviceOf(name);
      return device !== null && requesterId(topology, device) === rid;
    }) ?? null;
  return {
    id: options.unit,
    vendor: 'generic',
    title: options.unit.replace(/^iommu:/, ''),
    traits: traitsOf(options),
    pageRequests: { queue, reported: [] },
    generic: { unit },
    hw: hardwareOf(machine, unit, new GenericTranslator(unit, trace, nameOf), nameOf),
  };
}

/** It has no registers, no queues and no caches: what there is to see are its tables. */
function hardwareOf(
  { memory }: Machine,
  unit: GenericUnit,
  translator: GenericTranslator,
  nameOf: (rid: number) => string | null,
): HardwareUnit {
  const { apertureLast } = unit.options;
  return {
    ops: unit,
    translator,
    registers: NO_REGISTERS,
    start: () => undefined,
    view: () => ({ registers: [], queues: [], caches: [], faults: [] }),
    summary: () => ({
      enabled: true,
      addressBits: apertureLast.toString(2).length,
      queues: [],
      caches: [],
      commands: 0,
    }),
    faultLog: () => [],
    tables: (domain) => (domain.owner === unit ? describeGeneric(domain) : null),
    walkedRoot(rid, pasid) {
      const domain = unit.domainOf(nameOf(rid) ?? '', pasid);
      return (domain && describeGeneric(domain)?.rootPa) ?? null;
    },
    // It knows no ATS.
    askTables: (questions) => questions.map(() => null),
    domainOf: (device, pasid) => unit.domainOf(device, pasid),
    addressFields(iova, leafLevel, domain) {
      const tables = domain && describeGeneric(domain);
      return tables ? addressFields(iova, tables.levels, leafLevel ?? 1) : [];
    },
    explain: (events) => explain(memory, events),
    peek(table, index) {
      const event = index < ENTRIES ? eventOfEntry(memory, table, index) : null;
      return event && stepOf(memory, event);
    },
    explainFault: ({ reason }) => ({ why: GENERIC_FAULTS[reason]?.why ?? '', kernelLine: '' }),
  };
}

const NO_REGISTERS: RegisterBus = {
  read32: () => 0,
  write32: () => undefined,
  read64: () => 0n,
  write64: () => undefined,
};

/** What a scenario chose, for people. */
function traitsOf(options: GenericOptions): readonly string[] {
  const { pageSizesLg2, apertureStart, apertureLast, maxPasids, groups } = options;
  const lacks: readonly (readonly [boolean, string])[] = [
    [options.coherent, 'DMA is not coherent with CPU caches'],
    [options.snoopControl, 'cannot enforce coherency'],
    [options.dirtyTracking, 'cannot track dirty pages'],
    [options.isolatedMsi, 'interrupt messages are not checked'],
    [options.staticBlocked, 'has no blocking domain of its own'],
    [!options.finalisesAtAttach, 'page tables are complete only once attached'],
  ];
  return [
    `driver ${options.driver}`,
    `pages of ${pageSizesLg2.map((size) => sizeWords(2 ** size)).join(', ')}`,
    `addresses ${hex(apertureStart)}-${hex(apertureLast)}`,
    ...(maxPasids > 0 ? [`${maxPasids} PASIDs`] : []),
    ...(groups === 'pci' ? [] : [GROUP_WORDS[groups]]),
    ...lacks.filter(([has]) => !has).map(([, words]) => words),
  ];
}

const GROUP_WORDS: Readonly<Record<Exclude<GroupPolicy, 'pci'>, string>> = {
  device: 'one group for each device',
  single: 'one group for all its devices',
  'host-bridge': 'one group for each host bridge',
  stream: 'one group for all that send the same StreamID',
};

function addressFields(iova: bigint, levels: number, leafLevel: number): readonly AddressField[] {
  const below = (level: number): number => 12 + 9 * (level - 1);
  const fields: AddressField[] = [];
  for (let level = levels; level >= leafLevel; level--) {
    const value = Number((iova >> BigInt(below(level))) & 0x1ffn);
    fields.push({ label: `level ${level}`, level, bits: 9, value });
  }
  const bits = below(leafLevel);
  return [...fields, { label: 'offset', level: 0, bits, value: Number(iova & ((1n << BigInt(bits)) - 1n)) }];
}

/** It reads page tables, and nothing else. */
function explain(memory: PhysicalMemory, events: readonly TraceEvent[]): readonly WalkStep[] {
  const steps = events.flatMap((event) => (event.kind === 'read' ? stepOf(memory, event) : []));
  const last = steps.at(-1);
  const refused = events.some((event) => event.kind === 'fault');
  return refused && last ? [...steps.slice(0, -1), { ...last, outcome: 'fault' }] : steps;
}

function stepOf(
  memory: PhysicalMemory,
  { level, index, pa, words }: Extract<TraceEvent, { kind: 'read' }>,
): WalkStep {
  const word = words[0] ?? 0n;
  const kind = amdv1.kind(loOf(word), hiOf(word), level);
  return {
    kind: 'read',
    structure: 'table',
    stage: null,
    forLevel: null,
    outcome: kind === LEAF ? 'leaf' : kind === EMPTY ? 'fault' : 'table',
    level: level + 1,
    title: `Level ${level + 1} entry ${index}`,
    index,
    pa,
    words,
    fields: decode(words, ENTRY),
    allows: `${(word >> 61n) & 1n ? 'R' : ''}${(word >> 62n) & 1n ? 'W' : ''}`,
    permissions: 'RW',
    ...(kind === LEAF
      ? { sizeLg2: (amdv1.itemLg2[level] ?? 12) + amdv1.contigLg2(loOf(word), hiOf(word), level) }
      : {}),
    occupancy: occupancy(memory, Math.floor(pa / PAGE_BYTES), level),
  };
}

function occupancy(memory: PhysicalMemory, pfn: number, level: number): Uint8Array {
  const base = memory.frameBase(pfn);
  return Uint8Array.from({ length: ENTRIES }, (_, index) =>
    amdv1.kind(memory.words[base + index * 2] ?? 0, memory.words[base + index * 2 + 1] ?? 0, level),
  );
}

/** Spec: AMD I/O Virtualization Technology (IOMMU) Specification, section 2.2.3 "I/O Page Tables for Host Translations" */
const ENTRY: readonly FieldRow[] = [
  flag('PR', 0, 'present', 'empty'),
  flag('D', 6, 'written through', 'not written through'),
  defineField('Next Level', 11, 9, nextLevelWords),
  defineField('Address', 51, 12, (value) => hex(value << 12n)),
  flag('FC', 60, 'accesses are coherent', 'the device says whether to snoop'),
  flag('IR', 61, 'may be read', 'must not be read'),
  flag('IW', 62, 'may be written', 'must not be written'),
];

function nextLevelWords(value: bigint): string {
  if (value === 0n) return 'a page';
  return value === 7n ? 'a page, its size in the address' : `a table of level ${value}`;
}

import { addressOf, hex, join } from '../../../../lib/u64';
import { formatBdf } from '../../common/bdf';
import type {
  CacheEntryView,
  CacheView,
  FaultRecordView,
  QueueEntryView,
  QueueView,
  RegisterView,
  UnitView,
} from '../../common/view';
import { EXECUTE, READ, WRITE } from '../../port';
import type { UnitSummary } from '../../unit';
import { commandName, decodeCommand, decodeIrte, sizeText } from '../describe';
import { decodeEvent, decodePpr, eventLine, eventParts, type LineOptions } from '../describe-events';
import { decodeRegister } from '../describe-registers';
import { CMD_BASE, CMD_HEAD, CMD_TAIL, CONTROL, IOMMU_EN, REGISTERS, STATUS } from '../regs';
import { bitsOfLevels, COMMAND_BYTES, EVENT_RW, GCR3_V } from '../structs';
import type { AmdIommu } from './device';
import { D_GUEST, D_ID, D_KIND, D_LEVELS, D_RAW, D_ROOT, KIND_FORWARD, KIND_GUEST, KIND_HOST } from './dte';
import { CTX_ID, CTX_LEVELS, CTX_ROOT_HI, CTX_ROOT_LO } from './gcr3';
import { PDE_PERMS, PDE_PFN } from './host-walk';
import { I_RAW } from './interrupt';
import { pasidOfPde } from './invalidate';
import { ABSENT, GRANT_MASK, GRANT_SHIFT, READY_USER, type CachedTranslation } from './iotlb';
import { EVENT_LOG, PPR_LOG, ringBase, ringBytes, type LogPlace } from './log';
import { framePfn, readWords } from './memory';
import { isWritable } from './registers';
import { TAGS, type TagCache } from './tag-cache';
import { sameContext, Uncached } from './uncached';

const SHOWN = 32;

/** Everything a unit holds, for people. Changes nothing and leaves no trace. */
export function viewAmd(unit: AmdIommu, line: Partial<LineOptions> = {}): UnitView {
  const options = { segment: unit.state.config.segment, ...line };
  return {
    registers: registerViews(unit),
    queues: [commandQueue(unit), logQueue(unit, EVENT_LOG), logQueue(unit, PPR_LOG)],
    caches: cacheViews(unit),
    faults: faultViews(unit, options),
  };
}

/** How much of it a canvas shows. */
export function summarizeAmd(unit: AmdIommu): UnitSummary {
  const { state } = unit;
  const queue = (
    name: string,
    place: { base: number; head: number; tail: number },
  ): UnitSummary['queues'][number] => ({
    name,
    head: state.reg(place.head) / COMMAND_BYTES,
    tail: state.reg(place.tail) / COMMAND_BYTES,
    size: ringBytes(state, place.base) / COMMAND_BYTES,
  });
  return {
    enabled: state.control(IOMMU_EN),
    addressBits: bitsOfLevels(state.config.hostLevels),
    queues: [
      queue('Command buffer', { base: CMD_BASE, head: CMD_HEAD, tail: CMD_TAIL }),
      queue('Event log', EVENT_LOG),
      queue('PPR log', PPR_LOG),
    ],
    caches: cacheViews(unit).map(({ id, name, sets, ways, entries }) => ({
      id,
      name,
      used: entries.length,
      size: sets * ways,
      stale: entries.filter((entry) => entry.stale).length,
    })),
    commands: unit.commands.done,
  };
}

/** The table that a request is walked from, by what is cached: its physical address, or null. */
export function walkedRoot(unit: AmdIommu, rid: number, pasid: number): number | null {
  const { dtes, pasids } = unit.state;
  const at = dtes.list().find((n) => ((dtes.entries[n] as number) & 0xffff) === rid);
  if (at === undefined) return null;
  const kind = dtes.entries[at + D_KIND];
  const process = pasid < 0 && kind === KIND_GUEST ? 0 : pasid;
  if (process < 0)
    return kind === KIND_HOST && (dtes.entries[at + D_ROOT] as number) >= 0
      ? (dtes.entries[at + D_ROOT] as number) * 4096
      : null;
  const c = pasids
    .list()
    .find((n) => ((pasids.entries[n] as number) & 0xffff) === rid && pasids.entries[n + 1] === process);
  if (c === undefined) return null;
  return addressOf(pasids.entries[c + CTX_ROOT_HI] as number, pasids.entries[c + CTX_ROOT_LO] as number);
}

/** The 512 entries of a table: 0 absent, 1 table, 2 leaf, 3 malformed; null where no memory is. Levels from 1. */
export function tableOccupancy(
  unit: AmdIommu,
  tablePa: number,
  level: number,
  guest: boolean,
): Uint8Array | null {
  const { memory } = unit.state;
  const base = memory.frameBase(Math.floor(tablePa / 4096));
  if (base < 0) return null;
  const walk = guest ? unit.walker.guests : unit.walker.hosts;
  const word = (n: number): number => memory.words[base + n] as number;
  return Uint8Array.from({ length: 512 }, (_, n) => walk.classify(level, word(n * 2 + 1), word(n * 2)));
}

/** The 512 entries of a GCR3 table: 0 no process, 1 a table. */
export function gcr3Occupancy(unit: AmdIommu, tablePa: number): Uint8Array | null {
  const { memory } = unit.state;
  const base = memory.frameBase(Math.floor(tablePa / 4096));
  if (base < 0) return null;
  return Uint8Array.from({ length: 512 }, (_, n) => (memory.words[base + n * 2] as number) & GCR3_V);
}

function registerViews(unit: AmdIommu): readonly RegisterView[] {
  return REGISTERS.map(({ name, offset, bytes }) => {
    const wide = unit.registers.read64(offset);
    const value = bytes === 8 ? wide : wide & 0xffff_ffffn;
    return {
      name,
      offset,
      bytes,
      value,
      writable: isWritable(offset),
      fields: decodeRegister(offset, value),
    };
  });
}

/** Entries of a ring that stand in memory, the latest last: those that are all zeroes were never written, or are cleared. */
function ringEntries(
  unit: AmdIommu,
  place: { base: number; head: number; tail: number },
  name: (words: readonly bigint[]) => string,
  fields: (words: readonly bigint[]) => QueueEntryView['fields'],
): readonly QueueEntryView[] {
  const { state } = unit;
  const size = ringBytes(state, place.base) / COMMAND_BYTES;
  if (size === 0) return [];
  const index = (register: number): number => (state.reg(register) / COMMAND_BYTES) % size;
  const [head, tail] = [index(place.head), index(place.tail)];
  const pending = (tail - head + size) % size;
  const found: QueueEntryView[] = [];
  const raw = new Int32Array(4);
  for (let back = 1; back < size && found.length < SHOWN; back++) {
    const at = (tail - back + size) % size;
    const pa = ringBase(state, place.base) + at * COMMAND_BYTES;
    if (readWords(state.memory, pa, raw) !== 0) break;
    const word = (n: number): bigint => join(raw[n + 1] as number, raw[n] as number);
    const words = [word(0), word(2)];
    if (back > pending && raw.every((n) => n === 0)) break;
    found.push({ index: at, pa, name: name(words), words, fields: fields(words), pending: back <= pending });
  }
  return found.reverse();
}

function commandQueue(unit: AmdIommu): QueueView {
  const { state } = unit;
  const place = { base: CMD_BASE, head: CMD_HEAD, tail: CMD_TAIL };
  const nameOf = (words: readonly bigint[]): string => commandName(Number((words[0] ?? 0n) >> 60n));
  const enabled = (state.reg(CONTROL) & (IOMMU_EN | (1 << 12))) === (IOMMU_EN | (1 << 12));
  return {
    name: 'Command buffer',
    kind: 'commands',
    basePa: ringBase(state, CMD_BASE),
    entryBytes: COMMAND_BYTES,
    size: ringBytes(state, CMD_BASE) / COMMAND_BYTES,
    head: state.reg(CMD_HEAD) / COMMAND_BYTES,
    tail: state.reg(CMD_TAIL) / COMMAND_BYTES,
    enabled,
    stopped: enabled && !unit.commands.running ? 'CmdBufRun = 0: a command could not be done' : null,
    entries: ringEntries(unit, place, nameOf, decodeCommand),
  };
}

function logQueue(unit: AmdIommu, place: LogPlace): QueueView {
  const { state } = unit;
  const events = place === EVENT_LOG;
  const both = IOMMU_EN | place.enable;
  const enabled = (state.reg(CONTROL) & both) === both;
  const overflown = (state.reg(STATUS) & place.overflow) !== 0;
  return {
    name: events ? 'Event log' : 'PPR log',
    kind: events ? 'events' : 'page-requests',
    basePa: ringBase(state, place.base),
    entryBytes: COMMAND_BYTES,
    size: ringBytes(state, place.base) / COMMAND_BYTES,
    head: state.reg(place.head) / COMMAND_BYTES,
    tail: state.reg(place.tail) / COMMAND_BYTES,
    enabled,
    stopped: overflown ? `${events ? 'EventOverflow' : 'PprOverflow'}: the log was full` : null,
    entries: ringEntries(
      unit,
      place,
      (words) => (events ? eventParts(words).name : 'PAGE_SERVICE_REQUEST'),
      events ? decodeEvent : decodePpr,
    ),
  };
}

function faultViews(unit: AmdIommu, options: LineOptions): readonly FaultRecordView[] {
  // What the driver has read is in its own log.
  const unread = logQueue(unit, EVENT_LOG).entries.filter(({ pending }) => pending);
  return unread.map(({ index, words, fields, name }) => {
    const { rid, flags, reason, address, code } = eventParts(words);
    return {
      index,
      device: formatBdf(options.segment, rid),
      access: code > 4 ? null : (flags & EVENT_RW) !== 0 ? ('write' as const) : ('read' as const),
      iova: address,
      reason,
      name,
      words,
      fields,
      kernelLine: eventLine(words, options),
    };
  });
}

function cacheViews(unit: AmdIommu): readonly CacheView[] {
  const { state } = unit;
  const now = new Uncached(state);
  const { iotlb, pdes } = state;
  const cached = iotlb.list();
  const domains = new Set(cached.map((entry) => entry.domain));
  for (const at of pdes.list()) domains.add((pdes.entries[at + 1] as number) >>> 16);
  const owners = now.owners(domains);
  const tags = (
    id: string,
    name: string,
    cache: TagCache,
    one: (at: number) => Omit<CacheEntryView, 'set' | 'way'>,
  ): CacheView => ({
    id,
    name,
    sets: cache.shape.sets,
    ways: cache.shape.ways,
    entries: cache.list().map((at) => ({ ...cache.place(at), ...one(at) })),
  });
  return [
    tags('dte', 'Device table entries', state.dtes, (at) => deviceEntry(unit, now, at)),
    tags('pasid', 'GCR3 entries', state.pasids, (at) => processEntry(unit, now, at)),
    {
      id: 'iotlb',
      name: 'IOTLB',
      sets: iotlb.sets,
      ways: iotlb.ways,
      entries: cached.map((entry) => translationEntry(now, entry, owners.get(entry.domain))),
    },
    tags('paging-structure', 'Page directory entries', pdes, (at) => tableEntry(unit, now, at, owners)),
    tags('interrupt', 'Interrupt table entries', state.interrupts, (at) => interruptEntry(unit, now, at)),
  ];
}

function deviceEntry(unit: AmdIommu, now: Uncached, at: number): Omit<CacheEntryView, 'set' | 'way'> {
  const { config, dtes } = unit.state;
  const word = (n: number): number => dtes.entries[at + n] as number;
  const rid = word(0) & 0xffff;
  const read = now.table.read(rid);
  const same = Array.from({ length: 8 }, (_, n) => word(D_RAW + n) === now.table.out[D_RAW + n]).every(
    Boolean,
  );
  const kind = word(D_KIND);
  const host =
    word(D_LEVELS) > 0
      ? `host table of ${word(D_LEVELS)} levels at ${hex(Math.max(word(D_ROOT), 0) * 4096)}`
      : 'no host table';
  const guest = word(D_GUEST) > 0 ? `, guest tables of ${word(D_GUEST)} levels` : '';
  return {
    tags: [{ name: 'DeviceID', value: formatBdf(config.segment, rid) }],
    gives: kind === KIND_FORWARD ? 'V = 0: requests pass' : `domain ${word(D_ID) >>> 16}, ${host}${guest}`,
    rid,
    stale: read !== 0 || !same,
  };
}

function processEntry(unit: AmdIommu, now: Uncached, at: number): Omit<CacheEntryView, 'set' | 'way'> {
  const { config, pasids } = unit.state;
  const word = (n: number): number => pasids.entries[at + n] as number;
  const rid = word(0) & 0xffff;
  const pasid = word(1);
  const context = now.context(rid, pasid);
  return {
    tags: [
      { name: 'DeviceID', value: formatBdf(config.segment, rid) },
      { name: 'PASID', value: `${pasid}` },
      { name: 'DomainID', value: `${word(CTX_ID) >>> 16}` },
    ],
    gives: `guest table of ${word(CTX_LEVELS)} levels at ${hex(addressOf(word(CTX_ROOT_HI), word(CTX_ROOT_LO)))}`,
    rid,
    stale: context === null || !sameContext(pasids.entries, at, context),
  };
}

function permsText(perms: number, guest: boolean): string {
  const parts = [
    (perms & READ) !== 0 ? 'read' : '',
    (perms & WRITE) !== 0 ? 'write' : '',
    guest && (perms & EXECUTE) !== 0 ? 'execute' : '',
    guest && (perms & READY_USER) === 0 ? 'supervisor alone' : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'nothing allowed' : parts.join(', ');
}

function translationEntry(
  now: Uncached,
  entry: CachedTranslation,
  owner: number | undefined,
): CacheEntryView {
  const { iovaHi, iovaLo, paHi, paLo, sizeLg2, pasid, domain } = entry;
  const guest = pasid >= 0;
  const found =
    owner === undefined
      ? null
      : guest
        ? now.guest(owner, pasid, iovaHi, iovaLo)
        : now.host(owner, iovaHi, iovaLo);
  const perms = (entry.flags >> GRANT_SHIFT) & GRANT_MASK;
  const absent = (entry.flags & ABSENT) !== 0;
  const same =
    found !== null &&
    found.paHi === paHi &&
    found.paLo === paLo &&
    found.sizeLg2 === sizeLg2 &&
    found.perms === perms;
  const pa = addressOf(paHi, paLo);
  const tags = [{ name: 'DomainID', value: `${domain}` }];
  if (guest) tags.push({ name: 'PASID', value: `${pasid}` });
  tags.push({ name: 'Address', value: hex(join(iovaHi, iovaLo)) });
  const gives = absent ? 'not present' : `PA ${hex(pa)}, ${sizeText(sizeLg2)}, ${permsText(perms, guest)}`;
  const stale = absent ? found !== null : !same;
  const instead =
    found === null
      ? 'not present'
      : `PA ${hex(addressOf(found.paHi, found.paLo))}, ${sizeText(found.sizeLg2)}, ${permsText(found.perms, guest)}`;
  const place = { set: entry.set, way: entry.way };
  return {
    ...place,
    tags,
    gives,
    iova: join(iovaHi, iovaLo),
    ...(absent ? {} : { pa }),
    sizeLg2,
    stale,
    ...(stale ? { now: instead } : {}),
  };
}

function tableEntry(
  unit: AmdIommu,
  now: Uncached,
  at: number,
  owners: ReadonlyMap<number, number>,
): Omit<CacheEntryView, 'set' | 'way'> {
  const { entries } = unit.state.pdes;
  const [first, id, tag] = [entries[at] as number, entries[at + 1] as number, entries[at + 2] as number];
  const hi = (((first >>> 1) & 0x7ff) << 21) | (tag >>> 11);
  const lo = tag << 21;
  const pasid = pasidOfPde(entries, at);
  const owner = owners.get(id >>> 16);
  if (owner !== undefined) {
    if (pasid >= 0) now.guest(owner, pasid, hi, lo);
    else now.host(owner, hi, lo);
  }
  const bottom = owner === undefined ? null : (pasid >= 0 ? now.guests : now.hosts).bottom();
  const pfn = entries[at + PDE_PFN] as number;
  const perms = (entries[at + PDE_PERMS] as number) & 0xf;
  const tags = [{ name: 'DomainID', value: `${id >>> 16}` }];
  if (pasid >= 0) tags.push({ name: 'PASID', value: `${pasid}` });
  tags.push({ name: 'Address', value: hex(join(hi, lo)) });
  return {
    tags,
    gives: `level 1 table at ${hex(pfn * 4096)}, ${permsText(perms, pasid >= 0)}`,
    iova: join(hi, lo),
    pa: pfn * 4096,
    sizeLg2: 21,
    stale: bottom === null || bottom.pfn !== pfn || bottom.perms !== perms,
  };
}

function interruptEntry(unit: AmdIommu, now: Uncached, at: number): Omit<CacheEntryView, 'set' | 'way'> {
  const { state } = unit;
  const { entries } = state.interrupts;
  const first = entries[at] as number;
  const rid = first & 0xffff;
  const index = entries[at + TAGS - 2] as number;
  const wide = (first & (1 << 17)) !== 0;
  const raw = new Int32Array(wide ? 4 : 1);
  const readable = now.table.read(rid) <= DTE_DECODED || now.table.problem === 0;
  const low = now.table.out[D_RAW + 4] as number;
  const high = now.table.out[D_RAW + 5] as number;
  const pfn = framePfn(high & 0xf_ffff, low);
  const pa = pfn * 4096 + (low & 0xfc0) + index * raw.length * 4;
  const fresh = readable && pfn >= 0 && readWords(state.memory, pa, raw) === 0;
  const word = (n: number): number => entries[at + I_RAW + n] as number;
  const words = wide ? [join(word(1), word(0)), join(word(3), word(2))] : [BigInt(word(0) >>> 0)];
  const vector = decodeIrte(words).find((field) => field.name === 'Vector');
  return {
    tags: [
      { name: 'DeviceID', value: formatBdf(state.config.segment, rid) },
      { name: 'index', value: `${index}` },
    ],
    gives: vector?.meaning ?? '',
    rid,
    stale: !fresh || raw.some((n, i) => n !== word(i)),
  };
}

/** DeviceTable.read(): the raw words are there. */
const DTE_DECODED = 0;

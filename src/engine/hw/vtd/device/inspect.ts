import { addressOf, hex, join } from '../../../../lib/u64';
import { formatBdf } from '../../common/bdf';
import type { CacheEntryView, CacheView, FaultRecordView, RegisterView, UnitView } from '../../common/view';
import { EXECUTE, LEAF_LEVEL, PA_HI, PA_LO, READ, WRITE } from '../../port';
import type { UnitSummary } from '../../unit';
import { decodeFault, decodeRegister } from '../describe';
import { FS_NOT_PRESENT, reasonName, SS_NOT_PRESENT } from '../reasons';
import { CAP, ECAP, FRCD_BYTES, FRCD_F, GSTS, IQER, IQH, REGISTERS, TE, VER } from '../regs';
import { PGTT_PASS_THROUGH } from '../structs';
import { FAULT_OFFSET, IOTLB_OFFSET } from './config';
import {
  CTX_DID,
  CTX_DIRECTORY_PFN,
  CTX_FLAGS,
  CTX_LEVELS,
  CTX_REASON,
  CTX_RID_PASID,
  CTX_ROOT_PFN,
  CTX_SCALABLE,
} from './context-cache';
import type { VtdDevice } from './device';
import { viewQueues } from './inspect-queues';
import { IRTE_WORDS } from './interrupt-cache';
import { KEPT_PERMS, NEGATIVE, PRIVILEGED_SHIFT, type CachedTranslation } from './iotlb';
import {
  PE_DID,
  PE_FS_HI,
  PE_FS_LEVELS,
  PE_FS_LO,
  PE_REASON,
  PE_SS_LEVELS,
  PE_SS_ROOT_PFN,
  PE_TYPE,
} from './pasid-cache';
import type { RowCache } from './row-cache';
import { Freshness } from './stale';
import { WALK_CACHE_LEVELS } from './walk-cache';

/** Everything a unit holds, for people. Changes nothing and leaves no trace. */
export function inspectVtd(device: VtdDevice): UnitView {
  return {
    registers: viewRegisters(device),
    queues: viewQueues(device),
    caches: viewCaches(device),
    faults: pendingFaults(device),
  };
}

/** How much of it a canvas shows. */
export function summarizeVtd(device: VtdDevice): UnitSummary {
  const { state, queue } = device;
  const { config } = state;
  return {
    enabled: (state.reg(GSTS) & TE) !== 0,
    addressBits: config.widthBits,
    queues: viewQueues(device).map(({ name, head, tail, size }) => ({ name, head, tail, size })),
    caches: viewCaches(device).map(({ id, name, sets, ways, entries }) => ({
      id,
      name,
      used: entries.length,
      size: id === 'paging-structure' ? sets * ways * WALK_CACHE_LEVELS : sets * ways,
      stale: entries.filter((entry) => entry.stale).length,
    })),
    commands: queue.done,
  };
}

/** The 512 entries of a table: 0 absent, 1 table, 2 leaf, 3 reserved bits set; null where no memory is. */
export function tableOccupancy(
  device: VtdDevice,
  tablePa: number,
  level: number,
  firstStage = false,
): Uint8Array | null {
  const { memory } = device.state;
  const base = memory.frameBase(Math.floor(tablePa / 4096));
  if (base < 0) return null;
  const word = (n: number): number => memory.words[base + n] as number;
  const rules = firstStage ? device.walks.firstRules : device.rules;
  return Uint8Array.from({ length: 512 }, (_, n) => rules.classify(level, word(n * 2 + 1), word(n * 2)));
}

/** The table that serves a request by what is cached: of the first stage where there is one. Null: none. */
export function walkedRoot(device: VtdDevice, rid: number, pasid: number): number | null {
  const { contextCache, pasidCache } = device.state;
  const ctx = contextCache.find(rid);
  if (ctx < 0) return null;
  const context = (n: number): number => contextCache.entries[ctx + n] as number;
  if (context(CTX_REASON) !== 0) return null;
  if ((context(CTX_FLAGS) & CTX_SCALABLE) === 0) {
    return context(CTX_LEVELS) === 0 ? null : context(CTX_ROOT_PFN) * 4096;
  }
  const at = pasidCache.find(rid, pasid < 0 ? context(CTX_RID_PASID) : pasid);
  if (at < 0) return null;
  const entry = (n: number): number => pasidCache.entries[at + n] as number;
  if (entry(PE_REASON) !== 0) return null;
  if (entry(PE_FS_LEVELS) !== 0) return addressOf(entry(PE_FS_HI), entry(PE_FS_LO));
  return entry(PE_SS_LEVELS) === 0 ? null : entry(PE_SS_ROOT_PFN) * 4096;
}

/** The level (1 holds only leaves) of the leaf that an IOTLB entry was made from; null where none covers the address. */
export function cachedLevel(device: VtdDevice, did: number | null, iova: bigint, pasid = -1): number | null {
  const wanted = BigInt.asUintN(57, iova);
  const covers = device.state.iotlb.list().find((entry) => {
    const size = BigInt(entry.sizeLg2);
    const mine = pasid < 0 || entry.space === 0 || entry.space >>> 2 === pasid;
    return entry.did === did && mine && join(entry.iovaHi, entry.iovaLo) >> size === wanted >> size;
  });
  return covers === undefined ? null : (covers.sizeLg2 - 12) / 9 + 1;
}

/** Whether memory says something else than the context that is cached for a device; false where none is. */
export function hasStaleContext(device: VtdDevice, name: string): boolean {
  const { state } = device;
  const found = state.contextCache.list().find(({ rid }) => formatBdf(state.config.segment, rid) === name);
  return found !== undefined && new Freshness(device).contextIsStale(found.rid, found.at);
}

const READ_ONLY = new Set([VER, CAP, ECAP, GSTS, IQH, IQER]);

function viewRegisters(device: VtdDevice): readonly RegisterView[] {
  const { registers, state } = device;
  const read = (name: string, offset: number, bytes: 4 | 8, writable: boolean): RegisterView => {
    const value = bytes === 8 ? registers.read64(offset) : BigInt(registers.read32(offset) >>> 0);
    return { name, offset, bytes, value, writable, fields: decodeRegister(name, value) };
  };
  const records = Array.from({ length: state.config.faultRecords }, (_, n) => [
    read(`FRCD${n}_LO`, FAULT_OFFSET + n * FRCD_BYTES, 8, false),
    read(`FRCD${n}_HI`, FAULT_OFFSET + n * FRCD_BYTES + 8, 8, true),
  ]);
  return [
    ...REGISTERS.map((r) => read(r.name, r.offset, r.bytes, !READ_ONLY.has(r.offset))),
    ...records.flat(),
    read('IVA', IOTLB_OFFSET, 8, true),
    read('IOTLB', IOTLB_OFFSET + 8, 8, true),
  ];
}

function pendingFaults(device: VtdDevice): readonly FaultRecordView[] {
  const { state, registers } = device;
  const found: FaultRecordView[] = [];
  for (let index = 0; index < state.config.faultRecords; index++) {
    const offset = FAULT_OFFSET + index * FRCD_BYTES;
    if ((state.reg(offset + 12) & FRCD_F) === 0) continue;
    const words = [registers.read64(offset), registers.read64(offset + 8)];
    found.push({ index, ...decodeFault(words, state.config.segment) });
  }
  return found;
}

function viewCaches(device: VtdDevice): readonly CacheView[] {
  const { config } = device.state;
  const fresh = new Freshness(device);
  return [
    viewContexts(device, fresh),
    ...(config.scalable ? [viewPasids(device, fresh)] : []),
    viewTranslations(device, fresh),
    viewTables(device, fresh),
    ...(config.interruptRemapping ? [viewInterrupts(device, fresh)] : []),
  ];
}

const shape = (cache: { readonly sets: number; readonly ways: number }) => ({
  sets: cache.sets,
  ways: cache.ways,
});
const place = (cache: RowCache, at: number) => ({ set: cache.setAt(at), way: cache.wayAt(at) });
const tag = (name: string, value: string | number) => ({ name, value: String(value) });

function viewContexts(device: VtdDevice, fresh: Freshness): CacheView {
  const { config, contextCache: cache } = device.state;
  const entries = cache.list().map(({ rid, at }): CacheEntryView => {
    const word = (n: number): number => cache.entries[at + n] as number;
    const scalable = (word(CTX_FLAGS) & CTX_SCALABLE) !== 0;
    const tags = [
      tag('SID', formatBdf(config.segment, rid)),
      ...(scalable ? [] : [tag('DID', word(CTX_DID))]),
    ];
    const stale = fresh.contextIsStale(rid, at);
    return { ...place(cache, at), tags, gives: contextGives(word), rid, stale };
  });
  return { id: 'context', name: 'Context cache', ...shape(cache), entries };
}

function contextGives(word: (n: number) => number): string {
  if (word(CTX_REASON) !== 0) return `refused: ${reasonName(word(CTX_REASON))}`;
  if ((word(CTX_FLAGS) & CTX_SCALABLE) !== 0) {
    return `PASID directory at ${hex(word(CTX_DIRECTORY_PFN) * 4096)}, RID_PASID ${hex(word(CTX_RID_PASID))}`;
  }
  if (word(CTX_LEVELS) === 0) return 'pass-through';
  return `second-stage table at ${hex(word(CTX_ROOT_PFN) * 4096)}, ${word(CTX_LEVELS)} levels`;
}

function viewPasids(device: VtdDevice, fresh: Freshness): CacheView {
  const { config, pasidCache: cache } = device.state;
  const entries = cache.rows().map((at): CacheEntryView => {
    const word = (n: number): number => cache.entries[at + n] as number;
    const rid = cache.tagAt(at);
    const pasid = cache.pasidAt(at);
    const tags = [
      tag('SID', formatBdf(config.segment, rid)),
      tag('PASID', hex(pasid)),
      tag('DID', word(PE_DID)),
    ];
    return {
      ...place(cache, at),
      tags,
      gives: pasidGives(word),
      rid,
      stale: fresh.pasidIsStale(rid, pasid, at),
    };
  });
  return { id: 'pasid', name: 'PASID cache', ...shape(cache), entries };
}

function pasidGives(word: (n: number) => number): string {
  if (word(PE_REASON) !== 0) return `refused: ${reasonName(word(PE_REASON))}`;
  if (word(PE_TYPE) === PGTT_PASS_THROUGH) return 'pass-through';
  const parts: string[] = [];
  if (word(PE_FS_LEVELS) !== 0) {
    parts.push(
      `first-stage table at ${hex(join(word(PE_FS_HI), word(PE_FS_LO)))}, ${word(PE_FS_LEVELS)} levels`,
    );
  }
  if (word(PE_SS_LEVELS) !== 0) {
    parts.push(`second-stage table at ${hex(word(PE_SS_ROOT_PFN) * 4096)}, ${word(PE_SS_LEVELS)} levels`);
  }
  return parts.join('; ');
}

function viewTranslations(device: VtdDevice, fresh: Freshness): CacheView {
  const { iotlb } = device.state;
  const entries = iotlb.list().map((entry): CacheEntryView => {
    const { set, way, did, space, sizeLg2 } = entry;
    const hi = space === 0 ? entry.iovaHi : (entry.iovaHi << 7) >> 7;
    const iova = join(hi, entry.iovaLo);
    const pa = addressOf(entry.paHi, entry.paLo);
    const tags = [
      tag('DID', did),
      ...(space === 0 ? [] : [tag('PASID', hex(space >>> 2))]),
      tag('Address', hex(iova)),
    ];
    const stale = fresh.translationIsStale(entry);
    const now = stale ? { now: translationNow(entry, fresh) } : {};
    const view = { set, way, tags, gives: translationGives(entry, pa), iova, sizeLg2, stale, ...now };
    return (entry.perms & NEGATIVE) === 0 ? { ...view, pa } : view;
  });
  return { id: 'iotlb', name: 'IOTLB', ...shape(iotlb), entries };
}

const SIZES: Readonly<Record<number, string>> = { 12: '4 KiB', 21: '2 MiB', 30: '1 GiB' };

function translationGives({ perms, space, sizeLg2, paHi }: CachedTranslation, pa: number): string {
  if ((perms & NEGATIVE) !== 0) return `refused: ${reasonName(paHi)}`;
  const what = `PA ${hex(pa)}, ${SIZES[sizeLg2] ?? ''}`;
  if (space === 0) return `${what}, ${permsInWords(perms)}`;
  return `${what}, ${permsInWords(perms)}; privileged ${permsInWords(perms >>> PRIVILEGED_SHIFT)}`;
}

function translationNow(entry: CachedTranslation, fresh: Freshness): string {
  const found = fresh.translationNow(entry);
  if (found === null) return 'no table: nobody has this domain id any more';
  const { reason, out } = found;
  if (reason === SS_NOT_PRESENT || reason === FS_NOT_PRESENT) return 'nothing is mapped there';
  if (reason !== 0) return `refused: ${reasonName(reason)}`;
  const [paHi = 0, paLo = 0] = [out[PA_HI], out[PA_LO]];
  const sizeLg2 = 12 + 9 * (out[LEAF_LEVEL] ?? 0);
  return translationGives({ ...entry, perms: out[KEPT_PERMS] ?? 0, paHi, sizeLg2 }, addressOf(paHi, paLo));
}

function permsInWords(perms: number): string {
  const allowed = [
    ...((perms & READ) === 0 ? [] : ['read']),
    ...((perms & WRITE) === 0 ? [] : ['write']),
    ...((perms & EXECUTE) === 0 ? [] : ['execute']),
  ];
  return allowed.length === 0 ? 'nothing' : allowed.join(' and ');
}

function viewTables(device: VtdDevice, fresh: Freshness): CacheView {
  const { walkCache: cache } = device.state;
  const entries = cache.list().map((entry): CacheEntryView => {
    const { set, way, did, space, level } = entry;
    const hi = space === 0 ? entry.iovaHi : (entry.iovaHi << 7) >> 7;
    const iova = join(hi, entry.iovaLo);
    const stage = space === 0 ? 'second' : 'first';
    const tags = [
      tag('DID', did),
      ...(space === 0 ? [] : [tag('PASID', hex(space >>> 2))]),
      tag('Address', hex(iova)),
    ];
    const gives = `${stage}-stage table of level ${level + 1} at ${hex(entry.pfn * 4096)}`;
    const sizeLg2 = 12 + 9 * (level + 1);
    return { set, way, tags, gives, iova, pa: entry.pfn * 4096, sizeLg2, stale: fresh.tableIsStale(entry) };
  });
  return { id: 'paging-structure', name: 'Paging-structure caches', ...shape(cache), entries };
}

function viewInterrupts(device: VtdDevice, fresh: Freshness): CacheView {
  const { interruptCache: cache } = device.state;
  const entries = cache.rows().map((at): CacheEntryView => {
    const index = cache.tagAt(at);
    const word = (n: number): number => cache.entries[at + IRTE_WORDS + n] as number;
    const vector = (word(0) >>> 16) & 0xff;
    const gives =
      (word(0) & 1) === 0 ? 'not present' : `${(word(0) & 0x8000) === 0 ? '' : 'posted '}vector ${vector}`;
    const tags = [tag('Index', index)];
    return { ...place(cache, at), tags, gives, stale: fresh.interruptIsStale(index, at) };
  });
  return { id: 'interrupt', name: 'Interrupt entry cache', ...shape(cache), entries };
}

import { addressOf, hex, join } from '../../../../lib/u64';
import type {
  CacheEntryView,
  CacheView,
  FaultRecordView,
  QueueEntryView,
  QueueView,
  RegisterView,
  UnitView,
} from '../../common/view';
import type { Field } from '../../common/fields';
import type { UnitSummary } from '../../unit';
import { commandName, decodeCommand, decodeDoneCommand, decodeEvent, decodePageRequest } from '../describe';
import { decodeRegister } from '../describe-registers';
import { eventLines } from '../kernel-log';
import { reasonName } from '../reasons';
import * as r from '../regs';
import { CERROR_ABT, CERROR_ATC_INV_SYNC, CERROR_ILL } from '../regs';
import { CD_CTX } from './cd-layout';
import type { SmmuV3 } from './device';
import { Reader } from './recheck';
import {
  MODE_ABORT,
  MODE_BYPASS,
  MODE_NESTED,
  MODE_S1,
  MODE_S2,
  STE_CTXPTR_HI,
  STE_CTXPTR_LO,
  STE_MODE,
  STE_TT,
  STE_VMID,
} from './ste';
import { KIND_S2, L_PA_HI, L_PA_LO, L_PERMS, L_SIZE, PRIV_SHIFT, type CachedTranslation } from './tlb';
import { TT_ROOT_HI, TT_ROOT_LO } from './translation-table';
import type { Ring } from './unit';

/** Latest entries of a queue that are shown. */
const SHOWN = 32;

/** Everything a unit holds, for people. Changes nothing and leaves no trace. */
export function inspectSmmu(device: SmmuV3): UnitView {
  return {
    registers: registerViews(device),
    queues: queueViews(device),
    caches: cacheViews(device),
    faults: faultViews(device),
  };
}

export function summarizeSmmu(device: SmmuV3): UnitSummary {
  const { state } = device;
  const queues = rings(device).map(({ name, ring }) => ({
    name,
    head: ring.head & (ring.size - 1),
    tail: ring.tail & (ring.size - 1),
    size: ring.size,
  }));
  const caches = cacheViews(device).map(({ id, name, sets, ways, entries }) => ({
    id,
    name,
    used: entries.length,
    size: sets * ways,
    stale: entries.filter((entry) => entry.stale).length,
  }));
  return {
    enabled: state.enabled(r.CR0_SMMUEN),
    addressBits: state.config.vax ? 52 : 48,
    queues,
    caches,
    commands: device.commands.done,
  };
}

function registerViews({ registers }: SmmuV3): readonly RegisterView[] {
  return r.REGISTERS.map(({ name, offset, bytes, writable }) => {
    const value = bytes === 8 ? registers.read64(offset) : BigInt(registers.read32(offset) >>> 0);
    return { name, offset, bytes, value, writable, fields: decodeRegister(offset, value) };
  });
}

interface ShownRing {
  readonly name: string;
  readonly kind: QueueView['kind'];
  readonly ring: Ring;
  readonly enable: number;
  /** Entries ever written to it. */
  readonly written: number;
  readonly stopped: string | null;
  readonly decode: (words: readonly bigint[]) => readonly Field[];
  readonly nameOf: (words: readonly bigint[]) => string;
}

function rings(device: SmmuV3): readonly ShownRing[] {
  const { commands, events, pageRequests, state } = device;
  const { errors } = state.signals;
  const broken = (bit: number, what: string): string | null => ((errors & bit) !== 0 ? what : null);
  return [
    {
      name: 'Command queue',
      kind: 'commands',
      ring: commands.ring,
      enable: r.CR0_CMDQEN,
      written: commands.done + pending(commands.ring),
      stopped: commands.stopped ? (CERRORS[commands.error] ?? 'CMDQ_ERR') : null,
      decode: decodeCommand,
      nameOf: ([first = 0n]) => commandName(Number(first & 0xffn)),
    },
    {
      name: 'Event queue',
      kind: 'events',
      ring: events.ring,
      enable: r.CR0_EVENTQEN,
      written: events.written,
      stopped:
        broken(r.GERROR_EVENTQ_ABT_ERR, 'EVENTQ_ABT_ERR') ?? (events.ring.overflowing ? 'overflow' : null),
      decode: decodeEvent,
      nameOf: ([first = 0n]) => reasonName(Number(first & 0xffn)),
    },
    {
      name: 'PRI queue',
      kind: 'page-requests',
      ring: pageRequests.ring,
      enable: r.CR0_PRIQEN,
      written: pageRequests.written,
      stopped:
        broken(r.GERROR_PRIQ_ABT_ERR, 'PRIQ_ABT_ERR') ?? (pageRequests.ring.overflowing ? 'overflow' : null),
      decode: decodePageRequest,
      nameOf: () => 'Page request',
    },
  ];
}

const CERRORS: Readonly<Record<number, string>> = {
  [CERROR_ILL]: 'CERROR_ILL',
  [CERROR_ABT]: 'CERROR_ABT',
  [CERROR_ATC_INV_SYNC]: 'CERROR_ATC_INV_SYNC',
};

const pending = (ring: Ring): number => (ring.tail - ring.head) & ring.indexMask;

function queueViews(device: SmmuV3): readonly QueueView[] {
  return rings(device).map((shown) => ({
    name: shown.name,
    kind: shown.kind,
    basePa: shown.ring.basePa,
    entryBytes: shown.ring.entryBytes,
    size: shown.ring.size,
    head: shown.ring.head & (shown.ring.size - 1),
    tail: shown.ring.tail & (shown.ring.size - 1),
    enabled: device.state.enabled(shown.enable),
    stopped: shown.stopped,
    entries: queueEntries(device, shown),
  }));
}

function queueEntries(device: SmmuV3, shown: ShownRing): readonly QueueEntryView[] {
  const { ring } = shown;
  const waiting = Math.min(pending(ring), ring.size);
  const count = Math.min(SHOWN, ring.size, Math.max(shown.written, waiting));
  return Array.from({ length: count }, (_, n) => {
    const behind = count - n;
    const index = (ring.tail - behind) & (ring.size - 1);
    const pa = addressOf(ring.baseHi, ring.entryLo(index));
    const words = wordsAt(device, pa, ring.entryBytes / 8);
    const waits = behind <= waiting;
    const done = shown.kind === 'commands' && !waits ? decodeDoneCommand(words, pa) : null;
    const { name, fields } = done ?? { name: shown.nameOf(words), fields: shown.decode(words) };
    return { index, pa, name, words, fields, pending: waits };
  });
}

function wordsAt(device: SmmuV3, pa: number, count: number): readonly bigint[] {
  const { memory } = device.state.reader;
  return Array.from({ length: count }, (_, n) => {
    const [lo, hi] = [memory.load32(pa + n * 8), memory.load32(pa + n * 8 + 4)];
    return join(hi ?? 0, lo ?? 0);
  });
}

/** Records that software has not read yet. */
function faultViews(device: SmmuV3): readonly FaultRecordView[] {
  const { config } = device.state;
  const shown = rings(device)[1];
  if (shown === undefined) return [];
  return queueEntries(device, shown)
    .filter((entry) => entry.pending)
    .map(({ index, words, fields, name }) => {
      const [first = 0n, second = 0n, third = 0n] = words;
      const client = device.state.nameOf(Number((first >> 32n) & 0xffffn));
      const reason = Number(first & 0xffn);
      const accessed = fields.some((field) => field.name === 'RnW');
      return {
        index,
        device: client,
        access: accessed ? (((second >> 35n) & 1n) === 1n ? 'read' : 'write') : null,
        iova: third,
        reason,
        name,
        words,
        fields,
        kernelLine: eventLines(config.device, words, client).join('\n'),
      };
    });
}

function cacheViews(device: SmmuV3): readonly CacheView[] {
  const { state } = device;
  const reader = new Reader(device);
  const shape = (id: string, name: string, { sets, ways }: { sets: number; ways: number }) => ({
    id,
    name,
    sets,
    ways,
  });
  return [
    { ...shape('ste', 'STE cache', state.config.steCache), entries: steEntries(device, reader) },
    { ...shape('cd', 'CD cache', state.config.cdCache), entries: cdEntries(device, reader) },
    {
      ...shape('iotlb', 'TLB', state.config.iotlb),
      entries: state.tlb.list().map((entry) => translationView(entry, reader)),
    },
    {
      ...shape('walk', 'Walk cache', state.config.walkCache),
      entries: state.walkCache.list().map((entry) => ({
        set: entry.set,
        way: entry.way,
        tags: [...contextTags(entry.kind, entry.vmid, entry.asid), tag('level', String(entry.level))],
        gives: `level ${entry.level} table at ${hex(addressOf(entry.tableHi, entry.tableLo))}`,
        iova: join(entry.hi, entry.lo),
        sizeLg2: entry.sizeLg2,
        stale: reader.pointerIsStale(entry),
      })),
    },
    {
      ...shape('stage2', 'Stage 2 of tables', state.config.stage2Cache),
      entries: state.stage2Cache.list().map((entry) => translationView(entry, reader)),
    },
  ];
}

const tag = (name: string, value: string): { readonly name: string; readonly value: string } => ({
  name,
  value,
});

const REGIMES = ['EL1', 'EL2', 'EL2-E2H', 'stage 2'];
const contextTags = (kind: number, vmid: number, asid: number): CacheEntryView['tags'] => [
  tag('regime', REGIMES[kind] ?? ''),
  tag('VMID', String(vmid)),
  ...(kind === KIND_S2 ? [] : [tag('ASID', String(asid))]),
];

const SIZE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
const sizeOf = (lg2: number): string => `${2 ** (lg2 % 10)} ${SIZE_UNITS[Math.floor(lg2 / 10)] ?? ''}`;

function rights(perms: number): string {
  const names = ['read', 'write', 'execute'];
  const of = (bits: number): string =>
    names.filter((_, n) => (bits & (1 << n)) !== 0).join(' and ') || 'nothing';
  const user = of(perms & 7);
  const privileged = of((perms >> PRIV_SHIFT) & 7);
  return user === privileged ? user : `${user}; privileged: ${privileged}`;
}

function translationView(entry: CachedTranslation, reader: Reader): CacheEntryView {
  const pa = addressOf(entry.paHi, entry.paLo);
  const both = entry.combined ? ', through both stages' : '';
  return {
    set: entry.set,
    way: entry.way,
    tags: [
      ...contextTags(entry.kind, entry.vmid, entry.asid),
      ...(entry.global ? [tag('global', 'any ASID')] : []),
      tag(entry.kind === KIND_S2 ? 'IPA' : 'VA', hex(join(entry.hi, entry.lo))),
    ],
    gives: `PA ${hex(pa)}, ${sizeOf(entry.sizeLg2)}, ${rights(entry.perms)}${both}`,
    iova: join(entry.hi, entry.lo),
    pa,
    sizeLg2: entry.sizeLg2,
    ...freshness(entry, reader),
  };
}

function freshness(entry: CachedTranslation, reader: Reader): Pick<CacheEntryView, 'stale' | 'now'> {
  if (!reader.translationIsStale(entry)) return { stale: false };
  const found = reader.translationNow(entry);
  if (found === null) return { stale: true, now: 'no table: nobody has these ids any more' };
  const { reason, leaf } = found;
  if (reason !== 0)
    return { stale: true, now: reason < 0 ? 'not translated' : `refused: ${reasonName(reason)}` };
  const word = (n: number): number => leaf[n] as number;
  const pa = addressOf(word(L_PA_HI), word(L_PA_LO) & ~0xfff);
  return { stale: true, now: `PA ${hex(pa)}, ${sizeOf(word(L_SIZE))}, ${rights(word(L_PERMS))}` };
}

const MODES: Readonly<Record<number, string>> = {
  [MODE_ABORT]: 'abort',
  [MODE_BYPASS]: 'bypass',
  [MODE_S1]: 'stage 1',
  [MODE_S2]: 'stage 2',
  [MODE_NESTED]: 'stage 1, then stage 2',
};

function steEntries(device: SmmuV3, reader: Reader): readonly CacheEntryView[] {
  const { steCache } = device.state;
  const word = (at: number, n: number): number => steCache.entries[at + n] as number;
  return steCache.list().map(({ at, set, way }) => {
    const sid = word(at, 0) - 1;
    const mode = word(at, STE_MODE);
    const cds = `, CDs at ${hex(addressOf(word(at, STE_CTXPTR_HI), word(at, STE_CTXPTR_LO)))}`;
    const table = addressOf(word(at, STE_TT + TT_ROOT_HI), word(at, STE_TT + TT_ROOT_LO));
    const stage2 = `, VMID ${word(at, STE_VMID)}, stage-2 table at ${hex(table)}`;
    return {
      set,
      way,
      tags: [tag('StreamID', device.state.nameOf(sid))],
      gives: `${MODES[mode] ?? ''}${mode === MODE_S1 || mode === MODE_NESTED ? cds : ''}${mode >= MODE_S2 ? stage2 : ''}`,
      rid: sid,
      stale: reader.steIsStale(sid, at),
    };
  });
}

function cdEntries(device: SmmuV3, reader: Reader): readonly CacheEntryView[] {
  const { cdCache } = device.state;
  const word = (at: number, n: number): number => cdCache.entries[at + n] as number;
  return cdCache.list().map(({ at, set, way }) => {
    const sid = word(at, 0) - 1;
    const ssid = word(at, 1);
    const ctx = word(at, CD_CTX);
    return {
      set,
      way,
      tags: [tag('StreamID', device.state.nameOf(sid)), tag('SubstreamID', String(ssid))],
      gives: `VMID ${ctx >>> 16}, ASID ${ctx & 0xffff}, TTB0 at ${hex(reader.rootOf(at))}`,
      rid: sid,
      stale: reader.cdIsStale(sid, ssid, at),
    };
  });
}

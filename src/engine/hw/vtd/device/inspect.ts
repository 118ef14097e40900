import { addressOf, join } from '../../../../lib/u64';
import { silent } from '../../../trace/trace';
import { formatBdf } from '../../common/bdf';
import { LEAF_LEVEL, LEAF_PERMS, PA_HI, PA_LO, READ, WRITE } from '../../port';
import { decodeFault, type DecodedFault } from '../describe';
import { FRCD_BYTES, FRCD_F, GSTS, IQH, IQT, REGISTERS, TE } from '../regs';
import { DESC_BYTES } from '../structs';
import { FAULT_OFFSET, IOTLB_OFFSET } from './config';
import { CTX_DID, CTX_FPD, CTX_LEVELS, CTX_ROOT_PFN } from './context-cache';
import type { VtdDevice } from './device';
import type { CachedTranslation } from './iotlb';

export interface RegisterView {
  readonly name: string;
  readonly offset: number;
  readonly value: bigint;
}

export interface IotlbView {
  readonly set: number;
  readonly way: number;
  readonly did: number;
  readonly iova: bigint;
  readonly pa: number;
  readonly sizeLg2: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly stale: boolean;
}

export interface ContextView {
  readonly device: string;
  readonly did: number;
  /** 0 for pass-through. */
  readonly levels: number;
  readonly rootPa: number;
  readonly stale: boolean;
}

export interface UnitView {
  readonly enabled: boolean;
  readonly addressBits: number;
  readonly registers: readonly RegisterView[];
  /** In descriptors. */
  readonly queue: {
    readonly head: number;
    readonly tail: number;
    readonly size: number;
    readonly done: number;
  };
  readonly iotlb: { readonly sets: number; readonly ways: number; readonly entries: readonly IotlbView[] };
  readonly contextCache: readonly ContextView[];
  /** Records that software has not cleared yet. */
  readonly faults: readonly (DecodedFault & { readonly index: number })[];
}

/** Everything a unit holds, for people. Changes nothing and leaves no trace. */
export function inspectVtd(device: VtdDevice): UnitView {
  const { state, queue } = device;
  const { config, iotlb } = state;
  const roots = domainRoots(device);
  const entries = iotlb.list().map((entry) => viewTranslation(device, entry, roots));
  return {
    enabled: (state.reg(GSTS) & TE) !== 0,
    addressBits: config.widthBits,
    registers: registerViews(device),
    queue: {
      head: state.reg(IQH) / DESC_BYTES,
      tail: state.reg(IQT) / DESC_BYTES,
      size: queue.sizeBytes / DESC_BYTES,
      done: queue.done,
    },
    iotlb: { sets: iotlb.sets, ways: iotlb.ways, entries },
    contextCache: contextViews(device),
    faults: pendingFaults(device),
  };
}

/** The 512 entries of a table: 0 absent, 1 table, 2 leaf, 3 reserved bits set; null where no memory is. */
export function tableOccupancy(device: VtdDevice, tablePa: number, level: number): Uint8Array | null {
  const { memory } = device.state;
  const base = memory.frameBase(Math.floor(tablePa / 4096));
  if (base < 0) return null;
  const word = (n: number): number => memory.words[base + n] as number;
  return Uint8Array.from({ length: 512 }, (_, n) =>
    device.walker.classify(level, word(n * 2 + 1), word(n * 2)),
  );
}

function registerViews(device: VtdDevice): readonly RegisterView[] {
  const { registers, state } = device;
  const read = (name: string, offset: number, bytes: number): RegisterView => ({
    name,
    offset,
    value: bytes === 8 ? registers.read64(offset) : BigInt(registers.read32(offset) >>> 0),
  });
  const records = Array.from({ length: state.config.faultRecords }, (_, n) => [
    read(`FRCD${n}_LO`, FAULT_OFFSET + n * FRCD_BYTES, 8),
    read(`FRCD${n}_HI`, FAULT_OFFSET + n * FRCD_BYTES + 8, 8),
  ]);
  return [
    ...REGISTERS.map((r) => read(r.name, r.offset, r.bytes)),
    ...records.flat(),
    read('IVA', IOTLB_OFFSET, 8),
    read('IOTLB', IOTLB_OFFSET + 8, 8),
  ];
}

function pendingFaults(device: VtdDevice): UnitView['faults'] {
  const { state, registers } = device;
  const found: (DecodedFault & { readonly index: number })[] = [];
  for (let index = 0; index < state.config.faultRecords; index++) {
    const offset = FAULT_OFFSET + index * FRCD_BYTES;
    if ((state.reg(offset + 12) & FRCD_F) === 0) continue;
    const words = [registers.read64(offset), registers.read64(offset + 8)];
    found.push({ index, ...decodeFault(words, state.config.segment) });
  }
  return found;
}

interface Root {
  readonly pfn: number;
  readonly levels: number;
}

/** The table of each domain id, as the context tables in memory have it now. */
function domainRoots(device: VtdDevice): ReadonlyMap<number, Root> {
  const { state, contexts } = device;
  const roots = new Map<number, Root>();
  const rootBase = state.memory.frameBase(state.rootPfn);
  for (let bus = 0; rootBase >= 0 && bus < 256; bus++) {
    if (((state.memory.words[rootBase + bus * 4] as number) & 1) === 0) continue;
    for (let devfn = 0; devfn < 256; devfn++) {
      if (contexts.read(state.rootPfn, (bus << 8) | devfn, silent) !== 0) continue;
      const levels = contexts.out[CTX_LEVELS] as number;
      if (levels > 0)
        roots.set(contexts.out[CTX_DID] as number, { pfn: contexts.out[CTX_ROOT_PFN] as number, levels });
    }
  }
  return roots;
}

function viewTranslation(
  device: VtdDevice,
  entry: CachedTranslation,
  roots: ReadonlyMap<number, Root>,
): IotlbView {
  return {
    set: entry.set,
    way: entry.way,
    did: entry.did,
    iova: join(entry.iovaHi, entry.iovaLo),
    pa: addressOf(entry.paHi, entry.paLo),
    sizeLg2: entry.sizeLg2,
    read: (entry.perms & READ) !== 0,
    write: (entry.perms & WRITE) !== 0,
    stale: isStale(device, entry, roots.get(entry.did)),
  };
}

/** Whether an uncached walk says something else by now. */
function isStale(device: VtdDevice, entry: CachedTranslation, root: Root | undefined): boolean {
  if (root === undefined) return true;
  const need = (entry.perms & READ) !== 0 ? READ : WRITE;
  const { walker } = device;
  const reason = walker.search(root.pfn, root.levels, entry.iovaHi, entry.iovaLo, need);
  const same =
    reason === 0 &&
    walker.out[PA_LO] === entry.paLo &&
    walker.out[PA_HI] === entry.paHi &&
    walker.out[LEAF_PERMS] === entry.perms &&
    12 + 9 * (walker.out[LEAF_LEVEL] as number) === entry.sizeLg2;
  return !same;
}

/** The context cache's valid entries. */
export function contextViews(device: VtdDevice): readonly ContextView[] {
  const { state, contexts } = device;
  const cached = state.contextCache.entries;
  return state.contextCache.list().map(({ rid, at }) => {
    const reason = contexts.read(state.rootPfn, rid, silent);
    const differs = [CTX_DID, CTX_LEVELS, CTX_ROOT_PFN, CTX_FPD].some(
      (n) => contexts.out[n] !== cached[at + n],
    );
    return {
      device: formatBdf(state.config.segment, rid),
      did: cached[at + CTX_DID] as number,
      levels: cached[at + CTX_LEVELS] as number,
      rootPa: (cached[at + CTX_ROOT_PFN] as number) * 4096,
      stale: reason !== 0 || differs,
    };
  });
}

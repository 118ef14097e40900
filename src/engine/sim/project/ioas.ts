import type { Area } from '../../iommufd/area';
import type { Ioas } from '../../iommufd/ioas';
import type { IoptPages } from '../../iommufd/pages';
import type { Machine } from '../machine';
import type { AreaObject, IoasObject, PagesObject, PageTier } from '../world';
import { processId } from './iommufd';
import type { IommufdIndex } from './iommufd-index';
import { objectBase } from './object-base';

export function projectIoas(machine: Machine, index: IommufdIndex, ioas: Ioas): IoasObject {
  const { iopt } = ioas;
  return {
    ...objectBase(machine, ioas),
    type: 'ioas',
    areas: iopt.areas.all.map((area) => projectArea(machine, index, area)),
    reserved: iopt.reserved.all.map(({ start, last, why }) => ({ start, last, why })),
    allowed: iopt.allowed.all.map(({ start, last }) => ({ start, last })),
    hwptIds: ioas.hwpts.map((hwpt) => hwpt.worldId),
    accessIds: [...iopt.accesses.values()].map((access) => access.worldId),
    alignment: Number(iopt.alignment),
    hugePages: !iopt.smallPages,
  };
}

function projectArea(machine: Machine, index: IommufdIndex, area: Area): AreaObject {
  const { pages } = area;
  const process = pages?.memory.name ?? '';
  const userVa = area.userVa ?? 0n;
  return {
    iova: area.start,
    last: area.last,
    read: area.prot.read,
    write: area.prot.write,
    processId: processId(process),
    buffer: area.userVa === null ? null : (machine.names.bufferAt(process, userVa)?.name ?? null),
    userVa,
    pinnedPages: area.pinnedPages,
    accessPins: area.numAccesses,
    locks: area.numLocks,
    pages: pages && projectPages(index, area, pages),
  };
}

function projectPages(index: IommufdIndex, area: Area, pages: IoptPages): PagesObject {
  const { address } = pages;
  return {
    id: index.numberOf(pages),
    source: address.kind === 'user' ? 'memory' : address.kind,
    account: pages.accountMode,
    writable: pages.writable,
    pages: pages.npages,
    pinnedPages: pages.npinned,
    tiers: tiersOf(index, area, pages),
  };
}

/** More stretches than this are left out: nobody could tell them apart. */
const MOST_TIERS = 64;

/** Neighbours of a kind are one stretch. */
function tiersOf(index: IommufdIndex, { span }: Area, pages: IoptPages): readonly PageTier[] {
  const tiers: PageTier[] = [];
  for (const { tier, start, last } of pages.tiers(span.start, span.last)) {
    const domain = tier === 'domain' ? (pages.areas.first(start, start)?.area.storageDomain ?? null) : null;
    const hwptId = (domain && index.hwptOf.get(domain)?.worldId) ?? null;
    const before = tiers.at(-1);
    const end = last - span.start;
    if (before?.tier === tier && before.hwptId === hwptId) tiers[tiers.length - 1] = { ...before, last: end };
    else if (tiers.length < MOST_TIERS) tiers.push({ tier, first: start - span.start, last: end, hwptId });
    else break;
  }
  return tiers;
}

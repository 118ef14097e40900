import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import { err, type Failure, type Result } from '../kernel/errno';
import { holding, locked, type Task } from '../kernel/task';
import type { Area } from './area';
import { insertArea } from './iopt-map';
import { range, type IoPagetable } from './iopt';
import type { IoptPages } from './pages';

/**
 * VFIO's first interface may unmap a part of what was mapped: areas are cut in two after each of these IOVAs, where there
 * is an area.
 *
 * Linux: drivers/iommu/iommufd/io_pagetable.c iopt_cut_iova()
 */
export function* cutAt(iopt: IoPagetable, iovas: readonly bigint[]): Task<Result<undefined>> {
  return yield* locked(iopt.iovaRwsem, function* (): Task<Result<undefined>> {
    for (const iova of iovas) {
      const area = iopt.areas.first(iova, iova);
      if (!area) continue;
      const split = yield* splitArea(iopt, area, iova);
      if (!split.ok) return split;
    }
    return done;
  });
}

/**
 * `iova` becomes the last of the first part. Nothing changes in domains, nor for pages.
 *
 * Linux: iopt_area_split(). An area that starts at `iova` is left alone as one that ends there is, as in the kernel.
 */
function* splitArea(iopt: IoPagetable, area: Area, iova: bigint): Task<Result<undefined>> {
  const rule = 'iopt_area_split';
  if (iova === area.start || iova === area.last) return done;
  const { pages } = area;
  const title = `${range(area)} of ${iopt.owner.title}`;
  if (!pages || area.preventAccess) {
    return err('EBUSY', `${title} is being mapped or unmapped`, { rule, culprit: iopt.owner.worldId });
  }
  if (pages.address.kind === 'dma-buf') {
    return err('EOPNOTSUPP', `${title} is a dma-buf, which is never cut`, { rule });
  }
  const start = iova + 1n;
  if (((start | area.startByte(start)) & (iopt.alignment - 1n)) !== 0n) {
    return err(
      'EINVAL',
      `${title} cannot be cut at ${hex(start)}: that is no multiple of ${hex(iopt.alignment)}`,
      {
        rule,
      },
    );
  }
  if (iopt.env.fail.hit('iopt_area_alloc') || iopt.env.fail.hit('iopt_area_alloc')) {
    return err('ENOMEM', 'there is no memory for an area', { rule: 'iopt_area_alloc' });
  }
  return yield* holding(
    pages.mutex,
    () => inTheWay(iopt, area, title) ?? replaceByTwo(iopt, area, pages, start),
  );
}

function inTheWay(iopt: IoPagetable, area: Area, title: string): Failure | null {
  const rule = 'iopt_area_split';
  if (area.numAccesses > 0) {
    return err('EINVAL', `accesses have pages of ${title} pinned; it cannot be cut`, { rule });
  }
  if (area.storageDomain && !iopt.smallPages) {
    return err('EINVAL', `${title} is in a domain, perhaps with large pages; it cannot be cut`, { rule });
  }
  return null;
}

function replaceByTwo(iopt: IoPagetable, area: Area, pages: IoptPages, start: bigint): Result<undefined> {
  const { storageDomain, prot } = area;
  iopt.areas.remove(area);
  if (storageDomain) pages.areas.remove(area.span);
  const halves = [
    { from: area.start, last: start - 1n },
    { from: start, last: area.last },
  ];
  for (const { from, last } of halves) {
    const piece = { pages, startByte: area.startByte(from), length: last - from + 1n };
    const half = insertArea(iopt, piece, from, prot);
    if (!half.ok) return half;
    half.value.pages = pages;
    half.value.storageDomain = storageDomain;
    if (storageDomain) pages.areas.insert(half.value.span);
  }
  pages.refs++;
  return done;
}

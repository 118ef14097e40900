import type { IommuCore } from '../iommu/core';
import { deferredAttach } from '../iommu/attach';
import type { Device } from '../iommu/device';
import { iommuMap, iommuUnmap } from '../iommu/map';
import { err, ok, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { FrameUse } from '../memory/frame-use';
import type { PhysicalMemory } from '../memory/physical-memory';
import type { FrameRun } from '../memory/user-memory';
import { alignUp, allocIova, dmaMap, dmaTarget, freeIova, unmapRange, type DmaTarget } from './map';

/** Memory that a driver shares with its device for good. */
export interface DmaBuffer {
  /** For the device: one piece, whatever lies behind it. */
  readonly address: bigint;
  readonly bytes: number;
  readonly runs: readonly FrameRun[];
}

/** Linux: MAX_PAGE_ORDER */
const MAX_ORDER = 10;
const PAGE = 4096;

/**
 * Pages from wherever they are, in pieces as large as an IOMMU page can be, at one IOVA; without translation one physical
 * piece.
 *
 * Linux: dma_alloc_coherent(), iommu_dma_alloc(), __iommu_dma_alloc_noncontiguous(), dma_direct_alloc()
 */
export function* dmaAlloc(
  core: IommuCore,
  device: Device,
  memory: PhysicalMemory,
  size: number,
): Task<Result<DmaBuffer>> {
  const target = dmaTarget(device);
  if (!target) return yield* allocDirect(core, device, memory, size);
  const attached = yield* deferredAttach(core, device, target.domain);
  if (!attached.ok) return noMemory(attached.why);
  const smallest = Math.max(12, target.iovas.granuleLg2);
  const runs = allocPages(core, device, memory, alignUp(size, smallest) / PAGE, target);
  if (!runs) return noMemory('no pages are left');
  const bytes = alignUp(size, smallest);
  const iova = allocIova(core, device, target, bytes);
  if (iova === null) {
    freePages(memory, runs);
    return noMemory(`no IOVA is left below ${device.name}’s DMA limit`);
  }
  const mapped = mapRuns(core, target, iova, runs);
  if (mapped.ok) return ok({ address: iova, bytes, runs });
  freeIova(target, iova, bytes);
  freePages(memory, runs);
  return noMemory(mapped.why);
}

/** Linux: dma_free_coherent(), iommu_dma_free() */
export function dmaFree(core: IommuCore, device: Device, memory: PhysicalMemory, buffer: DmaBuffer): void {
  const target = dmaTarget(device);
  if (target) unmapRange(core, target, buffer.address, buffer.bytes);
  freePages(memory, buffer.runs);
}

function* allocDirect(
  core: IommuCore,
  device: Device,
  memory: PhysicalMemory,
  size: number,
): Task<Result<DmaBuffer>> {
  const count = alignUp(size, 12) / PAGE;
  const first = core.fail.hit('dma_direct_alloc')
    ? null
    : memory.allocateFrames(count, { use: useOf(device) });
  if (!first?.ok) return noMemory(`no ${count} pages in a row are left`);
  const order = { pa: first.value * PAGE, bytes: count * PAGE, direction: 'bidirectional' } as const;
  const mapped = yield* dmaMap(core, device, order);
  if (mapped.ok)
    return ok({ address: mapped.value, bytes: order.bytes, runs: [{ pfn: first.value, count }] });
  memory.freeFrames(first.value, count);
  return mapped;
}

/** Large pieces are a convenience: smaller ones do as well. Linux: __iommu_dma_alloc_pages() */
function allocPages(
  core: IommuCore,
  device: Device,
  memory: PhysicalMemory,
  pages: number,
  { domain }: DmaTarget,
): FrameRun[] | null {
  const runs: FrameRun[] = [];
  const sizes = domain.paging?.pageSizesLg2 ?? [12];
  const orders = [...new Set([0, ...sizes.map((lg2) => lg2 - 12)])].filter(
    (order) => order >= 0 && order <= MAX_ORDER,
  );
  orders.sort((a, b) => b - a);
  for (let left = pages; left > 0;) {
    const run = takeLargest(core, memory, orders, left, useOf(device));
    if (!run) {
      freePages(memory, runs);
      return null;
    }
    runs.push(run);
    left -= run.count;
  }
  return runs;
}

function takeLargest(
  core: IommuCore,
  memory: PhysicalMemory,
  orders: readonly number[],
  left: number,
  use: FrameUse,
): FrameRun | null {
  for (const order of orders) {
    const count = 2 ** order;
    if (count > left || core.fail.hit('__iommu_dma_alloc_pages')) continue;
    const pfn = memory.allocateFrames(count, { align: count, use });
    if (pfn.ok) return { pfn: pfn.value, count };
  }
  return null;
}

function freePages(memory: PhysicalMemory, runs: readonly FrameRun[]): void {
  for (const { pfn, count } of runs) memory.freeFrames(pfn, count);
}

/** Neighbours that happen to be physically contiguous are one. Linux: sg_alloc_table_from_pages(), iommu_map_sg() */
function mapRuns(
  core: IommuCore,
  { domain }: DmaTarget,
  iova: bigint,
  runs: readonly FrameRun[],
): Result<undefined> {
  let mapped = 0;
  for (const { pfn, count } of mergeRuns(runs)) {
    const both = { read: true, write: true };
    const one = iommuMap(core, domain, iova + BigInt(mapped), pfn * PAGE, count * PAGE, both);
    if (!one.ok) {
      if (mapped > 0) iommuUnmap(core, domain, iova, mapped);
      return one;
    }
    mapped += count * PAGE;
  }
  return { ok: true, value: undefined };
}

function mergeRuns(runs: readonly FrameRun[]): readonly FrameRun[] {
  const merged: FrameRun[] = [];
  for (const run of runs) {
    const last = merged.at(-1);
    if (last && last.pfn + last.count === run.pfn)
      merged[merged.length - 1] = { pfn: last.pfn, count: last.count + run.count };
    else merged.push(run);
  }
  return merged;
}

const useOf = ({ name, worldId }: Device): FrameUse => ({
  kind: 'buffer',
  what: `DMA buffer of the driver of ${name}`,
  level: null,
  owner: worldId,
});

const noMemory = (why: string): Result<never> => err('ENOMEM', why, { rule: 'dma_alloc_coherent' });

import { done } from '../../lib/result';
import { hex } from '../../lib/u64';
import { getMsiCookie } from '../dma/cookie';
import { attachGroup as coreAttachGroup, detachGroup as coreDetachGroup } from '../iommu/attach';
import { freeDomain } from '../iommu/core';
import { hasIsolatedMsi } from '../iommu/device';
import type { IommuGroup } from '../iommu/group';
import { pagingDomainAlloc } from '../iommu/map';
import type { ResvRegion } from '../iommu/ops';
import { groupReserved } from '../iommu/reserved';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { holding, locked, type Task } from '../kernel/task';
import { excludeReserved, resizeAperture, type IovaList, type IovaRange } from './iova-list';
import type { Type1, Type1Domain } from './type1';
import { mapRuns, pin, removeDma, unmapFrom, unpin } from './type1-pages';

/**
 * Groups come to type1, and go.
 *
 * Linux: drivers/vfio/vfio_iommu_type1.c
 */

/** Linux: vfio_iommu_type1_attach_group() */
export const attachGroup = (type1: Type1, group: IommuGroup): Task<Result<undefined>> =>
  locked(type1.lock, function* (): Task<Result<undefined>> {
    const rule = 'vfio_iommu_type1_attach_group';
    if (type1.domains.some(({ groups }) => groups.includes(group)))
      return err('EINVAL', `group ${group.id} is here already`, { rule, culprit: group.worldId });
    const { core } = type1;
    if (core.fail.hit(rule) || core.fail.hit(rule)) return err('ENOMEM', 'no memory for a domain', { rule });
    const made = yield* domainOf(type1, group);
    if (!made.ok) return made;
    const domain = made.value;
    const attached = yield* coreAttachGroup(core, domain, group);
    if (!attached.ok) {
      freeDomain(domain);
      return attached;
    }
    const settled = yield* settle(type1, group, domain);
    if (settled.ok) return done;
    if (settled.attached) yield* coreDetachGroup(core, group);
    freeDomain(domain);
    return settled.failure;
  });

/** For its first device. Linux: vfio_iommu_domain_alloc() in iommu_group_for_each_dev() */
const domainOf = (type1: Type1, group: IommuGroup): Task<Result<Type1Domain['domain']>> =>
  holding(group.mutex, () => {
    const device = group.firstDevice;
    return device
      ? pagingDomainAlloc(type1.core, device)
      : err('ENODEV', `group ${group.id} has no device`, { rule: 'vfio_iommu_domain_alloc' });
  });

/** How far an attach came: a domain that failed may be attached still. */
type Settled =
  { readonly ok: true } | { readonly ok: false; readonly failure: Failure; readonly attached: boolean };
const refused = (failure: Failure, attached = true): Settled => ({ ok: false, failure, attached });

/** The group is on its new domain; whether that stays, or one that is there already does. */
function* settle(type1: Type1, group: IommuGroup, domain: Type1Domain['domain']): Task<Settled> {
  const iovas = iovasWith(type1, group, domain);
  if (!iovas.ok) return refused(iovas);
  const exposed = yield* holding(group.mutex, () => group.devices.find((each) => !hasIsolatedMsi(each)));
  if (exposed && !type1.vfio.allowUnsafeInterrupts) {
    type1.core.log(
      'warn',
      'vfio_iommu_type1_attach_group: No interrupt remapping support.  Use the module param "allow_unsafe_interrupts" to enable VFIO IOMMU support on this platform',
    );
    const why = `a DMA write of ${exposed.name} could raise any interrupt: the platform has no interrupt remapping`;
    return refused(err('EPERM', why, { rule: 'iommu_group_has_isolated_msi', culprit: exposed.worldId }));
  }
  const enforceCacheCoherency = domain.paging?.enforceCacheCoherency?.() ?? false;
  const fresh: Type1Domain = { domain, groups: [group], enforceCacheCoherency };
  const reused = yield* reuse(type1, group, fresh);
  if (!reused.ok) return refused(reused, false);
  if (reused.value) freeDomain(domain);
  else {
    const replayed = replay(type1, fresh);
    if (!replayed.ok) return refused(replayed);
    const swMsi = groupReserved(group).find(({ kind }) => kind === 'sw-msi');
    if (swMsi && !groupReserved(group).some(({ kind }) => kind === 'msi')) {
      const window = getMsiCookie(type1.core, domain, swMsi.start);
      if (!window.ok) return refused(window);
    }
    type1.domains.unshift(fresh);
  }
  type1.iovas = iovas.value;
  return { ok: true };
}

/**
 * Whether a domain of a kind that is there already will do: to find out the group is detached, which blocks its DMA, and
 * attached to that one; when it is refused, back to its own.
 */
function* reuse(type1: Type1, group: IommuGroup, fresh: Type1Domain): Task<Result<boolean>> {
  const { core } = type1;
  for (const other of type1.domains) {
    const alike =
      other.domain.owner.driver === fresh.domain.owner.driver &&
      other.enforceCacheCoherency === fresh.enforceCacheCoherency;
    if (!alike) continue;
    yield* coreDetachGroup(core, group);
    const attached = yield* coreAttachGroup(core, other.domain, group);
    if (attached.ok) {
      other.groups.push(group);
      return ok(true);
    }
    const back = yield* coreAttachGroup(core, fresh.domain, group);
    if (!back.ok) return back;
  }
  return ok(false);
}

/** What may be mapped once the group is here. */
function iovasWith(type1: Type1, group: IommuGroup, domain: Type1Domain['domain']): Result<IovaList> {
  const rule = 'vfio_iommu_type1_attach_group';
  const { paging } = domain;
  const aperture = { start: paging?.apertureStart ?? 0n, last: paging?.apertureLast ?? 2n ** 64n - 1n };
  const outside = apertureConflict(type1, aperture);
  if (outside !== null) return err('EINVAL', outside, { rule: 'vfio_iommu_aper_conflict' });
  const reserved = groupReserved(group);
  const region = reservedConflict(type1, reserved);
  if (region) {
    const why = `something is mapped in ${hex(region.start)}-${hex(region.last)}, which group ${group.id} reserves`;
    return err('EINVAL', why, { rule: 'vfio_iommu_resv_conflict', culprit: group.worldId });
  }
  const iovas = excludeReserved(resizeAperture(type1.iovas, aperture), reserved);
  return iovas.length > 0 ? ok(iovas) : err('EINVAL', 'no IOVA would be left', { rule });
}

/** Linux: vfio_iommu_aper_conflict() */
function apertureConflict(type1: Type1, { start, last }: IovaRange): string | null {
  const first = type1.iovas[0];
  const end = type1.iovas.at(-1);
  if (!first || !end) return null;
  if (start > end.last || last < first.start)
    return 'its addresses and those of the others have nothing in common';
  const below = start > first.start && type1.findDma(first.start, start - 1n);
  const above = last < end.last && type1.findDma(last + 1n, end.last);
  const met = below || above;
  return met ? `${hex(met.iova)} is mapped, which lies outside of its addresses` : null;
}

/** Linux: vfio_iommu_resv_conflict() */
const reservedConflict = (type1: Type1, regions: readonly ResvRegion[]): ResvRegion | undefined =>
  regions.find((region) => region.kind !== 'direct-relaxable' && type1.findDma(region.start, region.last));

/** All mappings into a domain that comes; pinned now, where there was none before. Linux: vfio_iommu_replay() */
function replay(type1: Type1, { domain }: Type1Domain): Result<undefined> {
  const fresh = type1.dmas.filter((dma) => dma.runs === null);
  const undo = (upTo: number): void => {
    for (const dma of type1.dmas.slice(0, upTo)) unmapFrom(type1, domain, dma);
    for (const dma of fresh) unpin(dma);
  };
  for (const [at, dma] of type1.dmas.entries()) {
    const pinned = dma.runs ? done : pin(type1, dma);
    const mapped = pinned.ok ? mapRuns(type1, domain, dma) : pinned;
    if (mapped.ok) continue;
    undo(at);
    return mapped;
  }
  return done;
}

/** With the last group of the last domain all mappings go. Linux: vfio_iommu_type1_detach_group() */
export const detachGroup = (type1: Type1, group: IommuGroup): Task<void> =>
  locked(type1.lock, function* () {
    const at = type1.domains.findIndex(({ groups }) => groups.includes(group));
    const held = type1.domains[at];
    if (!held) return;
    yield* coreDetachGroup(type1.core, group);
    held.groups.splice(held.groups.indexOf(group), 1);
    if (held.groups.length === 0) {
      if (type1.domains.length === 1) for (const dma of type1.dmas) removeDma(type1, dma);
      freeDomain(held.domain);
      type1.domains.splice(at, 1);
    }
    refresh(type1);
  });

/** Less is taken away, so more may be mapped. Linux: vfio_iommu_aper_expand(), vfio_iommu_resv_refresh() */
function refresh(type1: Type1): void {
  let iovas: IovaList = [];
  for (const { domain } of type1.domains) {
    const { paging } = domain;
    if (paging) iovas = resizeAperture(iovas, { start: paging.apertureStart, last: paging.apertureLast });
  }
  for (const { groups } of type1.domains)
    for (const group of groups) iovas = excludeReserved(iovas, groupReserved(group));
  type1.iovas = iovas;
}

/** Linux: vfio_iommu_type1_release() */
export const releaseType1 = (type1: Type1): Task<void> =>
  locked(type1.lock, function* () {
    for (const dma of type1.dmas) removeDma(type1, dma);
    for (const { domain, groups } of type1.domains.splice(0)) {
      for (let left = groups.length; left > 0; left--) {
        const group = groups.pop();
        if (group) yield* coreDetachGroup(type1.core, group);
      }
      freeDomain(domain);
    }
  });

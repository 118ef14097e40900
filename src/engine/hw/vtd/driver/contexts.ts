import { done } from '../../../../lib/result';
import type { Result } from '../../../kernel/errno';
import type { ContextTarget } from './context-table';
import type { DeviceInfo } from './device-info';
import { FIRST_LEVEL_DID } from './domain-ids';
import type { IntelIommu } from './intel-iommu';
import type { PasidTable } from './pasid-table';
import { disableAts, enableAts } from './pci-features';

/** What a legacy context entry says of a domain. */
export interface SecondStageRoot {
  readonly did: number;
  readonly aw: number;
  readonly rootPa: number;
  /** Whether the domain's device of this requester id may ask for translations; false where it is a bridge's. */
  mayAsk(rid: number): boolean;
}

/** Legacy mode: one entry for every requester id that the device may use. Linux: domain_context_mapping() */
export function setContexts(info: DeviceInfo, root: SecondStageRoot): Result<undefined> {
  const { did, aw, rootPa } = root;
  for (const rid of info.client.aliasRids) {
    const set = setOne(info.iommu, rid, { did, aw, rootPa, deviceTlb: root.mayAsk(rid) });
    if (!set.ok) return set;
  }
  enableAts(info);
  return done;
}

/** AW names the largest width of the unit. Linux: device_setup_pass_through() */
export function setPassThroughContexts(info: DeviceInfo): Result<undefined> {
  const aw = info.iommu.caps.maxAgaw;
  const target = { did: FIRST_LEVEL_DID, aw, rootPa: null, deviceTlb: false };
  for (const rid of info.client.aliasRids) {
    const set = setOne(info.iommu, rid, target);
    if (!set.ok) return set;
  }
  return done;
}

/** Linux: domain_context_mapping_one(), context_setup_pass_through() */
function setOne(iommu: IntelIommu, rid: number, target: ContextTarget): Result<undefined> {
  const { tables, flush, caps } = iommu;
  const entry = tables.entry(rid, true);
  if (!entry.ok) return entry;
  // Another device behind the same bridge has set the shared alias already.
  if (entry.value === null || tables.isPresent(entry.value)) return done;
  tables.set(entry.value, target);
  // Units that cache absent entries do so under domain id 0. Linux: context_present_cache_flush()
  if (caps.cachingMode) {
    flush.contextDevice(0, rid);
    flush.iotlbDomain(target.did);
  } else {
    flush.writeBuffer();
  }
  return done;
}

/**
 * Takes the entries away: not present first, then the caches forget, then the rest is cleared.
 *
 * Linux: domain_context_clear(), domain_context_clear_one(), pasid.c intel_context_flush_no_pasid()
 *
 * The kernel's context-cache invalidation names the device's own requester id for every alias, so a cached entry of an
 * alias survives (`flushEveryAlias` is what one would expect instead).
 */
export function clearContexts(info: DeviceInfo): void {
  const { tables, flush, flushEveryAlias } = info.iommu;
  for (const rid of info.client.aliasRids) {
    const found = tables.entry(rid, false);
    if (!found.ok || found.value === null) continue;
    const entry = found.value;
    const did = tables.domainId(entry);
    tables.clearPresent(entry);
    flush.contextDevice(did, flushEveryAlias ? rid : info.rid);
    flush.iotlbDomain(did);
    if (info.atsEnabled) flush.deviceTlb(info, 0);
    tables.clear(entry);
  }
  disableAts(info);
}

/** The function's own requester ids: in scalable mode bridges' aliases get no entry. Linux: pci_pasid_table_setup() */
function ownRids({ client }: DeviceInfo): readonly number[] {
  const ofBridges = client.bridgeRids ?? [];
  return client.aliasRids.filter((rid) => !ofBridges.includes(rid));
}

/** Scalable mode, once for as long as the device is there. Linux: intel_pasid_setup_sm_context() */
export function setupPasidContext(info: DeviceInfo, table: PasidTable): Result<undefined> {
  const { tables, flush, caps } = info.iommu;
  for (const rid of ownRids(info)) {
    const entry = tables.entry(rid, true);
    if (!entry.ok) return entry;
    if (entry.value === null || tables.isPresent(entry.value)) continue;
    tables.setPasidTable(entry.value, {
      directoryPa: table.directoryPa,
      pdts: table.pdts,
      deviceTlb: info.atsSupported,
      pasid: info.pasidSupported,
      pageRequests: info.priSupported,
    });
    if (!caps.cachingMode) continue;
    flush.contextDevice(0, rid);
    flush.iotlbDomain(0);
  }
  return done;
}

/** Nothing of the device is left to be translated. Linux: intel_pasid_teardown_sm_context() */
export function teardownPasidContext(info: DeviceInfo): void {
  const { tables, flush } = info.iommu;
  for (const rid of ownRids(info)) {
    const found = tables.entry(rid, false);
    if (!found.ok || found.value === null) continue;
    const did = tables.domainId(found.value);
    tables.clear(found.value);
    flush.contextDevice(did, info.rid);
    if (info.atsEnabled) flush.deviceTlb(info, 0);
  }
}

import { done } from '../../../../lib/result';
import { err, ok, type Result } from '../../../kernel/errno';
import { cap, ecap } from '../regs';
import {
  EAFE,
  PGSNP,
  PGTT_FIRST,
  PGTT_NESTED,
  PGTT_PASS_THROUGH,
  PGTT_SECOND,
  PWSNP,
  SRE,
  SSADE,
  WPE,
} from '../structs';
import type { DeviceInfo } from './device-info';
import { FIRST_LEVEL_DID } from './domain-ids';
import { drainPageRequests } from './page-requests';
import type { PasidEntry } from './pasid-table';

/**
 * What a PASID of a device is translated by. An entry is filled while it is not present, and made present with its last
 * word; a change blocks it first.
 *
 * Linux: drivers/iommu/intel/pasid.c
 */

/** FSPM: five levels. */
const FIVE_LEVELS = 1;

export interface FirstStageTarget {
  readonly did: number;
  readonly rootPa: number;
  readonly levels: 4 | 5;
  /** Accesses snoop processor caches whatever the device asks for, and so do walks. */
  readonly pageSnoop: boolean;
  readonly walkSnoop: boolean;
}

export interface SecondStageTarget {
  readonly did: number;
  readonly rootPa: number;
  /** Address width code. */
  readonly aw: number;
  readonly walkSnoop: boolean;
  readonly dirty: boolean;
}

export interface NestedTarget extends SecondStageTarget {
  readonly pageSnoop: boolean;
  /** Of the user's own table: as it was given. */
  readonly firstRoot: bigint;
  readonly addressWidth: number;
  readonly supervisor: boolean;
  readonly writeProtect: boolean;
  readonly extendedAccessed: boolean;
}

/** Linux: intel_pasid_setup_first_level() */
export function setupFirstStage(
  info: DeviceInfo,
  pasid: number,
  target: FirstStageTarget,
): Result<undefined> {
  const { caps, log, name } = info.iommu;
  const rule = 'intel_pasid_setup_first_level';
  if (!ecap.firstStage(caps.ecap)) {
    log('err', `No first level translation support on ${name}`);
    return err('EINVAL', `${name} has no first-stage translation`, { rule });
  }
  if (target.levels === 5 && !cap.firstStage5Level(caps.cap)) {
    log('err', `No 5-level paging support for first-level on ${name}`);
    return err('EINVAL', `${name} walks no first-stage tables of five levels`, { rule });
  }
  const found = freeEntry(info, pasid, rule);
  if (!found.ok) return found;
  const entry = found.value;
  entry.clear();
  entry.setFirstStage(BigInt(target.rootPa));
  if (target.levels === 5) entry.setFirstStageMode(FIVE_LEVELS);
  if (target.pageSnoop) entry.setFlag(1, PGSNP, true);
  entry.setDomainId(target.did);
  entry.setAddressWidth(caps.agaw);
  entry.setFlag(1, PWSNP, target.walkSnoop);
  entry.setTranslationType(PGTT_FIRST);
  publish(info, pasid, entry, target.did);
  return done;
}

/** Linux: intel_pasid_setup_second_level() */
export function setupSecondStage(
  info: DeviceInfo,
  pasid: number,
  target: SecondStageTarget,
): Result<undefined> {
  const { caps, log, name } = info.iommu;
  const rule = 'intel_pasid_setup_second_level';
  if (!ecap.secondStage(caps.ecap)) {
    log('err', `No second level translation support on ${name}`);
    return err('EINVAL', `${name} has no second-stage translation`, { rule });
  }
  const found = freeEntry(info, pasid, rule);
  if (!found.ok) return found;
  const entry = found.value;
  entry.clear();
  entry.setDomainId(target.did);
  entry.setSecondStage(target.rootPa);
  entry.setAddressWidth(target.aw);
  entry.setTranslationType(PGTT_SECOND);
  entry.enableFaults();
  entry.setFlag(1, PWSNP, target.walkSnoop);
  if (target.dirty) entry.setFlag(0, SSADE, true);
  publish(info, pasid, entry, target.did);
  return done;
}

/** Linux: intel_pasid_setup_pass_through() */
export function setupPassThrough(info: DeviceInfo, pasid: number): Result<undefined> {
  const { caps } = info.iommu;
  const found = freeEntry(info, pasid, 'intel_pasid_setup_pass_through');
  if (!found.ok) return found;
  const entry = found.value;
  entry.clear();
  entry.setDomainId(FIRST_LEVEL_DID);
  entry.setAddressWidth(caps.agaw);
  entry.setTranslationType(PGTT_PASS_THROUGH);
  entry.enableFaults();
  entry.setFlag(1, PWSNP, ecap.scalableCoherent(caps.ecap));
  publish(info, pasid, entry, FIRST_LEVEL_DID);
  return done;
}

/** Linux: intel_pasid_setup_nested() */
export function setupNested(info: DeviceInfo, pasid: number, target: NestedTarget): Result<undefined> {
  const rule = 'intel_pasid_setup_nested';
  const why = refuseNested(info, target);
  if (why !== null) return err('EINVAL', why, { rule });
  const found = freeEntry(info, pasid, rule);
  if (!found.ok) return found;
  const entry = found.value;
  entry.clear();
  if (target.addressWidth === 57) entry.setFirstStageMode(FIVE_LEVELS);
  entry.setFirstStage(target.firstRoot);
  if (target.supervisor) {
    entry.setFlag(2, SRE, true);
    if (target.writeProtect) entry.setFlag(2, WPE, true);
  }
  if (target.extendedAccessed) entry.setFlag(2, EAFE, true);
  if (target.pageSnoop) entry.setFlag(1, PGSNP, true);
  entry.setSecondStage(target.rootPa);
  entry.enableFaults();
  entry.setDomainId(target.did);
  entry.setAddressWidth(target.aw);
  entry.setFlag(1, PWSNP, target.walkSnoop);
  if (target.dirty) entry.setFlag(0, SSADE, true);
  entry.setTranslationType(PGTT_NESTED);
  publish(info, pasid, entry, target.did);
  return done;
}

/** What a user's table asks of the unit that it does not have. */
function refuseNested({ iommu }: DeviceInfo, target: NestedTarget): string | null {
  const { caps, name } = iommu;
  const { addressWidth } = target;
  if (addressWidth !== 48 && addressWidth !== 57)
    return `a first-stage table translates 48 or 57 bits, not ${addressWidth}`;
  if (addressWidth === 57 && !cap.firstStage5Level(caps.cap))
    return `${name} walks no first-stage tables of five levels`;
  if (target.supervisor && !ecap.supervisorRequests(caps.ecap)) return `${name} knows no supervisor requests`;
  if (target.extendedAccessed && !ecap.extendedAccessed(caps.ecap))
    return `${name} knows no extended accessed flag`;
  return null;
}

/**
 * Blocks a PASID: not present first, then the caches forget, then the rest is cleared. `faultIgnore`: its faults are not
 * to be reported, for the device may still use it.
 *
 * Linux: intel_pasid_tear_down_entry(), intel_pasid_clear_entry()
 *
 * The kernel disables fault reports only for an entry that is present, and at that point none is: so they stay enabled.
 */
export function tearDown(info: DeviceInfo, pasid: number, faultIgnore: boolean): void {
  const found = info.pasidTable?.entry(pasid);
  if (!found?.ok) return;
  const entry = found.value;
  const { flush } = info.iommu;
  if (!entry.present) {
    if (!entry.faultDisabled) return;
    // A process that has gone left it so.
    entry.clear();
    drainPageRequests(info, pasid);
    return;
  }
  const { did, pgtt } = entry;
  entry.setPresent(false);
  flush.pasidCache(did, pasid);
  if (pgtt === PGTT_PASS_THROUGH || pgtt === PGTT_FIRST) flush.pasidIotlb(did, pasid);
  else flush.iotlbDomain(did);
  if (info.atsEnabled) flush.deviceTlb(info, pasid);
  entry.clear(faultIgnore && entry.present);
  if (!faultIgnore) drainPageRequests(info, pasid);
}

/** Linux: intel_pasid_setup_dirty_tracking() */
export function setupDirtyTracking(info: DeviceInfo, pasid: number, enable: boolean): Result<undefined> {
  const found = entryOf(info, pasid);
  if (!found.ok) return found;
  const entry = found.value;
  const { did, pgtt } = entry;
  if (pgtt !== PGTT_SECOND && pgtt !== PGTT_NESTED) {
    const why = `PASID ${pasid} of ${info.name} has no second stage that could track`;
    return err('EOPNOTSUPP', why, { rule: 'intel_pasid_setup_dirty_tracking' });
  }
  if (entry.has(0, SSADE) === enable) return done;
  entry.setFlag(0, SSADE, enable);
  const { flush } = info.iommu;
  flush.pasidCache(did, pasid);
  flush.iotlbDomain(did);
  if (info.atsEnabled) flush.deviceTlb(info, pasid);
  return done;
}

/** Linux: intel_pasid_setup_page_snoop_control(), intel_pasid_flush_present() */
export function setupPageSnoop(info: DeviceInfo, pasid: number): void {
  const found = entryOf(info, pasid);
  if (!found.ok || !found.value.present) return;
  const entry = found.value;
  entry.setFlag(1, PGSNP, true);
  const { did } = entry;
  const { flush } = info.iommu;
  flush.pasidCache(did, pasid);
  flush.pasidIotlb(did, pasid);
  if (info.atsEnabled) flush.deviceTlb(info, pasid);
}

function entryOf(info: DeviceInfo, pasid: number): Result<PasidEntry> {
  const { pasidTable } = info;
  if (pasidTable === null)
    return err('ENODEV', `${info.name} has no PASID table`, { rule: 'intel_pasid_get_entry' });
  return pasidTable.entry(pasid);
}

function freeEntry(info: DeviceInfo, pasid: number, rule: string): Result<PasidEntry> {
  const found = entryOf(info, pasid);
  if (!found.ok) return found;
  if (!found.value.present) return ok(found.value);
  return err('EBUSY', `PASID ${pasid} of ${info.name} is translated already`, { rule });
}

/** A unit that caches absent entries has to be told. Linux: pasid_flush_caches() */
function publish(info: DeviceInfo, pasid: number, entry: PasidEntry, did: number): void {
  const { flush, caps } = info.iommu;
  entry.setPresent(true);
  if (caps.cachingMode) {
    flush.pasidCache(did, pasid);
    flush.pasidIotlb(did, pasid);
  } else {
    flush.writeBuffer();
  }
}

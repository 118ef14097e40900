import { hex } from '../../../../lib/u64';
import type { IommuClient, IommuDomain } from '../../../iommu/ops';
import type { ViommuHandle } from '../../../iommu/viommu-ops';
import { err, ok, type Result } from '../../../kernel/errno';
import { get, CFG_S1_TRANS, EATS_TRANS, STE_0, STE_1 } from './bits';
import { CdTable, LINEAR_CDMAX } from './cd-table';
import { invalidateAtc, invalidateCd, invalidateSte, prefetchConfig } from './commands';
import type { DomainState } from './domain-state';
import { writeEntry } from './entry-writer';
import { ATS, ATS_FULL, S1_ASID, S2_VMID, S2_VMID_S1_CLEAR, type Inv, type InvType } from './invs';
import { FEAT, has } from './probe';
import type { Smmu } from './smmu';
import { steKind, type SteContext } from './ste';

/** Who in a VM a device is. Linux: struct arm_smmu_vmaster */
export interface Vmaster {
  readonly viommu: ViommuHandle;
  readonly vsid: bigint;
}

/** What the driver keeps of a device. Linux: struct arm_smmu_master */
export class Master {
  readonly cdTable: CdTable;
  vmaster: Vmaster | null = null;
  atsEnabled = false;
  steAtsEnabled = false;
  iopfRefcount = 0;
  /** What requests without a PASID go through. Linux: iommu_driver_get_domain_for_dev() */
  domain: IommuDomain | null = null;
  readonly pasidDomains = new Map<number, IommuDomain>();

  constructor(
    readonly smmu: Smmu,
    readonly client: IommuClient,
    /** Ascending; a bridge may give a device the same one twice. */
    readonly sids: readonly number[],
    readonly ssidBits: number,
    readonly stallEnabled: boolean,
  ) {
    const twoLevel = has(smmu.caps, FEAT.TWO_LVL_CDTAB);
    const { memory, evtq } = smmu;
    const sync = (ssid: number, leaf: boolean): void => this.syncCd(ssid, leaf);
    this.cdTable = new CdTable(memory, ssidBits, twoLevel, sync, memory.ownerAt(evtq.basePa));
  }

  get steContext(): SteContext {
    const { caps } = this.smmu;
    return {
      attrTypesOvr: has(caps, FEAT.ATTR_TYPES_OVR),
      stalls: has(caps, FEAT.STALLS),
      e2h: has(caps, FEAT.E2H),
      stallEnabled: this.stallEnabled,
    };
  }

  /** Linux: arm_smmu_ats_supported() */
  get atsSupported(): boolean {
    const { caps, facts } = this.smmu;
    const { name } = this.client;
    return has(caps, FEAT.ATS) && facts.rootComplexAts(name) && facts.abilitiesOf(name).ats;
  }

  /** Linux: arm_smmu_master_canwbs() */
  get canWbs(): boolean {
    return this.smmu.facts.canWbs(this.client.name);
  }

  /** Linux: arm_smmu_install_ste_for_dev() */
  installSte(target: readonly bigint[]): void {
    const [first = 0n, second = 0n] = target;
    this.cdTable.inSte = get(STE_0.CFG, first) === CFG_S1_TRANS;
    this.steAtsEnabled = get(STE_1.EATS, second) === EATS_TRANS;
    const { cmdq, strtab } = this.smmu;
    for (const sid of new Set(this.sids)) {
      writeEntry(strtab.entry(sid), target, steKind, () => cmdq.issueSync(invalidateSte(sid)));
      // It is likely to be needed soon.
      cmdq.issue(prefetchConfig(sid));
    }
  }

  /** Linux: arm_smmu_clear_cd() */
  clearCd(ssid: number): void {
    if (this.cdTable.allocated) this.cdTable.write(ssid, new Array<bigint>(8).fill(0n));
  }

  /** The whole ATC, or what it has of one SSID. Linux: arm_smmu_atc_inv_master() */
  invalidateAtc(ssid: number): void {
    const { cmdq } = this.smmu;
    for (const sid of this.sids) cmdq.add(invalidateAtc(sid, ssid, 0, 0));
    cmdq.submit();
  }

  /** The tags and streams that this device adds to a domain's list. Linux: arm_smmu_master_build_invs() */
  buildInvs(atsEnabled: boolean, ssid: number, state: DomainState): Inv[] {
    const pageLg2 = has(this.smmu.caps, FEAT.RANGE_INV) ? state.pageLg2 : 0;
    const inv = (type: InvType, id: number, of = 0): Inv => ({ type, id, ssid: of, pageLg2, users: 0 });
    const tag = state.stage === 's2' ? S2_VMID : S1_ASID;
    const list = [inv(tag, state.id)];
    if (state.nestParent) list.push(inv(S2_VMID_S1_CLEAR, state.id));
    const type = state.nestParent ? ATS_FULL : ATS;
    if (atsEnabled) list.push(...this.sids.map((sid) => inv(type, sid, ssid)));
    return list;
  }

  /** Linux: arm_smmu_sync_cd() */
  private syncCd(ssid: number, leaf: boolean): void {
    const { cmdq } = this.smmu;
    for (const sid of this.sids) cmdq.add(invalidateCd(sid, ssid, leaf));
    cmdq.submit();
  }
}

/** Linux: arm_smmu_probe_device(), arm_smmu_insert_master(), arm_smmu_enable_pasid() */
export function probeMaster(smmu: Smmu, client: IommuClient): Result<Master> {
  const { caps, facts } = smmu;
  const { name } = client;
  const sids = [...client.aliasRids].sort((a, b) => a - b);
  const entered: number[] = [];
  const masterSsids = Math.min(ssidBitsOf(smmu, name), has(caps, FEAT.TWO_LVL_CDTAB) ? 20 : LINEAR_CDMAX);
  const canStall = has(caps, FEAT.STALLS) && facts.canStall(name);
  const stallEnabled = canStall || has(caps, FEAT.STALL_FORCE);
  const master = new Master(smmu, client, sids, masterSsids, stallEnabled);
  for (const sid of sids) {
    const inserted = insertStream(smmu, master, sid);
    if (inserted.ok) {
      entered.push(sid);
      continue;
    }
    for (const each of entered) smmu.streams.delete(each);
    return inserted;
  }
  // PASID goes on before ATS, and off after it. Spec: PCIe 4.0, section 10.5.1.3 "ATS Control Register"
  if (facts.abilitiesOf(name).maxPasids > 0) smmu.control.pasid(name, true);
  return ok(master);
}

function ssidBitsOf({ caps, facts }: Smmu, name: string): number {
  const { maxPasids } = facts.abilitiesOf(name);
  return maxPasids > 0 ? Math.min(Math.floor(Math.log2(maxPasids)), caps.ssidBits) : 0;
}

function insertStream(smmu: Smmu, master: Master, sid: number): Result<undefined> {
  const { name } = master.client;
  const made = smmu.strtab.init(sid);
  if (!made.ok) return made;
  const other = smmu.streams.get(sid);
  if (other && other !== master) {
    const text = `Aliasing StreamID ${hex(sid)} (from ${other.client.name}) unsupported, expect DMA to be broken`;
    // Linux: dev_driver_string() of a device without a driver
    const bus = /^[0-9a-f]{4,}:[0-9a-f]{2}:/.test(name) ? 'pci' : 'platform';
    if (smmu.trace.on) smmu.trace.emit({ kind: 'log', level: 'warn', text: `${bus} ${name}: ${text}` });
    return err('ENODEV', `StreamID ${hex(sid)} of ${name} is that of ${other.client.name} already`, {
      rule: 'arm_smmu_insert_master',
      culprit: `dev:${other.client.name}`,
    });
  }
  smmu.streams.set(sid, master);
  return ok(undefined);
}

/** Linux: arm_smmu_release_device() */
export function releaseMaster(master: Master): void {
  const { smmu, client, sids, cdTable } = master;
  if (smmu.facts.abilitiesOf(client.name).maxPasids > 0) smmu.control.pasid(client.name, false);
  for (const sid of sids) smmu.streams.delete(sid);
  cdTable.free();
}

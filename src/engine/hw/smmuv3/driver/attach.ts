import { done } from '../../../../lib/result';
import type { IommuDomain } from '../../../iommu/ops';
import { err, type Result } from '../../../kernel/errno';
import { nestedAtsOf, stateOf, type MasterDomain } from './domain-state';
import { flushTag } from './invalidate';
import type { Inv, Invs } from './invs';
import type { Master, Vmaster } from './master';

/**
 * Moving a device, or one of its PASIDs, to another domain. Between prepare and commit the entry that hardware reads is
 * written: the new domain tells the device of changes before it, the old one until after it, and ATS is on in the device
 * only while the entry lets it.
 *
 * Linux: arm-smmu-v3.c arm_smmu_attach_prepare(), arm_smmu_attach_commit()
 *
 * The kernel holds arm_smmu_asid_lock meanwhile; here it is one step.
 */
export class Attach {
  /** Whether the entry is to allow ATS. */
  atsEnabled = false;
  /** A table of descriptors stays in place, and a PASID of it may use ATS. */
  cdNeedsAts = false;
  disableAts = false;
  vmaster: Vmaster | null = null;
  private oldInvs: readonly Inv[] | null = null;

  constructor(
    private readonly master: Master,
    private readonly old: IommuDomain | null,
    private readonly ssid = 0,
  ) {}

  /** `vmasterOf`: of a nested domain, who the device is in its VM. On failure nothing is changed. */
  prepare(next: IommuDomain, vmasterOf?: () => Result<Vmaster | null>): Result<undefined> {
    const { master, ssid } = this;
    const state = stateOf(next);
    // Not in bypass or abort: there a translation request is an error.
    if (state || this.cdNeedsAts) this.atsEnabled = !this.disableAts && master.atsSupported;
    const newInvs = this.prepareInvs(next);
    if (state && newInvs) {
      const vmaster = vmasterOf?.();
      if (vmaster?.ok === false) return vmaster;
      this.vmaster = vmaster?.value ?? null;
      const entry = { master, domain: next, ssid, nestedAtsFlush: nestedAtsOf(next), usingIopf: false };
      if (next.iopfHandler) {
        const enabled = enableIopf(master, entry);
        if (!enabled.ok) return enabled;
      }
      if (state.enforceCacheCoherency && !master.canWbs) {
        disableIopf(master, entry);
        const why = `${next.label} promises coherent accesses, and those of ${master.client.name} may not be`;
        return err('EINVAL', why, { rule: 'arm_smmu_attach_prepare', culprit: `dev:${master.client.name}` });
      }
      if (this.atsEnabled) state.atsMasters++;
      // The same domain again is in the list twice until the commit.
      state.devices.unshift(entry);
      state.invs = newInvs;
    }
    if (!this.atsEnabled && master.atsEnabled) master.smmu.control.ats(master.client.name, false);
    return done;
  }

  /** What the old domain will no longer tell. Linux: arm_smmu_attach_prepare_invs() */
  prepareInvs(next: IommuDomain | null): Invs | null {
    const { master, ssid } = this;
    const [newState, oldState] = [stateOf(next), stateOf(this.old)];
    this.oldInvs = oldState ? master.buildInvs(master.atsEnabled, ssid, oldState) : null;
    return newState ? newState.invs.merge(master.buildInvs(this.atsEnabled, ssid, newState)) : null;
  }

  /** Linux: arm_smmu_attach_commit() */
  commit(): void {
    const { master, ssid } = this;
    master.vmaster = this.vmaster;
    if (this.atsEnabled && !master.atsEnabled) {
      // Linux: arm_smmu_enable_ats()
      master.invalidateAtc(0);
      master.smmu.control.ats(master.client.name, true);
    } else if (this.atsEnabled) {
      // Another translation by now, which both domains tell of.
      master.invalidateAtc(ssid);
    } else if (master.atsEnabled) {
      master.invalidateAtc(0);
    }
    this.removeOld();
    master.atsEnabled = this.atsEnabled;
  }

  /** Linux: arm_smmu_remove_master_domain(), arm_smmu_install_old_domain_invs() */
  removeOld(): void {
    const { master, old, ssid, oldInvs } = this;
    const state = stateOf(old);
    if (!state || !old || !oldInvs) return;
    const flag = nestedAtsOf(old);
    const at = state.devices.findIndex(
      (each) =>
        each.master === master && each.domain === old && each.ssid === ssid && each.nestedAtsFlush === flag,
    );
    const [entry] = at < 0 ? [] : state.devices.splice(at, 1);
    if (entry && master.atsEnabled) state.atsMasters--;
    if (entry) disableIopf(master, entry);
    const [tag] = oldInvs;
    const gone = state.invs.unref(oldInvs);
    if (tag && gone.some((inv) => inv.type === tag.type && inv.id === tag.id)) flushTag(state.smmu, tag);
    state.invs = state.invs.purge() ?? state.invs;
  }
}

/** Linux: arm_smmu_enable_iopf() */
function enableIopf(master: Master, entry: MasterDomain): Result<undefined> {
  const { smmu, client } = master;
  // Others have fault handlers of their own.
  if (!master.stallEnabled) return done;
  const about = { rule: 'arm_smmu_enable_iopf', culprit: `dev:${client.name}` };
  if (master.sids.length !== 1)
    return err('EOPNOTSUPP', `${client.name} has several StreamIDs: its faults cannot be told apart`, about);
  if (master.iopfRefcount === 0 && !smmu.pageRequests.allow(client))
    return err('ENODEV', `${client.name} cannot be put in the page fault queue`, about);
  master.iopfRefcount++;
  entry.usingIopf = true;
  return done;
}

/** Linux: arm_smmu_disable_iopf() */
function disableIopf(master: Master, entry: MasterDomain): void {
  if (!entry.usingIopf) return;
  master.iopfRefcount--;
  if (master.iopfRefcount === 0) master.smmu.pageRequests.forbid(master.client);
}

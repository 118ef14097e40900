import { hex } from '../../../../lib/u64';
import { TRANSACTION_DISALLOWED } from '../reasons';
import {
  ATP_GSCID_SHIFT,
  ATP_MODE_SHIFT,
  ATP_PPN_HI,
  DC_FSC,
  DC_IOHGATP,
  DC_MSIPTP,
  DC_TA,
  MODE_BARE,
  PC_ENS,
  PC_SUM,
  PD17,
  PD8,
  TA_PSCID_SHIFT,
  TC_DPE,
  TC_PDTV,
  TC_SBE,
  TC_SXL,
} from '../structs';
import { bareSize } from './config';
import type { DeviceDirectory } from './ddt';
import { tagA, tagB } from './iotlb';
import type { ProcessDirectory } from './pdt';
import {
  FIRST_ONLY,
  IDENTITY,
  modeLevels,
  nearPfn,
  NESTED,
  SECOND_ONLY,
  WITH_CARE,
  type Service,
  type ServiceKind,
} from './service';
import type { UnitState } from './unit';

/**
 * What a device context, and a process context where one is in force, come to.
 *
 * Spec: section "Process to translate an IOVA", steps 8 to 16
 */
export class ServiceFinder {
  /** Where SXL and GXL are 0: the quick walk has no other. */
  private readonly firstBare: number;
  private readonly secondBare: number;

  constructor(
    private readonly unit: UnitState,
    readonly directory: DeviceDirectory,
    private readonly processes: ProcessDirectory,
  ) {
    this.firstBare = bareSize(unit.config, 1, false);
    this.secondBare = bareSize(unit.config, 2, false);
  }

  /** Whether a process_id is wider than pdtp.MODE. */
  tooWide(dc: number, pid: number): boolean {
    const mode = (this.unit.contexts.dcs[dc + DC_FSC * 2 + 1] as number) >>> ATP_MODE_SHIFT;
    return (mode === PD8 && pid >= 1 << 8) || (mode === PD17 && pid >= 1 << 17);
  }

  /** Fills in `s`; 0, the cause of a fault, or PDT_GUEST_FAULT. `translated`: the address is a guest physical one. */
  find(s: Service, dc: number, rid: number, pasid: number, supervisor: boolean, translated: boolean): number {
    const { dcs } = this.unit.contexts;
    const tc = dcs[dc] as number;
    this.secondStage(s, dc, rid, pasid);
    if (translated) return this.firstStage(s, 0, 0, 0);
    const fscLo = dcs[dc + DC_FSC * 2] as number;
    const fscHi = dcs[dc + DC_FSC * 2 + 1] as number;
    if ((tc & TC_PDTV) === 0) {
      return this.firstStage(s, fscHi, fscLo, (dcs[dc + DC_TA * 2] as number) >>> TA_PSCID_SHIFT);
    }
    // Without a process_id: 0 where DPE says so.
    const pid = pasid < 0 && (tc & TC_DPE) !== 0 ? 0 : pasid;
    s.pid = pid;
    if (pid < 0 || fscHi >>> ATP_MODE_SHIFT === MODE_BARE) return this.firstStage(s, 0, 0, 0);
    const pc = this.processes.locate(s, pid, fscHi, fscLo);
    if (pc < 0) return this.processes.cause;
    const { pcs } = this.unit.contexts;
    const ta = pcs[pc] as number;
    if (supervisor && (ta & PC_ENS) === 0) return TRANSACTION_DISALLOWED;
    s.sum = (ta & PC_SUM) !== 0;
    return this.firstStage(s, pcs[pc + 3] as number, pcs[pc + 2] as number, ta >>> TA_PSCID_SHIFT);
  }

  /** Of contexts that are cached: the frame of the table that a request is walked by; null: none, or not known. */
  rootOf(dc: number, rid: number, pasid: number): number | null {
    const { contexts } = this.unit;
    const { dcs, pcs } = contexts;
    const tc = dcs[dc] as number;
    const stage = (words: Int32Array, at: number): number | null =>
      (words[at + 1] as number) >>> ATP_MODE_SHIFT === MODE_BARE
        ? null
        : ((words[at + 1] as number) & ATP_PPN_HI) * 0x1_0000_0000 + ((words[at] as number) >>> 0);
    const second = stage(dcs, dc + DC_IOHGATP * 2);
    if ((tc & TC_PDTV) === 0) return pasid >= 0 ? null : (stage(dcs, dc + DC_FSC * 2) ?? second);
    const pid = pasid < 0 && (tc & TC_DPE) !== 0 ? 0 : pasid;
    if (pid < 0) return second;
    const pc = contexts.findProcess(rid, pid);
    return pc < 0 ? null : (stage(pcs, pc + 2) ?? second);
  }

  /** A device context that is cached, in a phrase. */
  summaryOf(dc: number): string {
    const { dcs } = this.unit.contexts;
    const tc = dcs[dc] as number;
    const pointer = (at: number): { mode: number; pa: string } => {
      const hi = dcs[at + 1] as number;
      const pfn = (hi & ATP_PPN_HI) * 0x1_0000_0000 + ((dcs[at] as number) >>> 0);
      return { mode: hi >>> ATP_MODE_SHIFT, pa: hex(pfn * 4096) };
    };
    const first = pointer(dc + DC_FSC * 2);
    const second = pointer(dc + DC_IOHGATP * 2);
    const pscid = (dcs[dc + DC_TA * 2] as number) >>> TA_PSCID_SHIFT;
    const guest = second.mode === 0 ? [] : [`second-stage table at ${second.pa}`];
    if (first.mode === 0) return guest.length === 0 ? 'pass-through' : guest.join();
    const what = (tc & TC_PDTV) !== 0 ? 'process directory at' : `PSCID ${pscid}, first-stage table at`;
    return [`${what} ${first.pa}`, ...guest].join(', ');
  }

  private secondStage(s: Service, dc: number, rid: number, pasid: number): void {
    const { unit } = this;
    const { dcs } = unit.contexts;
    const lo = dcs[dc + DC_IOHGATP * 2] as number;
    const hi = dcs[dc + DC_IOHGATP * 2 + 1] as number;
    s.did = rid;
    s.pid = pasid;
    s.dc = dc;
    s.tc = dcs[dc] as number;
    s.sum = false;
    s.pscid = -1;
    s.firstLevels = 0;
    s.secondLevels = modeLevels(hi >>> ATP_MODE_SHIFT, unit.narrowGuest);
    s.secondPpnHi = hi & ATP_PPN_HI;
    s.secondPpnLo = lo;
    s.gscid = s.secondLevels === 0 ? -1 : (hi >>> ATP_GSCID_SHIFT) & 0xffff;
    s.firstBigEndian = (s.tc & TC_SBE) !== 0;
    s.secondBigEndian = unit.bigEndian;
    s.msi = (dcs[dc + DC_MSIPTP * 2 + 1] as number) >>> ATP_MODE_SHIFT !== 0;
  }

  private firstStage(s: Service, hi: number, lo: number, pscid: number): number {
    s.firstLevels = modeLevels(hi >>> ATP_MODE_SHIFT, (s.tc & TC_SXL) !== 0);
    s.firstPpnHi = hi & ATP_PPN_HI;
    s.firstPpnLo = lo;
    s.firstNear = nearPfn(hi & ATP_PPN_HI, lo);
    s.secondNear = nearPfn(s.secondPpnHi, s.secondPpnLo);
    s.guestShift = s.secondLevels === 0 ? 31 : 9 * s.secondLevels - 18;
    s.pscid = s.firstLevels === 0 ? -1 : pscid;
    s.spaceA = tagA(s.pscid);
    s.spaceB = tagB(s.gscid, s.pscid);
    s.whole = true;
    s.kind = kindOf(s);
    s.mostLg2 = s.kind === FIRST_ONLY ? this.secondBare : s.kind === SECOND_ONLY ? this.firstBare : 64;
    return 0;
  }
}

/** Little-endian tables of 64-bit entries, and no addresses of interrupt files, are plain enough. */
function kindOf(s: Service): ServiceKind {
  const { firstLevels, secondLevels } = s;
  if (s.msi) return WITH_CARE;
  if (firstLevels === 0 && secondLevels === 0) return IDENTITY;
  const odd = s.firstBigEndian || s.secondBigEndian || (s.tc & TC_SXL) !== 0;
  if (odd || firstLevels === 2 || secondLevels === 2) return WITH_CARE;
  return secondLevels === 0 ? FIRST_ONLY : firstLevels === 0 ? SECOND_ONLY : NESTED;
}

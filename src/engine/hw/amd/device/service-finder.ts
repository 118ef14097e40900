import { NO_PASID } from '../../port';
import { CONTROL, GA_UPDATE_DIS_HI, GD_UPDATE_DIS_HI, IOMMU_EN } from '../regs';
import { V1_A, V1_D, V1_PR, V2_A, V2_D, V2_P } from '../structs';
import {
  D_GUEST,
  D_HAD,
  D_ID,
  D_KIND,
  D_LEVELS,
  D_PERMS,
  D_ROOT,
  DTE_VALID,
  HAD_DIRTY,
  KIND_BLOCKED,
  KIND_FORWARD,
  KIND_GUEST,
  KIND_HOST,
} from './dte';
import {
  CTX_HIGH,
  CTX_HOST_HAD,
  CTX_HOST_ID,
  CTX_HOST_LEVELS,
  CTX_HOST_ROOT,
  CTX_ID,
  CTX_LEVELS,
  CTX_PERMS,
  CTX_ROOT_HI,
  CTX_ROOT_LO,
} from './gcr3';
import { tagHigh } from './iotlb';
import { framePfn } from './memory';
import {
  GUEST_ONLY,
  HOST_ONLY,
  NESTED_TABLES,
  S_GUEST_DIRTY,
  S_GUEST_LEVELS,
  S_GUEST_MARKS,
  S_GUEST_ROOT,
  S_HIGH,
  S_HOST_DIRTY,
  S_HOST_ID,
  S_HOST_LEVELS,
  S_HOST_MARKS,
  S_HOST_OVER,
  S_HOST_ROOT,
  S_ID,
  S_KIND,
  S_PASID,
  S_RID,
  WITH_CARE,
} from './service';
import type { UnitState } from './state';

const HOST_HIGH = tagHigh(NO_PASID);
/** IR and IW both: without one of them requests are refused before any table is looked at. */
const BOTH = 3;

/**
 * Finds out how the plain requests of a device are translated, from entries that are cached. Whether it did: reading
 * entries, and refusing, is left to the way of the document.
 */
export class ServiceFinder {
  constructor(private readonly state: UnitState) {}

  serve(rid: number, pasid: number): boolean {
    const { state } = this;
    if (!state.control(IOMMU_EN) || state.excluding) return false;
    const at = state.dtes.find(rid | DTE_VALID, 0, 0);
    if (at < 0) return false;
    const dte = state.dtes.entries;
    const kind = dte[at + D_KIND] as number;
    // A process's context may be older than the device's entry: both are asked.
    if (dte[at + D_PERMS] !== BOTH) return false;
    if (pasid < 0 && kind === KIND_HOST) return this.host(rid, dte, at);
    if (kind === KIND_FORWARD || kind === KIND_BLOCKED || dte[at + D_GUEST] === 0) return false;
    if (pasid < 0 && kind !== KIND_GUEST) return false;
    const c = state.pasids.find(rid | DTE_VALID, pasid < 0 ? 0 : pasid, 0);
    return c >= 0 && this.process(rid, pasid, state.pasids.entries, c);
  }

  private host(rid: number, dte: Int32Array, at: number): true {
    const { service } = this.state;
    service[S_RID] = rid;
    service[S_PASID] = NO_PASID;
    service[S_KIND] = isShallow(dte[at + D_LEVELS] as number) ? WITH_CARE : HOST_ONLY;
    service[S_ID] = dte[at + D_ID] as number;
    service[S_HIGH] = HOST_HIGH;
    this.hostTables(
      dte[at + D_ROOT] as number,
      dte[at + D_LEVELS] as number,
      dte[at + D_ID] as number,
      dte[at + D_HAD] as number,
    );
    return true;
  }

  private process(rid: number, pasid: number, ctx: Int32Array, c: number): boolean {
    if (ctx[c + CTX_PERMS] !== BOTH) return false;
    const { service, regs } = this.state;
    const high = regs[(CONTROL + 4) >> 2] as number;
    const levels = ctx[c + CTX_HOST_LEVELS] as number;
    service[S_RID] = rid;
    service[S_PASID] = pasid;
    service[S_KIND] = levels === 0 ? GUEST_ONLY : isShallow(levels) ? WITH_CARE : NESTED_TABLES;
    service[S_ID] = ctx[c + CTX_ID] as number;
    service[S_HIGH] = ctx[c + CTX_HIGH] as number;
    service[S_GUEST_ROOT] = framePfn(ctx[c + CTX_ROOT_HI] as number, ctx[c + CTX_ROOT_LO] as number);
    service[S_GUEST_LEVELS] = ctx[c + CTX_LEVELS] as number;
    service[S_GUEST_MARKS] = V2_P | ((high & GA_UPDATE_DIS_HI) === 0 ? V2_A : 0);
    service[S_GUEST_DIRTY] = (high & GD_UPDATE_DIS_HI) === 0 ? V2_D : 0;
    this.hostTables(
      ctx[c + CTX_HOST_ROOT] as number,
      levels,
      ctx[c + CTX_HOST_ID] as number,
      ctx[c + CTX_HOST_HAD] as number,
    );
    return true;
  }

  private hostTables(root: number, levels: number, id: number, had: number): void {
    const { service } = this.state;
    service[S_HOST_ROOT] = root;
    service[S_HOST_OVER] = levels > 5 ? 0 : -1 << (9 * levels - 20);
    service[S_HOST_LEVELS] = levels;
    service[S_HOST_ID] = id;
    service[S_HOST_MARKS] = V1_PR | (had !== 0 ? V1_A : 0);
    service[S_HOST_DIRTY] = (had & HAD_DIRTY) !== 0 ? V1_D : 0;
  }
}

/** Tables of one or two levels take in so little that the low word of an address would have to be looked at as well. */
const isShallow = (levels: number): boolean => levels < 3;

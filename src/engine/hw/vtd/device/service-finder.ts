import { NO_PASID, WRITE } from '../../port';
import { TTM_SCALABLE } from '../regs';
import { PGTT_FIRST, PGTT_NESTED, PGTT_PASS_THROUGH, PGTT_SECOND, SS_A, SS_D } from '../structs';
import { framePfn } from './context';
import { CTX_FLAGS, CTX_REASON, CTX_RID_PASID, CTX_RID_PRIV } from './context-cache';
import { translationTag } from './iotlb';
import { checkPasid } from './pasid-check';
import {
  PE_DID,
  PE_EAFE,
  PE_FLAGS,
  PE_FS_HI,
  PE_FS_LEVELS,
  PE_FS_LO,
  PE_OVER_HI,
  PE_REASON,
  PE_SPACE,
  PE_SS_LEVELS,
  PE_SS_ROOT_PFN,
  PE_SSADE,
  PE_TYPE,
  PE_WPE,
} from './pasid-cache';
import { FIRST_ONLY, IDENTITY, NESTED, SECOND_ONLY, type Service } from './service';
import { PATH_LEGACY, PATH_OFF, type UnitState } from './unit';

/** What the cached entries of a source come to, for requests to read or write that ask for no privilege. */
export class ServiceFinder {
  constructor(
    private readonly state: UnitState,
    private readonly service: Service,
  ) {}

  /**
   * Finds out how the requests of a source are translated. False: its entries are not all cached, or something about them
   * is out of the ordinary; then Requests says what.
   */
  serve(rid: number, pasid: number): boolean {
    const { state, service } = this;
    service.rid = -1;
    if (state.path === PATH_OFF) return false;
    const at = state.contextCache.find(rid);
    if (at < 0) return false;
    const contexts = state.contextCache.entries;
    if (contexts[at + CTX_REASON] !== 0) return false;
    const found =
      state.path === PATH_LEGACY
        ? pasid === NO_PASID && this.byLegacy(contexts, at)
        : this.byPasid(contexts, at, rid, pasid);
    if (!found) return false;
    service.rid = rid;
    service.pasid = pasid;
    return true;
  }

  private byLegacy(rows: Int32Array, at: number): boolean {
    const type = rows[at + PE_TYPE] as number;
    // An entry of scalable mode, from before the root table changed, has no type.
    return (type === PGTT_SECOND || type === PGTT_PASS_THROUGH) && this.byRow(rows, at, 0);
  }

  private byPasid(contexts: Int32Array, at: number, rid: number, pasid: number): boolean {
    const { pasidCache, rootMode, config } = this.state;
    if (rootMode !== TTM_SCALABLE || !config.scalable) return false;
    if (pasid === NO_PASID) {
      if (((contexts[at + CTX_FLAGS] as number) & CTX_RID_PRIV) !== 0) return false;
    } else if (checkPasid(contexts, at, pasid, config.pasidBits) !== 0) return false;
    const row = pasidCache.find(rid, pasid === NO_PASID ? (contexts[at + CTX_RID_PASID] as number) : pasid);
    const rows = pasidCache.entries;
    if (row < 0 || rows[row + PE_REASON] !== 0) return false;
    return this.byRow(rows, row, rows[row + PE_FLAGS] as number);
  }

  private byRow(rows: Int32Array, at: number, flags: number): boolean {
    const { service: s } = this;
    if ((flags & PE_EAFE) !== 0) return false;
    s.did = rows[at + PE_DID] as number;
    s.space = rows[at + PE_SPACE] as number;
    s.tag = translationTag(s.did);
    s.secondA = (flags & PE_SSADE) === 0 ? 0 : SS_A;
    s.secondD = (flags & PE_SSADE) === 0 ? 0 : SS_D;
    switch (rows[at + PE_TYPE]) {
      case PGTT_PASS_THROUGH:
        s.kind = IDENTITY;
        s.space = -1;
        s.bias = 0;
        s.over = rows[at + PE_OVER_HI] as number;
        return true;
      case PGTT_SECOND:
        s.kind = SECOND_ONLY;
        this.second(rows, at);
        s.bias = 0;
        s.over = s.guestOver;
        return true;
      case PGTT_FIRST:
        s.kind = FIRST_ONLY;
        this.first(rows, at, flags);
        return true;
      case PGTT_NESTED:
        s.kind = NESTED;
        this.second(rows, at);
        this.first(rows, at, flags);
        return true;
      default:
        return false;
    }
  }

  private second(rows: Int32Array, at: number): void {
    const { service: s } = this;
    s.secondLevels = rows[at + PE_SS_LEVELS] as number;
    s.secondPfn = rows[at + PE_SS_ROOT_PFN] as number;
    s.guestOver = rows[at + PE_OVER_HI] as number;
  }

  private first(rows: Int32Array, at: number, flags: number): void {
    const { service: s } = this;
    s.firstLevels = rows[at + PE_FS_LEVELS] as number;
    s.firstHi = rows[at + PE_FS_HI] as number;
    s.firstLo = rows[at + PE_FS_LO] as number;
    s.firstPfn = framePfn(s.firstHi, s.firstLo);
    s.bias = s.firstLevels === 4 ? 0x8000 : 0x100_0000;
    s.over = -2 * s.bias;
    s.freely = (flags & PE_WPE) === 0 ? WRITE : 0;
  }
}

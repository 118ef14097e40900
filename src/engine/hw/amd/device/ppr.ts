import { hiOf, loOf } from '../../../../lib/u64';
import type { PageRequestMessage } from '../../port';
import {
  CONTROL,
  IOMMU_EN,
  PPR_AUTO_RESP,
  PPR_AUTO_RSP_AON_HI,
  PPR_AUTO_RSP_EN_HI,
  PPR_EN,
  STATUS,
  STATUS_PPR_OVERFLOW,
} from '../regs';
import {
  DTE_I,
  DTE_PPR,
  DTE_V,
  PPR_CODE_REQUEST,
  PPR_FLAG_GN,
  PPR_FLAG_R,
  PPR_FLAG_US,
  PPR_FLAG_W,
  PPR_FLAG_X,
  PPR_TAG_LAST,
  PPR_TAG_MASK,
} from '../structs';
import type { AmdIommu } from './device';
import { D_GUEST, D_RAW } from './dte';

/** PCIe PRG response codes. */
const INVALID_REQUEST = 1;

/**
 * A Page Request message: into the log, or back to the device.
 *
 * Spec: section 2.6 "Peripheral Page Request (PPR) Logging", 2.6.2 "Automatic PPR Response", 2.5.10
 * "INVALID_PPR_REQUEST Event"; Linux: drivers/iommu/amd/ppr.c
 */
export function pageRequest(unit: AmdIommu, message: PageRequestMessage): void {
  const { state, pprLog } = unit;
  const guest = message.pasid >= 0;
  const tag = (message.group & PPR_TAG_MASK) | (message.last ? PPR_TAG_LAST : 0);
  const flags =
    (message.execute ? PPR_FLAG_X : 0) |
    (message.read ? PPR_FLAG_R : 0) |
    (message.write ? PPR_FLAG_W : 0) |
    (message.privileged ? 0 : PPR_FLAG_US) |
    (guest ? PPR_FLAG_GN : 0);
  const pasid = guest ? message.pasid : 0;
  const [hi, lo] = [hiOf(message.iova), loOf(message.iova)];
  if (!accepts(unit, message)) {
    unit.events.invalidPageRequest(message.rid, pasid, tag, flags, hi, lo);
    respond(unit, message, INVALID_REQUEST);
    return;
  }
  const full = pprLog.running && !pprLog.hasRoom;
  const entry = Int32Array.of(
    message.rid | ((pasid & 0xffff) << 16),
    tag | (((pasid >>> 16) & 0xf) << 10) | (flags << 16) | (PPR_CODE_REQUEST << 28),
    lo & ~0xfff,
    hi,
  );
  if (pprLog.append(entry)) return;
  const overflown = full || (state.reg(STATUS) & STATUS_PPR_OVERFLOW) !== 0;
  const automatic =
    state.config.pprAutoResponse &&
    (state.controlHigh(PPR_AUTO_RSP_AON_HI) || (overflown && state.controlHigh(PPR_AUTO_RSP_EN_HI)));
  if (automatic) return respond(unit, message, state.reg(PPR_AUTO_RESP) & 0xf);
  state.guestError('a page request is lost: the PPR log is off or has overflown');
}

/** Whether page requests are on, for the unit, for the device and for what the request names. */
function accepts(unit: AmdIommu, message: PageRequestMessage): boolean {
  const { state, request, walker } = unit;
  const both = IOMMU_EN | PPR_EN;
  if (!state.config.pageRequests || (state.reg(CONTROL) & both) !== both) return false;
  request.set(message.rid, hiOf(message.iova), loOf(message.iova), 0, message.pasid);
  const at = walker.device();
  if (at < 0) return false;
  const raw = (n: number): number => state.dtes.entries[at + D_RAW + n] as number;
  if ((raw(0) & DTE_V) === 0 || (raw(3) & DTE_I) === 0) return false;
  if (state.config.enhancedPpr && (raw(1) & DTE_PPR) === 0) return false;
  return message.pasid < 0 || state.dtes.entries[at + D_GUEST] !== 0;
}

/** One response answers a whole group, when its last request came. */
function respond(unit: AmdIommu, message: PageRequestMessage, code: number): void {
  if (!message.last) return;
  const { rid, pasid, group } = message;
  unit.state.link.pageResponse({ rid, pasid, group: group & PPR_TAG_MASK, code });
}

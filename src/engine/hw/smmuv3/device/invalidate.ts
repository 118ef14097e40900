import * as r from '../regs';
import * as s from '../structs';
import { ANY, KIND_EL1, KIND_EL2, KIND_EL2_E2H, KIND_S2, type TlbScope } from './tlb';
import type { SmmuState } from './unit';

const EL1 = 1 << KIND_EL1;
const EL2 = 1 << KIND_EL2;
const E2H = 1 << KIND_EL2_E2H;
const S2 = 1 << KIND_S2;

const entries = (n: number, cache: string): string => `${n} ${cache} ${n === 1 ? 'entry' : 'entries'}`;

/** Drops cached stream table entries, and what was found by them. Spec: section 4.3.1, 4.3.2 */
export function invalidateStreams(unit: SmmuState, first: number, last: number): string {
  const stes = unit.steCache.dropStreams(first, last);
  const cds = unit.cdCache.dropStreams(first, last);
  return `${entries(stes, 'STE')} and ${entries(cds, 'CD')} dropped`;
}

/** Drops context descriptors of a stream: one, or all (-1). Spec: section 4.3.3, 4.3.4 */
export function invalidateCds(unit: SmmuState, sid: number, ssid: number): string {
  const dropped = ssid < 0 ? unit.cdCache.dropStreams(sid, sid) : unit.cdCache.dropSubstream(sid, ssid);
  return `${entries(dropped, 'CD')} dropped`;
}

/** What a TLB invalidation command names; null: the command is illegal. Spec: section 4.4 */
export function scopeOf(unit: SmmuState, words: Int32Array): TlbScope | null {
  const { config } = unit;
  const op = (words[0] as number) & s.CMD_OP_MASK;
  const second = words[1] as number;
  // VMIDs tag nothing where there is no stage 2.
  const vmid = config.s2p ? second & s.CMD_VMID_MASK : -1;
  const asid = second >>> s.CMD_ASID_SHIFT;
  const e2h = (unit.reg(r.CR2) & r.CR2_E2H) !== 0;
  switch (op) {
    case s.CMD_TLBI_NH_ALL:
      return { ...ANY, kinds: EL1, vmid };
    case s.CMD_TLBI_NH_ASID:
      return { ...ANY, kinds: EL1, vmid, asid, globals: false };
    case s.CMD_TLBI_NH_VA:
      return ranged(unit, words, { ...ANY, kinds: EL1, vmid, asid });
    case s.CMD_TLBI_NH_VAA:
      return ranged(unit, words, { ...ANY, kinds: EL1, vmid });
    case s.CMD_TLBI_EL2_ALL:
      return { ...ANY, kinds: EL2 | E2H };
    case s.CMD_TLBI_EL2_ASID:
      return { ...ANY, kinds: E2H, asid, globals: false };
    case s.CMD_TLBI_EL2_VA:
      return ranged(unit, words, e2h ? { ...ANY, kinds: E2H, asid } : { ...ANY, kinds: EL2 });
    case s.CMD_TLBI_EL2_VAA:
      return ranged(unit, words, { ...ANY, kinds: e2h ? E2H : EL2 });
    case s.CMD_TLBI_S12_VMALL:
      return { ...ANY, kinds: EL1 | S2, vmid };
    case s.CMD_TLBI_S2_IPA:
      return ranged(unit, words, { ...ANY, kinds: S2, vmid });
    default: // CMD_TLBI_NSNH_ALL
      return { ...ANY, kinds: EL1 | S2 };
  }
}

/** The addresses of a command: one, or with a granule a range and a level. Spec: section 4.4.1.1 */
function ranged(unit: SmmuState, words: Int32Array, scope: TlbScope): TlbScope | null {
  const third = words[2] as number;
  const firstVpn = ((words[3] as number) >>> 0) * 2 ** 20 + (third >>> 12);
  const granule = unit.config.ril ? (third >>> s.CMD_TG_SHIFT) & 3 : 0;
  if (granule === 0) return { ...scope, firstVpn, lastVpn: firstVpn };
  const num = ((words[0] as number) >>> s.CMD_NUM_SHIFT) & 0x1f;
  const scale = ((words[0] as number) >>> s.CMD_SCALE_SHIFT) & 0x1f;
  const hint = (third >>> s.CMD_TTL_SHIFT) & 3;
  // 16 KiB tables have no leaves at level 1.
  const level = granule === 2 && hint === 1 ? 0 : hint;
  if (num === 0 && scale === 0 && level === 0) return null;
  const pages = (num + 1) * 2 ** scale * 4 ** (granule - 1);
  return { ...scope, firstVpn, lastVpn: firstVpn + pages - 1, granule, level };
}

/** `leaf`: pointers to tables are spared. */
export function invalidateTranslations(unit: SmmuState, scope: TlbScope, leaf: boolean): string {
  const dropped = unit.tlb.invalidate(scope) + unit.stage2Cache.invalidate(scope);
  const pointers = leaf ? 0 : unit.walkCache.invalidate(scope);
  const tables = pointers > 0 ? ` and ${entries(pointers, 'walk-cache')}` : '';
  return `${entries(dropped, 'IOTLB')}${tables} dropped`;
}

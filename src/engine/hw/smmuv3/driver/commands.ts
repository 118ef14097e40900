import { hiOfAddress, loOfAddress } from '../../../../lib/u64';

/**
 * Commands, as four 32-bit words, low first.
 *
 * Linux: arm-smmu-v3.c arm_smmu_cmdq_build_cmd(), arm_smmu_cmdq_build_sync_cmd(); arm-smmu-v3.h CMDQ_OP_*, CMDQ_*
 */
export const OP = {
  PREFETCH_CFG: 0x01,
  CFGI_STE: 0x03,
  CFGI_ALL: 0x04,
  CFGI_CD: 0x05,
  CFGI_CD_ALL: 0x06,
  TLBI_NH_ALL: 0x10,
  TLBI_NH_ASID: 0x11,
  TLBI_NH_VA: 0x12,
  TLBI_NH_VAA: 0x13,
  TLBI_EL2_ALL: 0x20,
  TLBI_EL2_ASID: 0x21,
  TLBI_EL2_VA: 0x22,
  TLBI_S12_VMALL: 0x28,
  TLBI_S2_IPA: 0x2a,
  TLBI_NSNH_ALL: 0x30,
  ATC_INV: 0x40,
  PRI_RESP: 0x41,
  RESUME: 0x44,
  SYNC: 0x46,
} as const;

export type Command = readonly [number, number, number, number];

const SSV = 1 << 11;
const LEAF = 1;
const RANGE_ALL = 31;
const ATC_SIZE_ALL = 52;

export const prefetchConfig = (sid: number): Command => [OP.PREFETCH_CFG, sid, 0, 0];
export const invalidateSte = (sid: number): Command => [OP.CFGI_STE, sid, LEAF, 0];
/** Of every stream. */
export const invalidateConfig: Command = [OP.CFGI_ALL, 0, RANGE_ALL, 0];
export const invalidateCd = (sid: number, ssid: number, leaf: boolean): Command => [
  OP.CFGI_CD | (ssid << 12),
  sid,
  leaf ? LEAF : 0,
  0,
];

/** Commands that name nothing but an ASID, a VMID, or neither. */
export const invalidateTag = (op: number, asid: number, vmid: number): Command => [
  op,
  vmid | (asid << 16),
  0,
  0,
];

/** Linux: struct arm_smmu_cmdq_ent tlbi */
export interface TlbiRange {
  readonly op: number;
  readonly asid: number;
  readonly vmid: number;
  readonly address: number;
  readonly leaf: boolean;
  readonly num: number;
  readonly scale: number;
  readonly ttl: number;
  readonly tg: number;
}

export const invalidateAddress = ({ op, asid, vmid, address, leaf, ...range }: TlbiRange): Command => [
  op | (range.num << 12) | (range.scale << 20),
  vmid | (asid << 16),
  (loOfAddress(address) & ~0xfff) | (range.tg << 10) | (range.ttl << 8) | (leaf ? LEAF : 0),
  hiOfAddress(address),
];

/**
 * The smallest power of two of pages that covers a range; 0 bytes: all. Without an SSID the device drops what it has of
 * that range of every PASID.
 *
 * Linux: arm_smmu_atc_inv_to_cmd()
 */
export function invalidateAtc(sid: number, ssid: number, address: number, bytes: number): Command {
  const head = OP.ATC_INV | (ssid !== 0 ? SSV | (ssid << 12) : 0);
  if (bytes === 0) return [head, sid, ATC_SIZE_ALL, 0];
  const first = Math.floor(address / 4096);
  const last = Math.floor((address + bytes - 1) / 4096);
  let sizeLg2 = 0;
  while (Math.floor(first / 2 ** sizeLg2) !== Math.floor(last / 2 ** sizeLg2)) sizeLg2++;
  const start = (first - (first % 2 ** sizeLg2)) * 4096;
  return [head, sid, loOfAddress(start) | sizeLg2, hiOfAddress(start)];
}

export const PRI_DENY = 0;
/** `ssid` null: the request had none. */
export const pageResponse = (sid: number, ssid: number | null, group: number, response: number): Command => [
  OP.PRI_RESP | (ssid === null ? 0 : SSV | (ssid << 12)),
  sid,
  group | (response << 12),
  0,
];

export const RESUME_RETRY = 1;
export const RESUME_ABORT = 2;
export const resume = (sid: number, stag: number, response: number): Command => [
  OP.RESUME | (response << 12),
  sid,
  stag,
  0,
];

const CS_IRQ = 1 << 12;
const CS_SEV = 2 << 12;
/** Inner shareable, write-back: where a completion is written to. */
const MSI_ATTRIBUTES = (3 << 22) | (0xf << 24);

/** `msiPa` null: completion is an event, and seen by the index that moves on. */
export const sync = (msiPa: number | null): Command =>
  msiPa === null
    ? [OP.SYNC | CS_SEV | MSI_ATTRIBUTES, 0, 0, 0]
    : [OP.SYNC | CS_IRQ | MSI_ATTRIBUTES, 0, loOfAddress(msiPa) & ~3, hiOfAddress(msiPa)];

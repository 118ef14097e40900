import type { CacheShape } from '../../common/cache-shape';
import * as r from '../regs';

/** What kind of unit this is: the fields of its identification registers, by the document's names. */
export interface SmmuConfig {
  /** World id of the unit, e.g. `iommu:smmu0`. */
  readonly unit: string;
  /** PCI segment of its devices. */
  readonly segment: number;
  /** As Linux names its platform device. */
  readonly device: string;
  /** IDR0. */
  readonly s1p: boolean;
  readonly s2p: boolean;
  readonly cohacc: boolean;
  readonly btm: boolean;
  /** 0: none, 1: access flags, 2: access flags and dirty state. */
  readonly httu: 0 | 1 | 2;
  readonly hyp: boolean;
  readonly ats: boolean;
  readonly ns1ats: boolean;
  readonly asid16: boolean;
  readonly msi: boolean;
  readonly sev: boolean;
  readonly pri: boolean;
  readonly vmid16: boolean;
  readonly cd2l: boolean;
  /** 0: both, 2: little endian, 3: big endian. */
  readonly ttendian: 0 | 2 | 3;
  readonly atsrecerr: boolean;
  /** 0: stalls or terminates, 1: terminates, 2: stalls. */
  readonly stallModel: 0 | 1 | 2;
  /** Terminated transactions always abort: there is no RAZ/WI. */
  readonly termModel: boolean;
  /** Two-level stream tables. */
  readonly stLevel: boolean;
  /** IDR1. */
  readonly sidsize: number;
  readonly ssidsize: number;
  readonly cmdqs: number;
  readonly eventqs: number;
  readonly priqs: number;
  readonly attrTypesOvr: boolean;
  readonly attrPermsOvr: boolean;
  /** IDR3. */
  readonly had: boolean;
  readonly xnx: boolean;
  readonly pps: boolean;
  readonly fwb: boolean;
  readonly stt: boolean;
  readonly ril: boolean;
  readonly bbml: 0 | 1 | 2;
  /** IDR5. */
  readonly oas: 32 | 36 | 40 | 42 | 44 | 48 | 52;
  readonly gran4k: boolean;
  readonly gran16k: boolean;
  readonly gran64k: boolean;
  /** 52-bit virtual addresses, with the 64 KiB granule. */
  readonly vax: boolean;
  /** Stalled transactions that can be reported at a time. */
  readonly stallMax: number;
  readonly iidr: number;
  readonly aidr: number;
  /** Where the interrupt controller takes messages; null where interrupts are wires. */
  readonly doorbell: number | null;
  readonly steCache: CacheShape;
  readonly cdCache: CacheShape;
  readonly iotlb: CacheShape;
  /** Pointers to next-level tables. */
  readonly walkCache: CacheShape;
  /** Where stage 2 has the context descriptors and tables of stage 1. */
  readonly stage2Cache: CacheShape;
}

export const DEFAULT_SMMU_CONFIG: SmmuConfig = {
  unit: 'iommu:smmu0',
  segment: 0,
  device: 'arm-smmu-v3.0.auto',
  s1p: true,
  s2p: true,
  cohacc: true,
  btm: false,
  httu: 2,
  hyp: true,
  ats: true,
  ns1ats: false,
  asid16: true,
  msi: true,
  sev: true,
  pri: true,
  vmid16: true,
  cd2l: true,
  ttendian: 2,
  atsrecerr: true,
  stallModel: 0,
  termModel: false,
  stLevel: true,
  sidsize: 16,
  ssidsize: 20,
  cmdqs: 8,
  eventqs: 7,
  priqs: 8,
  attrTypesOvr: false,
  attrPermsOvr: false,
  had: true,
  xnx: true,
  pps: false,
  fwb: true,
  stt: false,
  ril: true,
  bbml: 2,
  oas: 48,
  gran4k: true,
  gran16k: true,
  gran64k: true,
  vax: false,
  stallMax: 16,
  iidr: 0x4871_143b, // Arm MMU-700 r1p1
  aidr: 3, // SMMUv3.3
  doorbell: null,
  steCache: { sets: 16, ways: 4 },
  cdCache: { sets: 16, ways: 4 },
  iotlb: { sets: 64, ways: 4 },
  walkCache: { sets: 128, ways: 4 },
  stage2Cache: { sets: 64, ways: 4 },
};

const when = (on: boolean, bits: number): number => (on ? bits : 0);

/** Spec: section 6.3.1 "SMMU_IDR0" */
export function idr0(c: SmmuConfig): number {
  return (
    when(c.s2p, r.IDR0_S2P) |
    when(c.s1p, r.IDR0_S1P) |
    (r.TTF_AARCH64 << r.IDR0_TTF_SHIFT) |
    when(c.cohacc, r.IDR0_COHACC) |
    when(c.btm, r.IDR0_BTM) |
    (c.httu << r.IDR0_HTTU_SHIFT) |
    when(hypSupported(c), r.IDR0_HYP) |
    when(c.ats, r.IDR0_ATS) |
    when(c.ats && c.ns1ats, r.IDR0_NS1ATS) |
    when(c.asid16, r.IDR0_ASID16) |
    when(c.msi, r.IDR0_MSI) |
    when(c.sev, r.IDR0_SEV) |
    when(priSupported(c), r.IDR0_PRI) |
    when(c.s2p && c.vmid16, r.IDR0_VMID16) |
    when(c.cd2l, r.IDR0_CD2L) |
    (c.ttendian << r.IDR0_TTENDIAN_SHIFT) |
    when(c.atsrecerr, r.IDR0_ATSRECERR) |
    (c.stallModel << r.IDR0_STALL_MODEL_SHIFT) |
    when(c.termModel, r.IDR0_TERM_MODEL) |
    when(c.stLevel, r.ST_LEVEL_2LVL << r.IDR0_ST_LEVEL_SHIFT)
  );
}

/** EL2 needs both stages. */
export const hypSupported = (c: SmmuConfig): boolean => c.hyp && c.s1p && c.s2p;
/** PRI needs ATS. */
export const priSupported = (c: SmmuConfig): boolean => c.ats && c.pri;

/** Spec: section 6.3.2 "SMMU_IDR1" */
export const idr1 = (c: SmmuConfig): number =>
  (c.sidsize << r.IDR1_SIDSIZE_SHIFT) |
  (c.ssidsize << r.IDR1_SSIDSIZE_SHIFT) |
  when(priSupported(c), c.priqs << r.IDR1_PRIQS_SHIFT) |
  (c.eventqs << r.IDR1_EVENTQS_SHIFT) |
  (c.cmdqs << r.IDR1_CMDQS_SHIFT) |
  when(c.attrPermsOvr, r.IDR1_ATTR_PERMS_OVR) |
  when(c.attrTypesOvr, r.IDR1_ATTR_TYPES_OVR);

/** Spec: section 6.3.4 "SMMU_IDR3" */
export const idr3 = (c: SmmuConfig): number =>
  when(c.had, r.IDR3_HAD) |
  when(c.xnx, r.IDR3_XNX) |
  when(c.pps, r.IDR3_PPS) |
  when(c.fwb, r.IDR3_FWB) |
  when(c.stt, r.IDR3_STT) |
  when(c.ril, r.IDR3_RIL) |
  (c.bbml << r.IDR3_BBML_SHIFT);

/** Spec: section 6.3.6 "SMMU_IDR5" */
export const idr5 = (c: SmmuConfig): number =>
  r.ADDRESS_BITS.indexOf(c.oas) |
  when(c.gran4k, r.IDR5_GRAN4K) |
  when(c.gran16k, r.IDR5_GRAN16K) |
  when(c.gran64k, r.IDR5_GRAN64K) |
  when(c.vax, 1 << r.IDR5_VAX_SHIFT) |
  (c.stallMax << r.IDR5_STALL_MAX_SHIFT);

/** Whether a granule, by log2 of its bytes, is supported. */
export const granuleSupported = (c: SmmuConfig, granuleLg2: number): boolean =>
  (granuleLg2 === 12 && c.gran4k) || (granuleLg2 === 14 && c.gran16k) || (granuleLg2 === 16 && c.gran64k);

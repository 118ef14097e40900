import { invariant } from '../../../../lib/invariant';
import { cacheShapeProblem, type CacheShape } from '../../common/cache-shape';
import {
  cap,
  CAP_AMO_HWAD,
  CAP_AMO_MRIF,
  CAP_ATS,
  CAP_DBG,
  CAP_END,
  CAP_HPM,
  CAP_IGS,
  CAP_MSI_FLAT,
  CAP_MSI_MRIF,
  CAP_NL,
  CAP_PAS,
  CAP_PD17,
  CAP_PD20,
  CAP_PD8,
  CAP_QOSID,
  CAP_S,
  CAP_SV39,
  CAP_SV39X4,
  CAP_SV48,
  CAP_SV48X4,
  CAP_SV57,
  CAP_SV57X4,
  CAP_SVPBMT,
  CAP_T2GPA,
  DDTP_3LVL,
  type DDTP_BARE,
  DDTP_OFF,
  IGS_BOTH,
  IGS_WSI,
  FCTL_WSI,
} from '../regs';

/** What kind of IOMMU this is: what its capabilities tell, and what the document leaves to an implementation. */
export interface RiscvConfig {
  /** World id of the unit, e.g. `iommu:riscv0`. */
  readonly unit: string;
  /** PCI segment of its devices. */
  readonly segment: number;
  readonly capabilities: bigint;
  /** fctl after reset. BE and WSI can be written where capabilities.END and IGS say so. */
  readonly fctl: number;
  /** Whether fctl.GXL can be written; then DC.tc.SXL may be 1 too. */
  readonly gxlWritable: boolean;
  /** Whether fctl.BE can be written; otherwise DC.tc.SBE has to be the same. */
  readonly beWritable: boolean;
  readonly resetMode: typeof DDTP_OFF | typeof DDTP_BARE;
  /** Highest ddtp.iommu_mode. */
  readonly maxMode: number;
  /** Bits of device_id that directory commands take. */
  readonly deviceIdMask: number;
  /** Writable bits of iommu_qosid. */
  readonly qosMask: number;
  /** Counters with the cycle counter, their bits, and the last event id. */
  readonly counters: number;
  readonly counterBits: number;
  readonly lastEvent: number;
  /** Bits of the fields of icvec. */
  readonly vectorBits: number;
  /** Invalidation requests that may wait for completion at a time. */
  readonly itags: number;
  /** log2 of the bytes that an answer covers where a stage is Bare. */
  readonly bareSizes: BareSizes;
  /** Commands wait for somebody to step through them, and are not done when the tail moves. */
  readonly holdCommands: boolean;
  /** 0 sets: there is no such cache. */
  readonly iotlb: CacheShape;
  /** Of the last tables of walks. */
  readonly walkCache: CacheShape;
  readonly ddtCache: CacheShape;
  readonly pdtCache: CacheShape;
}

/** By the widest scheme that the IOMMU has for the stage. */
export interface BareSizes {
  readonly sv57: number;
  readonly sv48: number;
  readonly sv39: number;
  readonly sv32: number;
  readonly sv57x4: number;
  readonly sv48x4: number;
  readonly sv39x4: number;
  readonly sv32x4: number;
}

const PAS = 56n;
const bits = (...at: readonly bigint[]): bigint => at.reduce((sum, bit) => sum | (1n << bit), 0n);

/** A full RV64 IOMMU, version 1.0. */
export const DEFAULT_CAPABILITIES: bigint =
  0x10n |
  bits(CAP_SV39, CAP_SV48, CAP_SV57, CAP_SVPBMT, CAP_SV39X4, CAP_SV48X4, CAP_SV57X4) |
  bits(CAP_AMO_MRIF, CAP_MSI_FLAT, CAP_MSI_MRIF, CAP_AMO_HWAD, CAP_ATS, CAP_T2GPA, CAP_END) |
  (BigInt(IGS_BOTH) << CAP_IGS) |
  bits(CAP_HPM, CAP_DBG, CAP_PD8, CAP_PD17, CAP_PD20, CAP_QOSID, CAP_NL, CAP_S) |
  (PAS << CAP_PAS);

const TWO_MIB = 21;

export const DEFAULT_RISCV_CONFIG: RiscvConfig = {
  unit: 'iommu:riscv0',
  segment: 0,
  capabilities: DEFAULT_CAPABILITIES,
  fctl: 0,
  gxlWritable: false,
  beWritable: true,
  resetMode: DDTP_OFF,
  maxMode: DDTP_3LVL,
  deviceIdMask: 0xff_ffff,
  qosMask: 0x0fff_0fff,
  counters: 8,
  counterBits: 64,
  lastEvent: 8,
  vectorBits: 2,
  itags: 32,
  bareSizes: {
    sv57: TWO_MIB,
    sv48: TWO_MIB,
    sv39: TWO_MIB,
    sv32: TWO_MIB,
    sv57x4: TWO_MIB,
    sv48x4: TWO_MIB,
    sv39x4: TWO_MIB,
    sv32x4: TWO_MIB,
  },
  holdCommands: false,
  iotlb: { sets: 64, ways: 4 },
  walkCache: { sets: 64, ways: 4 },
  ddtCache: { sets: 16, ways: 4 },
  pdtCache: { sets: 16, ways: 4 },
};

/** Fills in what a caller leaves out; what contradicts itself is our own mistake. */
export function completeConfig(partial: Partial<RiscvConfig>): RiscvConfig {
  const config = { ...DEFAULT_RISCV_CONFIG, ...partial };
  const { capabilities } = config;
  const caches = [config.iotlb, config.walkCache, config.ddtCache, config.pdtCache];
  for (const shape of caches) invariant(cacheShapeProblem(shape) === null, 'sets and ways of a cache');
  invariant(cap.pas(capabilities) <= 56, 'capabilities.PAS is at most 56');
  invariant(config.counters <= 32 && config.itags <= 32 && config.vectorBits <= 4, 'limits of the registers');
  // A unit that has only wires comes up with them.
  const fctl = cap.igs(capabilities) === IGS_WSI ? config.fctl | FCTL_WSI : config.fctl;
  return cap.hpm(capabilities) ? { ...config, fctl } : { ...config, fctl, counters: 0 };
}

/** log2 of the bytes that an answer covers where a stage is Bare: as its widest scheme has it. */
export function bareSize(config: RiscvConfig, stage: 1 | 2, narrow: boolean): number {
  const { capabilities: c, bareSizes: size } = config;
  if (stage === 1) {
    if (cap.sv57(c)) return size.sv57;
    if (cap.sv48(c)) return size.sv48;
    if (cap.sv39(c) && !narrow) return size.sv39;
    return cap.sv32(c) && narrow ? size.sv32 : 12;
  }
  if (cap.sv57x4(c)) return size.sv57x4;
  if (cap.sv48x4(c)) return size.sv48x4;
  if (cap.sv39x4(c) && !narrow) return size.sv39x4;
  return cap.sv32x4(c) && narrow ? size.sv32x4 : 12;
}

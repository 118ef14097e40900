import { invariant } from '../../../../lib/invariant';
import type { CacheShape } from '../../common/cache-shape';

export { cacheShapeProblem, type CacheShape } from '../../common/cache-shape';

/** What kind of unit this is: everything that its capability registers tell, and the sizes of its caches. */
export interface VtdConfig {
  /** World id of the unit, e.g. `iommu:dmar0`. */
  readonly unit: string;
  /** PCI segment of its devices. */
  readonly segment: number;
  /** Widest address that the second stage translates. CAP.MGAW, CAP.SAGAW */
  readonly widthBits: 39 | 48 | 57;
  /** Host address width: physical addresses have no more bits. */
  readonly hostBits: number;
  /** Second-stage large pages: bit 0 for 2 MiB, bit 1 for 1 GiB. CAP.SSLPS */
  readonly superpages: number;
  /** CAP.ND: 2^(4 + 2 nd) domain ids. */
  readonly nd: number;
  readonly faultRecords: number;
  /** log2 of the most pages that one page-selective invalidation covers. CAP.MAMV */
  readonly maxAddressMask: number;
  /** CAP.PSI */
  readonly pageSelective: boolean;
  /** What is absent may be cached too. CAP.CM */
  readonly cachingMode: boolean;
  /** CAP.RWBF */
  readonly writeBufferFlush: boolean;
  /** CAP.PLMR and CAP.PHMR */
  readonly protectedMemory: boolean;
  /** SRTP and SIRTP flush the caches themselves. CAP.ESRTPS, CAP.ESIRTPS */
  readonly flushOnSetPointer: boolean;
  /** CAP.FS1GP */
  readonly firstStage1G: boolean;
  /** CAP.FS5LP */
  readonly firstStage5Level: boolean;
  /** CAP.PI */
  readonly postedInterrupts: boolean;
  /** ECAP.C */
  readonly coherent: boolean;
  /** ECAP.DT: requests for translations and translated ones. */
  readonly deviceTlb: boolean;
  /** ECAP.NWFS: a request for a translation may say that it will not write. */
  readonly noWriteFlag: boolean;
  /** ECAP.DIT: invalidations of device TLBs name the physical function. */
  readonly deviceTlbThrottle: boolean;
  readonly passThrough: boolean;
  readonly snoopControl: boolean;
  readonly interruptRemapping: boolean;
  /** ECAP.EIM */
  readonly extendedInterrupts: boolean;
  /** log2 of the most interrupt entries that one invalidation covers. ECAP.MHMV */
  readonly maxHandleMask: number;
  /** ECAP.SMTS; without it all that follows is not there either. */
  readonly scalable: boolean;
  /** ECAP.FSTS */
  readonly firstStage: boolean;
  /** ECAP.SSTS */
  readonly secondStage: boolean;
  /** ECAP.NEST */
  readonly nested: boolean;
  /** ECAP.SSADS: accessed and dirty bits of the second stage. */
  readonly secondStageAccessDirty: boolean;
  /** ECAP.SMPWCS: walks in scalable mode can snoop processor caches. */
  readonly scalableCoherent: boolean;
  /** ECAP.EAFS */
  readonly extendedAccessed: boolean;
  /** ECAP.PASID; `pasidBits` is ECAP.PSS + 1. */
  readonly pasid: boolean;
  readonly pasidBits: number;
  /** ECAP.RPS: RID_PASID may be other than 0. */
  readonly ridPasid: boolean;
  /** ECAP.RPRIVS */
  readonly ridPrivilege: boolean;
  /** ECAP.SRS */
  readonly supervisorRequests: boolean;
  /** ECAP.ERS: only older units have it. */
  readonly executeRequests: boolean;
  /** ECAP.PRS, and ECAP.PDS with it. */
  readonly pageRequests: boolean;
  /** ECAP.ADMS */
  readonly abortDma: boolean;
  readonly iotlb: CacheShape;
  /** Context entries. */
  readonly deviceCache: CacheShape;
  /** PASID entries. */
  readonly processCache: CacheShape;
  /** Table entries that lead to tables, for each level. */
  readonly walkCache: CacheShape;
  /** Interrupt-remapping entries. */
  readonly interruptCache: CacheShape;
}

/** A unit that knows legacy mode alone. */
export const DEFAULT_VTD_CONFIG: VtdConfig = {
  unit: 'iommu:dmar0',
  segment: 0,
  widthBits: 48,
  hostBits: 46,
  superpages: 3,
  nd: 6,
  faultRecords: 8,
  maxAddressMask: 18,
  pageSelective: true,
  cachingMode: false,
  writeBufferFlush: false,
  protectedMemory: false,
  flushOnSetPointer: false,
  firstStage1G: false,
  firstStage5Level: false,
  postedInterrupts: false,
  coherent: true,
  deviceTlb: false,
  noWriteFlag: false,
  deviceTlbThrottle: false,
  passThrough: true,
  snoopControl: true,
  interruptRemapping: true,
  extendedInterrupts: true,
  maxHandleMask: 15,
  scalable: false,
  firstStage: false,
  secondStage: false,
  nested: false,
  secondStageAccessDirty: false,
  scalableCoherent: false,
  extendedAccessed: false,
  pasid: false,
  pasidBits: 20,
  ridPasid: false,
  ridPrivilege: false,
  supervisorRequests: false,
  executeRequests: false,
  pageRequests: false,
  abortDma: false,
  iotlb: { sets: 64, ways: 4 },
  deviceCache: { sets: 16, ways: 4 },
  processCache: { sets: 32, ways: 4 },
  walkCache: { sets: 32, ways: 4 },
  interruptCache: { sets: 16, ways: 4 },
};

/** What a unit of today adds to the default: scalable mode with all that Linux makes use of. */
export const SCALABLE_VTD_CONFIG: Partial<VtdConfig> = {
  flushOnSetPointer: true,
  firstStage1G: true,
  firstStage5Level: true,
  postedInterrupts: true,
  deviceTlb: true,
  noWriteFlag: true,
  deviceTlbThrottle: true,
  scalable: true,
  firstStage: true,
  secondStage: true,
  nested: true,
  secondStageAccessDirty: true,
  scalableCoherent: true,
  pasid: true,
  ridPasid: true,
  supervisorRequests: true,
  pageRequests: true,
};

/** Where FRCD and the IVA/IOTLB pair lie; capability registers tell software. */
export const FAULT_OFFSET = 0x400;
export const IOTLB_OFFSET = 0x500;

const MAX_FAULT_RECORDS = (IOTLB_OFFSET - FAULT_OFFSET) / 16;
const SAGAW = { 39: 0b0010, 48: 0b0110, 57: 0b1110 } as const;
const bit = (on: boolean, at: bigint): bigint => (on ? 1n << at : 0n);

/** Supported address widths: bit n for 3, 4 and 5 levels. */
export const sagaw = (config: VtdConfig): number => SAGAW[config.widthBits];

/** Spec: section 11.4.2 "Capability Register" */
export function capabilities(config: VtdConfig): bigint {
  invariant(config.faultRecords >= 1 && config.faultRecords <= MAX_FAULT_RECORDS, 'fault records');
  return (
    BigInt(config.nd) |
    bit(config.writeBufferFlush && !config.scalable, 4n) |
    bit(config.protectedMemory, 5n) |
    bit(config.protectedMemory, 6n) |
    bit(config.cachingMode, 7n) |
    (BigInt(sagaw(config)) << 8n) |
    (BigInt(config.widthBits - 1) << 16n) |
    (1n << 22n) | // ZLR: zero-length reads
    (BigInt(FAULT_OFFSET / 16) << 24n) |
    (BigInt(config.superpages) << 34n) |
    bit(config.pageSelective, 39n) |
    (BigInt(config.faultRecords - 1) << 40n) |
    (BigInt(config.maxAddressMask) << 48n) |
    (3n << 54n) | // DWD, DRD
    bit(config.scalable && config.firstStage1G, 56n) |
    bit(config.postedInterrupts && config.interruptRemapping, 59n) |
    bit(config.scalable && config.firstStage5Level, 60n) |
    bit(config.flushOnSetPointer, 62n) |
    bit(config.flushOnSetPointer, 63n)
  );
}

/** Spec: section 11.4.3 "Extended Capability Register" */
export function extendedCapabilities(config: VtdConfig): bigint {
  return (
    bit(config.coherent, 0n) |
    (1n << 1n) | // QI
    bit(config.deviceTlb, 2n) |
    bit(config.interruptRemapping, 3n) |
    bit(config.interruptRemapping && config.extendedInterrupts, 4n) |
    bit(config.passThrough, 6n) |
    bit(config.snoopControl, 7n) |
    (BigInt(IOTLB_OFFSET / 16) << 8n) |
    (BigInt(config.maxHandleMask) << 20n) |
    bit(config.deviceTlb && config.noWriteFlag, 33n) |
    bit(config.deviceTlb && config.deviceTlbThrottle, 41n) |
    bit(config.abortDma, 52n) |
    (config.scalable ? scalableCapabilities(config) : 0n)
  );
}

function scalableCapabilities(config: VtdConfig): bigint {
  return (
    bit(config.nested, 26n) |
    bit(config.pageRequests, 29n) |
    bit(config.executeRequests, 30n) |
    bit(config.supervisorRequests, 31n) |
    bit(config.extendedAccessed, 34n) |
    (BigInt(config.pasidBits - 1) << 35n) |
    bit(config.pasid, 40n) |
    bit(config.pageRequests, 42n) | // PDS
    (1n << 43n) |
    bit(config.secondStageAccessDirty, 45n) |
    bit(config.secondStage, 46n) |
    bit(config.firstStage, 47n) |
    bit(config.scalableCoherent, 48n) |
    bit(config.ridPasid, 49n) |
    bit(config.ridPrivilege, 53n)
  );
}

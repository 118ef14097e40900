import { invariant } from '../../../../lib/invariant';

/** What kind of unit this is: everything that its capability registers tell. */
export interface VtdConfig {
  /** World id of the unit, e.g. `iommu:dmar0`. */
  readonly unit: string;
  /** PCI segment of its devices. */
  readonly segment: number;
  /** Widest address that it translates. */
  readonly widthBits: 39 | 48 | 57;
  /** Host address width: physical addresses have no more bits. */
  readonly hostBits: number;
  /** Second-stage large pages: bit 0 for 2 MiB, bit 1 for 1 GiB. */
  readonly superpages: number;
  /** CAP.ND: 2^(4 + 2 nd) domain ids. */
  readonly nd: number;
  readonly faultRecords: number;
  /** log2 of the most pages that one page-selective invalidation covers. */
  readonly maxAddressMask: number;
  readonly passThrough: boolean;
  readonly snoopControl: boolean;
  readonly interruptRemapping: boolean;
  readonly iotlb: CacheShape;
  readonly contextCache: CacheShape;
}

export interface CacheShape {
  readonly sets: number;
  readonly ways: number;
}

const MAX_ENTRIES = 65536;
const isPowerOfTwo = (n: number): boolean => n > 0 && (n & (n - 1)) === 0;

/** Why a cache cannot have this shape; null when it can. For whoever lets people choose one. */
export function cacheShapeProblem({ sets, ways }: CacheShape): string | null {
  if (!isPowerOfTwo(sets) || !isPowerOfTwo(ways)) return 'sets and ways of a cache are powers of two';
  return sets * ways > MAX_ENTRIES ? `a cache has at most ${MAX_ENTRIES} entries` : null;
}

export const DEFAULT_VTD_CONFIG: VtdConfig = {
  unit: 'iommu:dmar0',
  segment: 0,
  widthBits: 48,
  hostBits: 46,
  superpages: 3,
  nd: 6,
  faultRecords: 8,
  maxAddressMask: 18,
  passThrough: true,
  snoopControl: true,
  interruptRemapping: true,
  iotlb: { sets: 64, ways: 4 },
  contextCache: { sets: 16, ways: 4 },
};

/** Where FRCD and the IVA/IOTLB pair lie; capability registers tell software. */
export const FAULT_OFFSET = 0x400;
export const IOTLB_OFFSET = 0x500;

const MAX_FAULT_RECORDS = (IOTLB_OFFSET - FAULT_OFFSET) / 16;
const SAGAW = { 39: 0b0010n, 48: 0b0110n, 57: 0b1110n } as const;
const bit = (on: boolean, at: bigint): bigint => (on ? 1n << at : 0n);

/** Spec: section 11.4.2 "Capability Register" */
export function capabilities(config: VtdConfig): bigint {
  invariant(config.faultRecords >= 1 && config.faultRecords <= MAX_FAULT_RECORDS, 'fault records');
  return (
    BigInt(config.nd) |
    (SAGAW[config.widthBits] << 8n) |
    (BigInt(config.widthBits - 1) << 16n) |
    (1n << 22n) | // ZLR: zero-length reads
    (BigInt(FAULT_OFFSET / 16) << 24n) |
    (BigInt(config.superpages) << 34n) |
    (1n << 39n) | // PSI
    (BigInt(config.faultRecords - 1) << 40n) |
    (BigInt(config.maxAddressMask) << 48n) |
    (3n << 54n) // DWD, DRD
  );
}

/** Spec: section 11.4.3 "Extended Capability Register" */
export function extendedCapabilities(config: VtdConfig): bigint {
  return (
    1n | // C: coherent page walks
    (1n << 1n) | // QI
    bit(config.interruptRemapping, 3n) |
    bit(config.interruptRemapping, 4n) | // EIM
    bit(config.passThrough, 6n) |
    bit(config.snoopControl, 7n) |
    (BigInt(IOTLB_OFFSET / 16) << 8n) |
    (15n << 20n) // MHMV
  );
}

import { invariant } from '../../../../lib/invariant';

/** What kind of unit this is: everything that its feature registers and its capability block tell. */
export interface AmdConfig {
  /** World id of the unit, e.g. `iommu:ivhd0`. */
  readonly unit: string;
  /** PCI segment of its devices. */
  readonly segment: number;
  /** Physical addresses have no more bits. Capability: PaSize */
  readonly hostBits: number;
  /** The most levels of host tables. EFR: HATS */
  readonly hostLevels: 4 | 5 | 6;
  /** Tables of guests, and PASIDs. EFR: GTSup */
  readonly guestTranslation: boolean;
  /** The most levels of guest tables. EFR: GATS */
  readonly guestLevels: 4 | 5;
  /** The most levels of a GCR3 table, minus one. EFR: GLXSup */
  readonly glx: 0 | 1 | 2;
  /** EFR: PASmax */
  readonly pasidBits: number;
  readonly noExecute: boolean;
  /** Requests without a PASID can use PASID 0. EFR: GIoSup */
  readonly guestIo: boolean;
  /** Hardware writes accessed and dirty bits of host tables. EFR: HASup, HDSup */
  readonly hostAccess: boolean;
  readonly hostDirty: boolean;
  /** Page requests, and that a device table entry must allow them. EFR: PPRSup, EPHSup */
  readonly pageRequests: boolean;
  readonly enhancedPpr: boolean;
  readonly pprAutoResponse: boolean;
  readonly prefetch: boolean;
  /** EFR: IASup */
  readonly invalidateAll: boolean;
  /** 128-bit interrupt entries, and 32-bit destinations in them. EFR: GASup, XTSup */
  readonly guestApic: boolean;
  readonly x2apic: boolean;
  /** log2 of the most segments of the device table. EFR: DevTblSegSup */
  readonly segments: 0 | 1 | 2 | 3;
  /** Devices may have translations of their own. Capability: IotlbSup */
  readonly iotlbSupport: boolean;
  /** Absent entries are cached too. Capability: NpCache */
  readonly npCache: boolean;
  /** Interrupt tables may have 2048 entries. EFR2: NumIntRemapSup */
  readonly interrupts2k: boolean;
  /** GCR3 tables may lie at guest physical addresses. EFR2: GCR3TRPMode */
  readonly gcr3TrpMode: boolean;
  /** HyperTransport's address range is ordinary memory. EFR2: HtRangeIgnore */
  readonly htRangeIgnore: boolean;
  readonly iotlb: CacheShape;
  readonly dteCache: CacheShape;
  readonly pasidCache: CacheShape;
  /** Table entries that point at tables of the lowest level. */
  readonly pdeCache: CacheShape;
  readonly interruptCache: CacheShape;
}

export interface CacheShape {
  /** 0: there is no such cache. */
  readonly sets: number;
  readonly ways: number;
}

const MAX_ENTRIES = 65536;
const isPowerOfTwo = (n: number): boolean => n > 0 && (n & (n - 1)) === 0;

/** Why a cache cannot have this shape; null when it can. For whoever lets people choose one. */
export function cacheShapeProblem({ sets, ways }: CacheShape): string | null {
  if (sets === 0) return null;
  if (!isPowerOfTwo(sets) || !isPowerOfTwo(ways)) return 'sets and ways of a cache are powers of two';
  return sets * ways > MAX_ENTRIES ? `a cache has at most ${MAX_ENTRIES} entries` : null;
}

export const DEFAULT_AMD_CONFIG: AmdConfig = {
  unit: 'iommu:ivhd0',
  segment: 0,
  hostBits: 48,
  hostLevels: 6,
  guestTranslation: true,
  guestLevels: 5,
  glx: 2,
  pasidBits: 16,
  noExecute: true,
  guestIo: true,
  hostAccess: true,
  hostDirty: true,
  pageRequests: true,
  enhancedPpr: true,
  pprAutoResponse: true,
  prefetch: true,
  invalidateAll: true,
  guestApic: true,
  x2apic: true,
  segments: 3,
  iotlbSupport: true,
  npCache: false,
  interrupts2k: true,
  gcr3TrpMode: true,
  htRangeIgnore: false,
  iotlb: { sets: 64, ways: 4 },
  dteCache: { sets: 16, ways: 4 },
  pasidCache: { sets: 16, ways: 4 },
  pdeCache: { sets: 64, ways: 4 },
  interruptCache: { sets: 16, ways: 4 },
};

const bit = (on: boolean, at: bigint): bigint => (on ? 1n << at : 0n);

/** Spec: section 3.4.9 "IOMMU Extended Feature Register" */
export function extendedFeatures(config: AmdConfig): bigint {
  const { guestTranslation: gt } = config;
  invariant(config.pasidBits >= 1 && config.pasidBits <= 20, 'PASIDs have 1 to 20 bits');
  return (
    bit(config.prefetch, 0n) |
    bit(config.pageRequests, 1n) |
    bit(config.x2apic, 2n) |
    bit(config.noExecute, 3n) |
    bit(gt, 4n) |
    bit(config.invalidateAll, 6n) |
    bit(config.guestApic, 7n) |
    (BigInt(config.hostLevels - 4) << 10n) |
    (BigInt(gt ? config.guestLevels - 4 : 0) << 12n) |
    (BigInt(gt ? config.glx : 0) << 14n) |
    (BigInt(config.pasidBits - 1) << 32n) |
    bit(gt, 37n) | // USSup
    (BigInt(config.segments) << 38n) |
    bit(config.pprAutoResponse, 41n) |
    bit(config.guestIo, 48n) |
    bit(config.hostAccess, 49n) |
    bit(config.enhancedPpr, 50n) |
    bit(config.hostDirty, 52n)
  );
}

/** Spec: section 3.4.10 "IOMMU Extended Feature 2 Register" */
export const extendedFeatures2 = (config: AmdConfig): bigint =>
  bit(config.gcr3TrpMode, 3n) | bit(config.interrupts2k, 8n) | bit(config.htRangeIgnore, 11n);

import { cap, ecap } from '../regs';

/** Linux: PASID_MAX */
const PASID_MAX = 0x10_0000;
/** Linux: DEFAULT_DOMAIN_ADDRESS_WIDTH, MAX_AGAW_WIDTH as adjusted guest address widths: width_to_agaw() */
const DEFAULT_AGAW = 3;
const MAX_AGAW = 4;

/** What the driver makes of the capability registers. Linux: drivers/iommu/intel/iommu.h */
export interface UnitCaps {
  readonly cap: bigint;
  readonly ecap: bigint;
  /** Linux: sm_supported() */
  readonly scalable: boolean;
  /** Linux: pasid_supported() */
  readonly pasid: boolean;
  /** Linux: nested_supported() */
  readonly nested: boolean;
  /** Second-stage tables tell what was written. Linux: ssads_supported() */
  readonly dirty: boolean;
  /** Linux: iommu_paging_structure_coherency() */
  readonly coherentWalks: boolean;
  /** Linux: rwbf_required() */
  readonly writeBufferFlush: boolean;
  readonly cachingMode: boolean;
  /** PASIDs it can tell apart; 0: none. Linux: iommu_device::max_pasids */
  readonly maxPasids: number;
  /** Address width codes: the one of first-stage and pass-through entries, and the widest. -1: none. */
  readonly agaw: number;
  readonly maxAgaw: number;
  /** A process's own table can be walked as it is. Linux: intel_svm_check() */
  readonly sharedVirtualAddressing: boolean;
}

/** `legacy`: intel_iommu=sm_off */
export function unitCaps(caps: bigint, ecaps: bigint, legacy: boolean): UnitCaps {
  const scalable = !legacy && ecap.scalable(ecaps);
  const pasid = scalable && ecap.pasid(ecaps);
  const widths = addressWidths(caps, ecaps, scalable);
  return {
    cap: caps,
    ecap: ecaps,
    scalable,
    pasid,
    nested: scalable && ecap.nested(ecaps),
    dirty: scalable && ecap.secondStageAccessDirty(ecaps) && ecap.scalableCoherent(ecaps),
    coherentWalks: scalable ? ecap.scalableCoherent(ecaps) : ecap.coherent(ecaps),
    writeBufferFlush: cap.writeBufferFlush(caps),
    cachingMode: cap.cachingMode(caps),
    maxPasids: pasid ? Math.min(2 ** ecap.pasidBits(ecaps), PASID_MAX) : 0,
    agaw: widest(widths, DEFAULT_AGAW),
    maxAgaw: widest(widths, MAX_AGAW),
    // The processors here have 1 GiB pages and four levels.
    sharedVirtualAddressing: pasid && cap.firstStage1G(caps),
  };
}

/** Widths that every stage there is can do. Linux: __iommu_calculate_sagaw() */
function addressWidths(caps: bigint, ecaps: bigint, scalable: boolean): number {
  const second = cap.sagaw(caps);
  if (!scalable || !ecap.firstStage(ecaps)) return second;
  const first = (1 << 2) | (cap.firstStage5Level(caps) ? 1 << 3 : 0);
  return ecap.secondStage(ecaps) ? first & second : first;
}

/** Linux: __iommu_calculate_agaw() */
function widest(widths: number, from: number): number {
  for (let agaw = from; agaw >= 0; agaw--) if ((widths & (1 << agaw)) !== 0) return agaw;
  return -1;
}

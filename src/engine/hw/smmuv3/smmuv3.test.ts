import { PhysicalMemory } from '../../memory/physical-memory';
import type { IommuOps } from '../../iommu/ops';
import { describeIommuDevice } from '../common/iommu-device.conformance';
import type { SmmuConfig } from './device/config';
import { createSmmuUnit } from './unit';

/** Arm ARM, D8.4 "Stage 1 permissions": AP has no value for "written but not read". Linux: arm_lpae_prot_to_pte() */
const STAGE_1 = { writeMeansRead: 'AP[2:1] cannot say that' };
const OFF = { sets: 0, ways: 1 };
const ONE = { sets: 1, ways: 1 };

const make = (config: Partial<SmmuConfig>) => () => {
  const memory = new PhysicalMemory();
  const unit = createSmmuUnit({ unit: 'iommu:smmu0', memory, config });
  if (!unit.ok) throw new Error(unit.why);
  return { memory, ops: unit.value.driver as IommuOps, device: unit.value.device };
};

describeIommuDevice('SMMUv3, stage 1 at EL2', make({}), STAGE_1);
describeIommuDevice(
  'SMMUv3, stage 1 at EL1, no range commands, smallest caches',
  make({ hyp: false, ril: false, iotlb: ONE, walkCache: ONE, steCache: ONE, cdCache: ONE }),
  STAGE_1,
);
describeIommuDevice(
  'SMMUv3, stage 1, no caches, linear stream table',
  make({ stLevel: false, msi: false, iotlb: OFF, walkCache: OFF, steCache: OFF, cdCache: OFF }),
  STAGE_1,
);
describeIommuDevice('SMMUv3, stage 2', make({ s1p: false }));
describeIommuDevice('SMMUv3, stage 2, 40 bits: tables in a row', make({ s1p: false, oas: 40, ril: false }));

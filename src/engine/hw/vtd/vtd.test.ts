import { PhysicalMemory } from '../../memory/physical-memory';
import { describeIommuDevice } from '../common/iommu-device.conformance';
import type { VtdConfig } from './device/config';
import { createVtdUnit } from './unit';

const make = (config: Partial<VtdConfig>) => () => {
  const memory = new PhysicalMemory();
  const unit = createVtdUnit({ memory, config });
  if (!unit.ok) throw new Error(unit.why);
  unit.value.driver.enableTranslation();
  return { memory, ops: unit.value.driver, device: unit.value.device };
};

describeIommuDevice('VT-d, 48 bits', make({}));
describeIommuDevice(
  'VT-d, 39 bits, smallest caches',
  make({ widthBits: 39, iotlb: { sets: 1, ways: 1 }, contextCache: { sets: 1, ways: 1 } }),
);
describeIommuDevice('VT-d, 57 bits', make({ widthBits: 57, iotlb: { sets: 2, ways: 4 } }));
describeIommuDevice('VT-d, 4 KiB pages only', make({ superpages: 0 }));

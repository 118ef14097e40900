import { PhysicalMemory } from '../../memory/physical-memory';
import { describeIommuDevice } from '../common/iommu-device.conformance';
import { SCALABLE_VTD_CONFIG, type VtdConfig } from './device/config';
import type { VtdDriverOptions } from './driver/driver';
import { createVtdUnit } from './unit';

const make =
  (config: Partial<VtdConfig>, driver: Partial<VtdDriverOptions> = {}) =>
  () => {
    const memory = new PhysicalMemory();
    const unit = createVtdUnit({ memory, config, driver });
    if (!unit.ok) throw new Error(unit.why);
    unit.value.driver.enableTranslation();
    return { memory, ops: unit.value.driver, device: unit.value.device };
  };

describeIommuDevice('VT-d, 48 bits', make({}));
describeIommuDevice(
  'VT-d, 39 bits, smallest caches',
  make({ widthBits: 39, iotlb: { sets: 1, ways: 1 }, deviceCache: { sets: 1, ways: 1 } }),
);
describeIommuDevice('VT-d, 57 bits', make({ widthBits: 57, iotlb: { sets: 2, ways: 4 } }));
describeIommuDevice('VT-d, 4 KiB pages only', make({ superpages: 0 }));

const tiny = { sets: 1, ways: 1 };
const noReadBit = { writeMeansRead: 'first-stage entries have no read bit' };
describeIommuDevice('VT-d, scalable mode, first stage', make(SCALABLE_VTD_CONFIG), noReadBit);
describeIommuDevice(
  'VT-d, scalable mode, first stage of five levels, smallest caches',
  make({
    ...SCALABLE_VTD_CONFIG,
    widthBits: 57,
    iotlb: tiny,
    deviceCache: tiny,
    processCache: tiny,
    walkCache: tiny,
  }),
  noReadBit,
);
describeIommuDevice(
  'VT-d, scalable mode, second stage',
  make({ ...SCALABLE_VTD_CONFIG, firstStage: false, nested: false }),
);
describeIommuDevice(
  'VT-d, scalable mode, CM',
  make({ ...SCALABLE_VTD_CONFIG, cachingMode: true }),
  noReadBit,
);
describeIommuDevice('VT-d, legacy, CM', make({ cachingMode: true }));
describeIommuDevice('VT-d, scalable silicon, sm_off', make(SCALABLE_VTD_CONFIG, { legacy: true }));

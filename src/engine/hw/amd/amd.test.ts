import { PhysicalMemory } from '../../memory/physical-memory';
import { describeIommuDevice } from '../common/iommu-device.conformance';
import { createAmdUnit, type AmdUnitOptions } from './unit';

const make = (options: Partial<AmdUnitOptions>) => () => {
  const memory = new PhysicalMemory();
  const unit = createAmdUnit({ unit: 'iommu:ivhd0', memory, ...options });
  if (!unit.ok) throw new Error(unit.why);
  unit.value.start();
  const { driver, device } = unit.value;
  return { memory, ops: driver, device };
};

// x86-64 tables have no bit for reading.
const x86 = { writeMeansRead: 'a page of an x86-64 table that is present can be read' };
// The largest pages reach to the end of what an entry can name.
const wide = { hostBits: 52 };

describeIommuDevice('AMD-Vi, host tables', make({ config: wide }));
describeIommuDevice('AMD-Vi, guest tables', make({ driver: { pageTable: 'v2' } }), x86);
describeIommuDevice(
  'AMD-Vi, guest tables of five levels',
  make({ driver: { pageTable: 'v2', la57: true } }),
  x86,
);
describeIommuDevice('AMD-Vi with NpCache', make({ config: { ...wide, npCache: true } }));
describeIommuDevice('AMD-Vi without caches', make({ config: { ...wide, ...noCaches() } }));

function noCaches() {
  const off = { sets: 0, ways: 1 };
  return { iotlb: off, dteCache: off, pasidCache: off, pdeCache: off, interruptCache: off };
}

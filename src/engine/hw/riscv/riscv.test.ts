import { PhysicalMemory } from '../../memory/physical-memory';
import { describeIommuDevice } from '../common/iommu-device.conformance';
import { DEFAULT_CAPABILITIES, type RiscvConfig } from './device/config';
import { CAP_MSI_FLAT, CAP_SV48, CAP_SV57, DDTP_2LVL } from './regs';
import { createRiscvUnit } from './unit';

const make = (config: Partial<RiscvConfig>) => () => {
  const memory = new PhysicalMemory();
  const unit = createRiscvUnit({ unit: 'iommu:riscv0', memory, config });
  if (!unit.ok) throw new Error(unit.why);
  return { memory, ops: unit.value.driver, device: unit.value.device };
};
/** Riscv privileged specification, "Sv39": W=1 with R=0 is reserved. Linux: fmt/riscv.h riscvpt_iommu_set_prot() */
const EXCEPTIONS = { writeMeansRead: 'an entry cannot be writable and not readable' };
const without = (...bits: readonly bigint[]): bigint =>
  bits.reduce((caps, bit) => caps & ~(1n << bit), DEFAULT_CAPABILITIES);

describeIommuDevice('RISC-V, Sv57, three levels of directory', make({}), EXCEPTIONS);
describeIommuDevice(
  'RISC-V, Sv48, base format, two levels, smallest caches',
  make({
    capabilities: without(CAP_SV57, CAP_MSI_FLAT),
    maxMode: DDTP_2LVL,
    iotlb: { sets: 1, ways: 1 },
    walkCache: { sets: 1, ways: 1 },
    ddtCache: { sets: 1, ways: 1 },
  }),
  EXCEPTIONS,
);
describeIommuDevice(
  'RISC-V, Sv39, no caches',
  make({
    capabilities: without(CAP_SV57, CAP_SV48),
    iotlb: { sets: 0, ways: 1 },
    walkCache: { sets: 0, ways: 1 },
    ddtCache: { sets: 0, ways: 1 },
  }),
  EXCEPTIONS,
);

import { ok, type Result } from '../../kernel/errno';
import type { PhysicalMemory } from '../../memory/physical-memory';
import type { Trace } from '../../trace/trace';
import type { VtdConfig } from './device/config';
import { VtdDevice } from './device/device';
import { createVtdDriver, type VtdDriver, type VtdDriverOptions } from './driver/driver';

export interface VtdUnit {
  readonly device: VtdDevice;
  readonly driver: VtdDriver;
}

export interface VtdUnitOptions {
  readonly memory: PhysicalMemory;
  readonly trace?: Trace;
  readonly config?: Partial<VtdConfig>;
  readonly driver?: Partial<VtdDriverOptions>;
}

/** One unit with its driver on it, wired as on a board: memory, registers, and the fault event's interrupt. */
export function createVtdUnit(options: VtdUnitOptions): Result<VtdUnit> {
  const { memory } = options;
  const trace = options.trace === undefined ? {} : { trace: options.trace };
  let driver: VtdDriver | null = null;
  const irq = { raise: () => driver?.faultInterrupt() };
  const device = new VtdDevice(options.config ?? {}, { memory, irq, ...trace });
  const { unit, segment } = device.state.config;
  const created = createVtdDriver({
    memory,
    bus: device.registers,
    unit,
    segment,
    ...trace,
    ...options.driver,
  });
  if (!created.ok) return created;
  driver = created.value;
  return ok({ device, driver });
}

import { err, ok, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import {
  cap,
  CAPABILITIES,
  CQB,
  CQCSR,
  CQH,
  CQT,
  DDTP,
  DDTP_BARE,
  FCTL,
  FCTL_BE,
  FCTL_WSI,
  FQB,
  FQCSR,
  FQH,
  FQT,
  ICVEC,
  IGS_MSI,
  IGS_WSI,
  IPSR,
} from '../regs';
import { COMMAND_BYTES, FAULT_BYTES } from '../structs';
import { CommandQueue } from './command-queue';
import { DeviceDirectory, isBusy, modeOf } from './directory';
import { FaultQueue } from './fault-queue';
import type { DeviceLog } from './log';
import type { RegisterIo } from './register-io';
import { Ring, type QueueRegisters } from './ring';

/** log2 of entries. Linux: RISCV_IOMMU_DEF_CQ_COUNT, RISCV_IOMMU_DEF_FQ_COUNT */
const CQ_LG2 = 13;
const FQ_LG2 = 12;
const CQ: QueueRegisters = { id: 0, base: CQB, head: CQH, tail: CQT, control: CQCSR, ipsr: IPSR };
const FQ: QueueRegisters = { id: 1, base: FQB, head: FQH, tail: FQT, control: FQCSR, ipsr: IPSR };
/** One vector for each cause. Linux: RISCV_IOMMU_INTR_COUNT */
const VECTORS = 4;

/** What the driver holds of a running unit. Linux: struct riscv_iommu_device */
export interface RiscvUnitParts {
  readonly capabilities: bigint;
  readonly commands: CommandQueue;
  readonly faults: FaultQueue;
  readonly directory: DeviceDirectory;
}

/** Linux: riscv_iommu_platform_probe(), riscv_iommu_init() */
export function initUnit(memory: PhysicalMemory, io: RegisterIo, log: DeviceLog): Result<RiscvUnitParts> {
  const capabilities = io.readq(CAPABILITIES);
  const wired = useWires(io, log, capabilities);
  if (!wired.ok) return wired;
  const checked = checkState(io, log, capabilities);
  if (!checked.ok) return checked;
  const root = DeviceDirectory.place(memory, io);
  if (!root.ok) return root;
  const commandRing = Ring.create(memory, io, log, CQ, CQ_LG2, COMMAND_BYTES);
  if (!commandRing.ok) return commandRing;
  const faultRing = Ring.create(memory, io, log, FQ, FQ_LG2, FAULT_BYTES);
  if (!faultRing.ok) return faultRing;
  const commandsOn = commandRing.value.enable(log, CQT);
  if (!commandsOn.ok) return commandsOn;
  const commands = new CommandQueue(commandRing.value, log);
  const directory = DeviceDirectory.over(memory, io, log, commands, root.value, cap.msiFlat(capabilities));
  const faultsOn = faultRing.value.enable(log, FQH);
  const ready = faultsOn.ok ? directory.enable() : faultsOn;
  if (!ready.ok) {
    if (faultsOn.ok) faultRing.value.disable();
    commandRing.value.disable();
    return ready;
  }
  return ok({ capabilities, commands, faults: new FaultQueue(faultRing.value, log), directory });
}

/** The machine has no controller that takes messages of the unit itself. Linux: riscv_iommu_platform_probe() */
function useWires(io: RegisterIo, log: DeviceLog, capabilities: bigint): Result<undefined> {
  const igs = cap.igs(capabilities);
  const refuse = (why: string): Result<undefined> => {
    log('err', `error -ENODEV: ${why}`);
    return err('ENODEV', why, { rule: 'riscv_iommu_platform_probe' });
  };
  if (igs > 2) return refuse('invalid IGS');
  if (igs !== IGS_WSI) log('warn', 'failed to find an MSI domain');
  if (igs === IGS_MSI) return refuse('unable to use wire-signaled interrupts');
  const control = io.readl(FCTL);
  if ((control & FCTL_WSI) === 0) io.writel(FCTL, control | FCTL_WSI);
  log('info', 'using wire-signaled interrupts');
  return ok(undefined);
}

/** Linux: riscv_iommu_init_check() */
function checkState(io: RegisterIo, log: DeviceLog, capabilities: bigint): Result<undefined> {
  const rule = 'riscv_iommu_init_check';
  const refuse = (errno: 'EBUSY' | 'EINVAL', why: string): Result<undefined> => {
    log('err', `error -${errno}: unexpected device state`);
    return err(errno, why, { rule });
  };
  const ddtp = io.readq(DDTP);
  if (isBusy(ddtp)) return refuse('EBUSY', 'ddtp is busy');
  if (modeOf(ddtp) > DDTP_BARE) return refuse('EBUSY', 'the unit is in use already');
  const control = io.readl(FCTL);
  if ((control & FCTL_BE) !== 0) {
    if (!cap.end(capabilities)) return refuse('EINVAL', 'the unit is big-endian only');
    io.writel(FCTL, control ^ FCTL_BE);
    if ((io.readl(FCTL) & FCTL_BE) !== 0) return refuse('EINVAL', 'the unit stays big-endian');
  }
  // Faults, page requests and counters; commands have the first.
  io.writeq(ICVEC, (1n << 4n) | (2n << 12n) | (3n << 8n));
  const taken = io.readq(ICVEC);
  for (const shift of [0n, 4n, 8n, 12n])
    if (((taken >> shift) & 0xfn) >= VECTORS) return refuse('EINVAL', 'icvec names a vector that is none');
  return ok(undefined);
}

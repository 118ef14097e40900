import { invariant } from '../../../../lib/invariant';
import { err, ok, type Result } from '../../../kernel/errno';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import type { Trace } from '../../../trace/trace';
import type { RegisterBus } from '../../port';
import {
  CAP,
  cap,
  ECAP,
  ecap,
  FEADDR,
  FECTL,
  FEDATA,
  FEUADDR,
  GSTS,
  IRE,
  IRTA,
  IRTA_EIME,
  RTADDR,
  SIRTP,
  SRTP,
  VER,
} from '../regs';
import { ContextTables } from './context-table';
import { FaultHandler } from './faults';
import { Flusher } from './flush';
import { kernelLog, type KernelLog } from './log';
import { QueuedInvalidation } from './queue';
import { RegisterIo } from './register-io';

export interface UnitOptions {
  readonly memory: PhysicalMemory;
  readonly bus: RegisterBus;
  readonly unit: string;
  readonly trace: Trace;
  readonly segment: number;
  readonly registerBase: number;
  readonly interruptRemapping: boolean;
}

/** What the driver holds of a running unit. Linux: struct intel_iommu */
export interface VtdUnitParts {
  readonly io: RegisterIo;
  readonly cap: bigint;
  readonly ecap: bigint;
  readonly tables: ContextTables;
  readonly flush: Flusher;
  readonly faults: FaultHandler;
  readonly interruptRemapping: boolean;
}

/** 64 Ki entries of 16 bytes. Linux: INTR_REMAP_TABLE_ENTRIES, INTR_REMAP_TABLE_REG_SIZE */
const INTERRUPT_TABLE_FRAMES = 256;
const INTERRUPT_TABLE_SIZE = 0xfn;
/** A fixed vector of the boot processor, standing for what dmar_alloc_hwirq() would pick. */
const FAULT_MSI_ADDRESS = 0xfee0_0000 | 0;
const FAULT_MSI_DATA = 0x21;

/**
 * Linux: drivers/iommu/intel/dmar.c alloc_iommu(), iommu.c init_dmars(), irq_remapping.c intel_setup_irq_remapping().
 * Interrupt remapping comes first, as it does at boot, and brings the invalidation queue up on its way.
 */
export function initUnit(options: UnitOptions): Result<VtdUnitParts> {
  const { memory, unit, trace } = options;
  const io = new RegisterIo(options.bus, unit, trace);
  const log = kernelLog(trace);
  const name = unit.slice(unit.indexOf(':') + 1);
  const caps = io.readq(CAP);
  const ecaps = io.readq(ECAP);
  const version = io.readl(VER);
  const reg = options.registerBase.toString(16);
  const ver = `${(version >>> 4) & 0xf}:${version & 0xf}`;
  log('info', `${name}: reg_base_addr ${reg} ver ${ver} cap ${caps.toString(16)} ecap ${ecaps.toString(16)}`);
  invariant(io.readl(GSTS) === 0, `${unit} is in use already`);
  invariant(ecap.queuedInvalidation(ecaps), `${unit} has no invalidation queue`);

  const queue = QueuedInvalidation.enable(memory, io, log);
  if (!queue.ok) return queue;
  const flush = new Flusher(queue.value, {
    writeDrain: cap.writeDrain(caps),
    readDrain: cap.readDrain(caps),
    pageSelective: cap.pageSelective(caps),
    maxAddressMask: cap.maxAddressMask(caps),
  });
  const remapping = options.interruptRemapping && ecap.interruptRemapping(ecaps);
  if (remapping) {
    const on = enableInterruptRemapping(memory, io, flush, log);
    if (!on.ok) return on;
  }
  const tables = ContextTables.create(memory);
  if (!tables.ok) return tables;
  log('info', `${name}: Using Queued invalidation`);
  setRootEntry(io, tables.value.rootPa, flush, cap.esrtps(caps));
  const faults = new FaultHandler(io, cap.faultOffset(caps), cap.faultRecords(caps), options.segment, log);
  enableFaultInterrupt(io, faults);
  return ok({
    io,
    cap: caps,
    ecap: ecaps,
    tables: tables.value,
    flush,
    faults,
    interruptRemapping: remapping,
  });
}

/** Linux: iommu_set_root_entry() */
function setRootEntry(io: RegisterIo, rootPa: number, flush: Flusher, hardwareFlushes: boolean): void {
  io.writeq(RTADDR, BigInt(rootPa));
  invariant(io.command(SRTP), 'the unit does not take its root table');
  if (hardwareFlushes) return;
  flush.contextGlobal();
  flush.iotlbGlobal();
}

/** Linux: irq_remapping.c iommu_set_irq_remapping(), iommu_enable_irq_remapping() */
function enableInterruptRemapping(
  memory: PhysicalMemory,
  io: RegisterIo,
  flush: Flusher,
  log: KernelLog,
): Result<undefined> {
  const table = memory.allocateFrames(INTERRUPT_TABLE_FRAMES, { align: INTERRUPT_TABLE_FRAMES });
  if (!table.ok) return err('ENOMEM', 'no frames for the interrupt-remapping table');
  io.writeq(IRTA, BigInt(table.value * 4096) | BigInt(IRTA_EIME) | INTERRUPT_TABLE_SIZE);
  invariant(io.command(SIRTP), 'the unit does not take its interrupt-remapping table');
  flush.interruptEntries();
  invariant(io.level(IRE, true), 'the unit does not enable interrupt remapping');
  log('info', 'Enabled IRQ remapping in x2apic mode');
  return ok(undefined);
}

/** Linux: dmar_set_interrupt(), dmar_msi_write(), dmar_msi_unmask() */
function enableFaultInterrupt(io: RegisterIo, faults: FaultHandler): void {
  io.writel(FEDATA, FAULT_MSI_DATA);
  io.writel(FEADDR, FAULT_MSI_ADDRESS);
  io.writel(FEUADDR, 0);
  io.writel(FECTL, 0);
  faults.handle();
}

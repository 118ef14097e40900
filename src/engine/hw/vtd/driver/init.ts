import { invariant } from '../../../../lib/invariant';
import { err, ok, type Result } from '../../../kernel/errno';
import { structure } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import type { Trace } from '../../../trace/trace';
import type { RegisterBus } from '../../port';
import type { DeviceControl, PageRequestGate } from '../../unit';
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
  RTADDR_SMT,
  SIRTP,
  SRTP,
  VER,
} from '../regs';
import { unitCaps, type UnitCaps } from './caps';
import { ContextTables } from './context-table';
import { DomainIds } from './domain-ids';
import { FaultHandler } from './faults';
import { Flusher } from './flush';
import type { IntelIommu } from './intel-iommu';
import { kernelLog, type KernelLog } from './log';
import { PageRequestQueue } from './page-requests';
import { QueuedInvalidation } from './queue';
import { RegisterIo } from './register-io';

export interface InitOptions {
  readonly memory: PhysicalMemory;
  readonly bus: RegisterBus;
  readonly unit: string;
  readonly trace: Trace;
  readonly segment: number;
  readonly registerBase: number;
  readonly interruptRemapping: boolean;
  /** intel_iommu=sm_off */
  readonly legacy: boolean;
  readonly control: DeviceControl | null;
  readonly pageRequestGate: PageRequestGate | null;
  readonly skipInvalidation: boolean;
  readonly flushEveryAlias: boolean;
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
export function initUnit(options: InitOptions): Result<IntelIommu> {
  const { memory, unit, trace } = options;
  const io = new RegisterIo(options.bus, unit, trace);
  const log = kernelLog(trace);
  const name = unit.slice(unit.indexOf(':') + 1);
  const known = readCapabilities(options, io, log, name);
  if (!known.ok) return known;
  const caps = known.value;

  const queue = QueuedInvalidation.enable(memory, io, log, ecap.scalable(caps.ecap));
  if (!queue.ok) return queue;
  const flush = new Flusher(queue.value, io, caps);
  const remapping = options.interruptRemapping && ecap.interruptRemapping(caps.ecap);
  if (remapping) {
    const on = enableInterruptRemapping(memory, io, flush, log, caps);
    if (!on.ok) return on;
  }
  log('info', `${name}: Using Queued invalidation`);
  const tables = ContextTables.create(memory, caps.scalable);
  if (!tables.ok) {
    log('err', `Allocating root entry for ${name} failed`);
    return tables;
  }
  flush.writeBuffer();
  setRootEntry(io, tables.value.rootPa, flush, caps);
  flush.writeBuffer();
  const requests = ecap.pageRequests(caps.ecap) ? PageRequestQueue.enable(memory, io, log, name) : null;
  if (requests?.ok === false) return requests;
  const faults = new FaultHandler(
    io,
    cap.faultOffset(caps.cap),
    cap.faultRecords(caps.cap),
    options.segment,
    log,
  );
  enableFaultInterrupt(io, faults);
  const byRid: IntelIommu['byRid'] = new Map();
  queue.value.isPresent = (rid) => byRid.has(rid);
  return ok({
    unit,
    name,
    memory,
    log,
    io,
    caps,
    tables: tables.value,
    flush,
    faults,
    requests: requests?.value ?? null,
    ids: new DomainIds(cap.domains(caps.cap)),
    devices: new Map(),
    byRid,
    interruptRemapping: remapping,
    control: options.control,
    pageRequestGate: options.pageRequestGate,
    skipInvalidation: options.skipInvalidation,
    flushEveryAlias: options.flushEveryAlias,
  });
}

/** Linux: alloc_iommu() */
function readCapabilities(
  { unit, registerBase, legacy }: InitOptions,
  io: RegisterIo,
  log: KernelLog,
  name: string,
): Result<UnitCaps> {
  const caps = unitCaps(io.readq(CAP), io.readq(ECAP), legacy);
  if (caps.agaw < 0) {
    log('err', 'Cannot get a valid agaw for iommu (seq_id = 0)');
    return err('ENODEV', `${unit}: no address width that all its stages have`, {
      rule: 'iommu_calculate_agaw',
    });
  }
  const version = io.readl(VER);
  const reg = registerBase.toString(16);
  const ver = `${(version >>> 4) & 0xf}:${version & 0xf}`;
  log(
    'info',
    `${name}: reg_base_addr ${reg} ver ${ver} cap ${caps.cap.toString(16)} ecap ${caps.ecap.toString(16)}`,
  );
  invariant(io.readl(GSTS) === 0, `${unit} is in use already`);
  invariant(ecap.queuedInvalidation(caps.ecap), `${unit} has no invalidation queue`);
  return ok(caps);
}

/** Linux: iommu_set_root_entry() */
function setRootEntry(io: RegisterIo, rootPa: number, flush: Flusher, caps: UnitCaps): void {
  io.writeq(RTADDR, BigInt(rootPa) | (caps.scalable ? BigInt(RTADDR_SMT) : 0n));
  invariant(io.command(SRTP), 'the unit does not take its root table');
  if (cap.esrtps(caps.cap)) return;
  flush.contextGlobal();
  if (caps.scalable) flush.pasidCacheGlobal();
  flush.iotlbGlobal();
}

/** Linux: irq_remapping.c iommu_set_irq_remapping(), iommu_enable_irq_remapping() */
function enableInterruptRemapping(
  memory: PhysicalMemory,
  io: RegisterIo,
  flush: Flusher,
  log: KernelLog,
  caps: UnitCaps,
): Result<undefined> {
  const table = memory.allocateFrames(INTERRUPT_TABLE_FRAMES, {
    align: INTERRUPT_TABLE_FRAMES,
    use: structure('interrupt-remapping table'),
  });
  if (!table.ok) return err('ENOMEM', 'no frames for the interrupt-remapping table');
  const x2apic = ecap.extendedInterrupts(caps.ecap);
  const mode = x2apic ? BigInt(IRTA_EIME) : 0n;
  io.writeq(IRTA, BigInt(table.value * 4096) | mode | INTERRUPT_TABLE_SIZE);
  invariant(io.command(SIRTP), 'the unit does not take its interrupt-remapping table');
  if (!cap.esirtps(caps.cap)) flush.interruptEntries();
  invariant(io.level(IRE, true), 'the unit does not enable interrupt remapping');
  log('info', `Enabled IRQ remapping in ${x2apic ? 'x2apic' : 'xapic'} mode`);
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

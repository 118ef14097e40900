import { err, ok, type Failure, type Result } from '../../../kernel/errno';
import { queue, structure } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { silent } from '../../../trace/trace';
import { formatBdf } from '../../common/bdf';
import {
  CONTROL,
  DEVTAB_BASE,
  efr as field,
  EFR,
  EFR2,
  EXCL_BASE,
  EXCL_LIMIT,
  IOMMU_EN,
  XT_GA_INT,
  XT_GEN_INT,
  XT_PPR_INT,
} from '../regs';
import { CMD_BUFFER_FRAMES, CommandBuffer } from './command-buffer';
import {
  CONTROL_CMDBUF_EN,
  CONTROL_COHERENT_EN,
  CONTROL_EPH_EN,
  CONTROL_EVT_INT_EN,
  CONTROL_EVT_LOG_EN,
  CONTROL_GA_EN,
  CONTROL_GAINT_EN,
  CONTROL_GALOG_EN,
  CONTROL_GCR3TRPMODE,
  CONTROL_GT_EN,
  CONTROL_HT_TUN_EN,
  CONTROL_INTCAPXT_EN,
  CONTROL_INV_TIMEOUT,
  CONTROL_IOMMU_EN,
  CONTROL_IRTCACHEDIS,
  CONTROL_ISOC_EN,
  CONTROL_NUM_INT_REMAP_MODE,
  CONTROL_PASSPW_EN,
  CONTROL_PPRINT_EN,
  CONTROL_PPRLOG_EN,
  CONTROL_RESPASSPW_EN,
  CONTROL_XT_EN,
  CTRL_INV_TO_1S,
  CTRL_INV_TO_MASK,
  NUM_INT_REMAP_MODE_2K,
  NUM_INT_REMAP_MODE_MASK,
} from './control';
import { enableEventLog, EVENT_LOG_FRAMES } from './events';
import { alternate, featureLine, gcr3TrpMode, interrupts2k, readFeatures } from './features';
import type { AmdGlobals } from './globals';
import { Ivhd } from './ivhd';
import { kernelLog, plainLog } from './log';
import type { AmdDriverOptions } from './options';
import { enablePprLog, PPR_LOG_FRAMES } from './ppr';
import { RegisterIo } from './register-io';

/** 00:00.2, where processors have it. */
const DEVID_DEFAULT = 0x0002;
/** PASIDs have 16 bits. Linux: PASID_MASK */
const MOST_PASIDS = 0xffff;

/**
 * Brings a unit up as the kernel does before it looks at devices: buffers, device table, CONTROL; translation is on, but no
 * entry is valid yet, so that everything passes.
 *
 * Linux: drivers/iommu/amd/init.c early_amd_iommu_init(), early_enable_iommus(), the first half of amd_iommu_init_pci()
 */
export function initUnit(options: AmdDriverOptions, globals: AmdGlobals): Result<Ivhd> {
  const made = allocate(options, globals);
  if (!made.ok) return made;
  const iommu = made.value;
  const { io, features, segment } = iommu;
  iommu.log('info', `Using global IVHD EFR:${alternate(features.efr)}, EFR2:${alternate(features.efr2)}`);
  if ((io.readq(CONTROL) & BigInt(IOMMU_EN)) !== 0n) {
    disableUnit(iommu);
    iommu.log('warn', `Translation was enabled for IOMMU:${iommu.index} but we are not in kdump mode`);
  }
  disableUnit(iommu);
  if (iommu.irqRemap) segment.table.enableInterruptTables();
  earlyEnable(iommu, options);
  return initPci(iommu);
}

/** Linux: init_iommu_one(), alloc_iommu_buffers() */
function allocate(options: AmdDriverOptions, globals: AmdGlobals): Result<Ivhd> {
  const { memory, unit, trace = silent, segment: segmentId = 0, devid = DEVID_DEFAULT } = options;
  const io = new RegisterIo(options.bus, unit, trace);
  const log = kernelLog(trace);
  const features = readFeatures(options);
  if (features.maxPasids > MOST_PASIDS)
    return err('EINVAL', 'the driver knows PASIDs of 16 bits only: kernel BUG', { rule: 'iommu_init_pci' });
  const { lastBdf = 0xffff, deviceFlags = [] } = options;
  const segment = globals.segment(segmentId, memory, { lastBdf, deviceFlags });
  if (!segment.ok) return segment;
  const buffers = allocateBuffers(memory);
  if (!buffers.ok) {
    globals.forget(segment.value, memory);
    return buffers;
  }
  const { semaphore, commandBuffer, eventLog } = buffers.value;
  const name = formatBdf(segmentId, devid);
  const commands = new CommandBuffer(memory, io, log, name, commandBuffer * 4096, semaphore * 4096);
  const iommu = new Ivhd({
    index: globals.iommus.length,
    devid,
    globals,
    segment: segment.value,
    features,
    memory,
    io,
    trace,
    log,
    print: plainLog(trace),
    commands,
    eventLogPa: eventLog * 4096,
    pprLogPa: null,
    irqRemap: options.interruptRemapping ?? true,
    aliasOf: options.aliasOf ?? ((rid) => rid),
  });
  globals.iommus.push(iommu);
  return ok(iommu);
}

/** All of them or none. Linux: alloc_iommu_buffers() */
function allocateBuffers(
  memory: PhysicalMemory,
): Result<Record<'semaphore' | 'commandBuffer' | 'eventLog', number>> {
  const semaphore = memory.allocateFrames(1, { use: structure('completion semaphore') });
  if (!semaphore.ok) return semaphore;
  const commandBuffer = memory.allocateFrames(CMD_BUFFER_FRAMES, {
    align: CMD_BUFFER_FRAMES,
    use: queue('command buffer'),
  });
  if (!commandBuffer.ok) {
    memory.freeFrames(semaphore.value, 1);
    return commandBuffer;
  }
  const eventLog = memory.allocateFrames(EVENT_LOG_FRAMES, {
    align: EVENT_LOG_FRAMES,
    use: queue('event log'),
  });
  if (!eventLog.ok) {
    memory.freeFrames(semaphore.value, 1);
    memory.freeFrames(commandBuffer.value, CMD_BUFFER_FRAMES);
    return eventLog;
  }
  return ok({ semaphore: semaphore.value, commandBuffer: commandBuffer.value, eventLog: eventLog.value });
}

/** Linux: iommu_disable() */
function disableUnit({ io }: Ivhd): void {
  io.disable(CONTROL_CMDBUF_EN);
  io.disable(CONTROL_EVT_INT_EN);
  io.disable(CONTROL_EVT_LOG_EN);
  io.disable(CONTROL_GALOG_EN);
  io.disable(CONTROL_GAINT_EN);
  io.disable(CONTROL_PPRLOG_EN);
  io.disable(CONTROL_PPRINT_EN);
  io.disable(CONTROL_IOMMU_EN);
  io.disable(CONTROL_IRTCACHEDIS);
}

/** Linux: early_enable_iommu() */
function earlyEnable(iommu: Ivhd, options: AmdDriverOptions): void {
  const { io, features, segment, commands } = iommu;
  disableUnit(iommu);
  initFlags(iommu, options.acpiFlags ?? 0);
  io.writeq(DEVTAB_BASE, BigInt(segment.table.pa) | BigInt(segment.table.frames - 1));
  commands.enable();
  enableEventLog(iommu);
  // No exclusion range: the kernel takes what firmware excludes for memory to be mapped one to one.
  enableGuestTables(iommu);
  if (features.guestApic) io.enable(CONTROL_GA_EN);
  if (features.x2apic) io.enable(CONTROL_XT_EN);
  if (options.irtCacheDisable === true) disableIrtCache(iommu);
  if (interrupts2k(features))
    io.featureSet(NUM_INT_REMAP_MODE_2K, NUM_INT_REMAP_MODE_MASK, CONTROL_NUM_INT_REMAP_MODE);
  io.enable(CONTROL_IOMMU_EN);
  iommu.flushAllCaches();
}

/** Linux: iommu_init_flags() */
function initFlags({ io, features }: Ivhd, acpiFlags: number): void {
  const set = (bit: number, on: number): void => (on === 0 ? io.disable(bit) : io.enable(bit));
  set(CONTROL_HT_TUN_EN, acpiFlags & 1);
  set(CONTROL_PASSPW_EN, acpiFlags & 2);
  set(CONTROL_RESPASSPW_EN, acpiFlags & 4);
  set(CONTROL_ISOC_EN, acpiFlags & 8);
  io.enable(CONTROL_COHERENT_EN);
  io.featureSet(CTRL_INV_TO_1S, CTRL_INV_TO_MASK, CONTROL_INV_TIMEOUT);
  if (field.enhancedPpr(features.efr)) io.enable(CONTROL_EPH_EN);
}

/** Linux: iommu_enable_gt() */
function enableGuestTables({ io, features }: Ivhd): void {
  if (!field.guestTranslation(features.efr)) return;
  io.enable(CONTROL_GT_EN);
  if (gcr3TrpMode(features)) io.enable(CONTROL_GCR3TRPMODE);
}

/** Whether a unit can do without that cache shows in whether the bit can be set. Linux: iommu_enable_irtcachedis() */
function disableIrtCache(iommu: Ivhd): void {
  const { io, index, devid } = iommu;
  io.enable(CONTROL_IRTCACHEDIS);
  iommu.irtCacheDisabled = ((io.readq(CONTROL) >> BigInt(CONTROL_IRTCACHEDIS)) & 1n) !== 0n;
  const id = `0x${devid.toString(16).padStart(4, '0')}`;
  iommu.log(
    'info',
    `iommu${index} (${id}) : IRT cache is ${iommu.irtCacheDisabled ? 'disabled' : 'enabled'}`,
  );
}

/** Linux: iommu_init_pci(), iommu_set_cwwb_range() */
function initPci(iommu: Ivhd): Result<Ivhd> {
  const { io, features, memory, commands } = iommu;
  const { efr, efr2 } = features;
  const there = io.readq(EFR);
  const there2 = io.readq(EFR2);
  if (there !== efr || there2 !== efr2) {
    const values = [there, efr].map(alternate).join(' : ');
    const values2 = [there2, efr2].map(alternate).join(' : ');
    iommu.log('warn', `[Firmware Warn]: EFR mismatch. Use IVHD EFR (${values}), EFR2 (${values2}).`);
  }
  enableGuestTables(iommu);
  if (field.ppr(efr)) {
    const log = memory.allocateFrames(PPR_LOG_FRAMES, { align: PPR_LOG_FRAMES, use: queue('PPR log') });
    if (!log.ok) return cannotStart(iommu, log);
    iommu.pprLogPa = log.value * 4096;
  }
  if (features.npCache) iommu.log('info', 'Using strict mode due to virtualization');
  if (efr >> 63n !== 0n) {
    io.writeq(EXCL_BASE, BigInt(commands.semaphorePa));
    io.writeq(EXCL_LIMIT, BigInt(commands.semaphorePa));
  }
  return ok(iommu);
}

/** Linux: disable_iommus(), free_iommu_resources() */
function cannotStart(iommu: Ivhd, failure: Failure): Failure {
  const { globals, memory, segment, commands, eventLogPa } = iommu;
  iommu.log('err', `IOMMU${iommu.index}: Failed to initialize IOMMU Hardware (error=-12)!`);
  disableUnit(iommu);
  globals.iommus.splice(globals.iommus.indexOf(iommu), 1);
  memory.freeFrames(commands.semaphorePa / 4096, 1);
  memory.freeFrames(commands.bufferPa / 4096, CMD_BUFFER_FRAMES);
  memory.freeFrames(eventLogPa / 4096, EVENT_LOG_FRAMES);
  globals.forget(segment, memory);
  return failure;
}

/**
 * The rest, after the devices that are there have got their default domains: who has none is blocked, and the unit's
 * interrupts come.
 *
 * Linux: the second half of amd_iommu_init_pci(), amd_iommu_enable_interrupts()
 *
 * The log of guest interrupts is not modelled: as with amd_iommu_guest_ir=legacy.
 */
export function startUnit(iommu: Ivhd): void {
  const { io, features, segment } = iommu;
  if (features.pageTable !== null) segment.table.blockOthers(features.snp);
  iommu.flushAllCaches();
  iommu.log('info', featureLine(features));
  if (iommu.irqRemap) {
    iommu.log('info', 'Interrupt remapping enabled');
    if (features.x2apic) iommu.log('info', 'X2APIC enabled');
  }
  if (features.pageTable === 'v2')
    iommu.log('info', `V2 page table enabled (Paging mode : ${features.guestLevels} level)`);
  if (features.x2apic) {
    for (const register of [XT_GEN_INT, XT_PPR_INT, XT_GA_INT]) io.writeq(register, EVENT_VECTOR);
    io.enable(CONTROL_INTCAPXT_EN);
  }
  io.enable(CONTROL_EVT_INT_EN);
  if (features.guestPageRequests) enablePprLog(iommu);
}

/** A fixed vector of the boot processor, standing for what the interrupt code would pick. Linux: union intcapxt */
const EVENT_VECTOR = 0x21n << 32n;

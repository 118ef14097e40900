import { hex, join } from '../../../../lib/u64';
import { formatBdf } from '../../common/bdf';
import { decodeEvent, eventLine, eventParts } from '../describe-events';
import {
  ILLEGAL_COMMAND_ERROR,
  ILLEGAL_DEV_TABLE_ENTRY,
  IO_PAGE_FAULT,
  PAGE_TAB_HARDWARE_ERROR,
} from '../reasons';
import { CONTROL, EVT_BASE, EVT_HEAD, EVT_TAIL } from '../regs';
import { EVENT_BYTES, EVENT_I, EVENT_RW } from '../structs';
import { CONTROL_EVT_LOG_EN } from './control';
import { isProbed } from './globals';
import type { Ivhd } from './ivhd';

/** Linux: EVT_BUFFER_SIZE, EVT_LEN_MASK */
export const EVENT_LOG_FRAMES = 2;
const EVENT_LOG_BYTES = 8192;
/** A head or tail of a log of 512 entries; what hands have written beyond must not lead the driver out of it. */
export const LOG_OFFSET = 0x1ff0;
const LENGTH_512 = 9n << 56n;
const KEPT = 64;

/** Of a device that is in no domain. */
export const UNATTACHED = 'AMD-Vi: Event logged [Device not attached to domain properly]';

const pad = (value: number | bigint, digits: number): string => value.toString(16).padStart(digits, '0');

/** Linux: iommu_enable_event_buffer() */
export function enableEventLog({ io, eventLogPa }: Ivhd): void {
  io.writeq(EVT_BASE, BigInt(eventLogPa) | LENGTH_512);
  io.writel(EVT_HEAD, 0);
  io.writel(EVT_TAIL, 0);
  io.enable(CONTROL_EVT_LOG_EN);
}

/** Linux: iommu_poll_events() */
export function pollEvents(iommu: Ivhd): void {
  const { io } = iommu;
  let head = io.readl(EVT_HEAD) & LOG_OFFSET;
  const tail = io.readl(EVT_TAIL) & LOG_OFFSET;
  while (head !== tail) {
    const words = printEvent(iommu, iommu.eventLogPa + head);
    if (words !== null) keep(iommu, head / EVENT_BYTES, words);
    head = (head + EVENT_BYTES) % EVENT_LOG_BYTES;
    io.writel(EVT_HEAD, head);
  }
}

/**
 * One line for each event, and the structures behind some.
 *
 * Linux: iommu_print_event()
 *
 * Lines are not rate-limited: there is no clock here.
 */
function printEvent(iommu: Ivhd, pa: number): readonly bigint[] | null {
  const { memory, io, log, name } = iommu;
  const words = [memory.readU64(pa) ?? 0n, memory.readU64(pa + 8) ?? 0n];
  const { code, rid, address } = eventParts(words);
  const control = io.readq(CONTROL);
  if (code === 0) {
    log('err', 'No event written to event log');
    return null;
  }
  // The only kind whose entry is left as it is.
  if (code === IO_PAGE_FAULT) {
    reportPageFault(iommu, words);
    return words;
  }
  iommu.print('err', lineOf(iommu, words));
  if (code === ILLEGAL_DEV_TABLE_ENTRY) {
    iommu.print('err', `iommu ${name}: AMD-Vi: Control Reg : ${hex(control)}`);
    dumpEntry(iommu, rid);
  }
  if (code === ILLEGAL_COMMAND_ERROR) {
    for (const [n, word] of iommu.commands.dump(Number(address)).entries())
      log('err', `CMD[${n}]: ${pad(word >>> 0, 8)}`);
  }
  // By errata 732 an entry is known to be new by not being zero.
  if (!iommu.features.snp) memory.write(pa, new Uint8Array(EVENT_BYTES));
  return words;
}

/** For people: what the handler has read. */
function keep(iommu: Ivhd, index: number, words: readonly bigint[]): void {
  const { code, rid, flags, reason, name, address } = eventParts(words);
  const write = (flags & EVENT_RW) !== 0;
  iommu.faults.push({
    index,
    device: formatBdf(iommu.segment.id, rid),
    access: code > PAGE_TAB_HARDWARE_ERROR ? null : write ? 'write' : 'read',
    iova: address,
    reason,
    name,
    words,
    fields: decodeEvent(words),
    kernelLine: lineOf(iommu, words),
  });
  if (iommu.faults.length > KEPT) iommu.faults.shift();
}

/** The first line that the kernel prints for an event. */
export function lineOf(iommu: Ivhd, words: readonly bigint[]): string {
  const { code, rid, flags } = eventParts(words);
  const segment = iommu.segment.id;
  const data = iommu.segment.devices.get(rid);
  const known = data !== undefined && isProbed(data);
  if (code === IO_PAGE_FAULT && known && (flags & EVENT_I) === 0 && data.domain === null) return UNATTACHED;
  return eventLine(words, { segment, ivhd: iommu.name, ...(known && { driver: 'pci' }) });
}

/** Linux: PPR_PASID() */
export const pasidOfPpr = (entry: bigint): number =>
  Number((((entry >> 42n) & 0xfn) << 16n) | ((entry >> 16n) & 0xffffn));

/** Linux: amd_iommu_report_page_fault() */
function reportPageFault(iommu: Ivhd, words: readonly bigint[]): void {
  const { rid, tag } = eventParts(words);
  const line = lineOf(iommu, words);
  iommu.print('err', line);
  if (line !== UNATTACHED) return;
  iommu.log('err', `  device=${formatBdf(iommu.segment.id, rid)} domain=0x${pad(tag & 0xffff, 4)}`);
}

/** Linux: dump_dte_entry() */
function dumpEntry(iommu: Ivhd, devid: number): void {
  const entry = iommu.segment.table.load(devid);
  for (let n = 0; n < 4; n++) {
    const value = join(entry[n * 2 + 1] as number, entry[n * 2] as number);
    iommu.log('err', `DTE[${n}]: ${pad(value, 16)}`);
  }
}

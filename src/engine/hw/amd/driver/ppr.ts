import { join } from '../../../../lib/u64';
import type { PageRequestGate } from '../../unit';
import { PPR_BASE, PPR_HEAD, PPR_TAIL } from '../regs';
import {
  PPR_BYTES,
  PPR_CODE_REQUEST,
  PPR_FLAG_GN,
  PPR_FLAG_R,
  PPR_FLAG_RZ,
  PPR_FLAG_US,
  PPR_FLAG_W,
  PPR_FLAG_X,
  PPR_TAG_LAST,
  PPR_TAG_MASK,
} from '../structs';
import { completePpr } from './commands';
import { CONTROL_PPR_EN, CONTROL_PPRINT_EN, CONTROL_PPRLOG_EN } from './control';
import { LOG_OFFSET, pasidOfPpr } from './events';
import { isProbed, type ProbedDevice } from './globals';
import type { Ivhd } from './ivhd';

/** Linux: PPR_LOG_SIZE, PPR_LOG_SIZE_512 */
export const PPR_LOG_FRAMES = 2;
const PPR_LOG_BYTES = 8192;
const LENGTH_512 = 9n << 56n;

/**
 * Linux: include/linux/iommu.h enum iommu_page_response_code
 *
 * The kernel hands these to the hardware as they are, though for failure the document has 1111b.
 */
export const RESPONSES = { success: 0, invalid: 1, failure: 2 } as const;

/** Linux: amd_iommu_enable_ppr_log() */
export function enablePprLog({ io, pprLogPa }: Ivhd): void {
  if (pprLogPa === null) return;
  io.enable(CONTROL_PPR_EN);
  io.writeq(PPR_BASE, BigInt(pprLogPa) | LENGTH_512);
  io.writel(PPR_HEAD, 0);
  io.writel(PPR_TAIL, 0);
  io.enable(CONTROL_PPRINT_EN);
  io.enable(CONTROL_PPRLOG_EN);
}

/** Linux: amd_iommu_poll_ppr_log() */
export function pollPprLog(iommu: Ivhd, gate: PageRequestGate | null): void {
  const { io, memory, pprLogPa } = iommu;
  if (pprLogPa === null) return;
  let head = io.readl(PPR_HEAD) & LOG_OFFSET;
  const tail = io.readl(PPR_TAIL) & LOG_OFFSET;
  while (head !== tail) {
    const pa = pprLogPa + head;
    const at = (offset: number): number => memory.load32(pa + offset) ?? 0;
    const request = join(at(4), at(0));
    const address = join(at(12), at(8));
    // By errata 733 an entry is known to be new by not being zero.
    if (!iommu.features.snp) memory.write(pa, new Uint8Array(PPR_BYTES));
    head = (head + PPR_BYTES) % PPR_LOG_BYTES;
    io.writel(PPR_HEAD, head);
    report(iommu, gate, request, address);
  }
}

/** To whoever handles the device's page faults; what nobody can handle is refused here. Linux: iommu_call_iopf_notifier() */
function report(iommu: Ivhd, gate: PageRequestGate | null, request: bigint, address: bigint): void {
  if (Number(request >> 60n) !== PPR_CODE_REQUEST) {
    iommu.log('info', 'Unknown PPR request received');
    return;
  }
  const data = iommu.segment.devices.get(Number(request & 0xffffn));
  if (data === undefined || !isProbed(data)) return;
  const flags = Number((request >> 48n) & 0xfffn);
  const tag = Number((request >> 32n) & 0x3ffn);
  const pasid = pasidOfPpr(request);
  const group = tag & PPR_TAG_MASK;
  const refuse = (): void => complete(data, pasid, RESPONSES.failure, group);
  if ((flags & PPR_FLAG_GN) === 0 || (flags & PPR_FLAG_RZ) !== 0) {
    refuse();
    return;
  }
  if (pasid === 0 || pasid >= data.maxPasids) {
    // The device's number that the kernel prints is always 0: it is no PCI device's field.
    iommu.log('info', `Invalid PASID : 0x${pasid.toString(16)}, device : 0x0`);
    refuse();
    return;
  }
  gate?.report(data.client, {
    pasid,
    group,
    iova: address & ~0xfffn,
    read: (flags & PPR_FLAG_R) !== 0,
    write: (flags & PPR_FLAG_W) !== 0,
    execute: (flags & PPR_FLAG_X) !== 0,
    privileged: (flags & PPR_FLAG_US) === 0,
    last: (tag & PPR_TAG_LAST) !== 0,
  });
}

/** Nobody waits for it. Linux: amd_iommu_complete_ppr() */
export function complete(device: ProbedDevice, pasid: number, status: number, group: number): void {
  device.iommu.commands.queue(completePpr(device.rid, device.priTlp ? pasid : null, status, group));
}

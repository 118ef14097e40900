import { join } from '../../../../lib/u64';
import { ok, type Result } from '../../../kernel/errno';
import { queue as queueUse } from '../../../memory/frame-use';
import type { PhysicalMemory } from '../../../memory/physical-memory';
import { PEADDR, PECTL, PEDATA, PEUADDR, PQA, PQH, PQT, PRS, PRS_PPR, PRS_PRO } from '../regs';
import {
  PAGE_REQUEST_BYTES,
  PAGE_REQUEST_EXE,
  PAGE_REQUEST_INDEX_MASK,
  PAGE_REQUEST_INDEX_SHIFT,
  PAGE_REQUEST_LPIG,
  PAGE_REQUEST_PM,
  PAGE_REQUEST_PP,
  PAGE_REQUEST_RD,
  PAGE_REQUEST_WR,
} from '../structs';
import { NO_PASID } from '../../port';
import type { ReportedFault } from '../../unit';
import type { DeviceInfo } from './device-info';
import { FIRST_LEVEL_DID } from './domain-ids';
import type { IntelIommu } from './intel-iommu';
import type { KernelLog } from './log';
import type { RegisterIo } from './register-io';

/** log2 of the pages that the queue has. Linux: PRQ_ORDER */
const PRQ_ORDER = 4;
const PRQ_BYTES = 4096 << PRQ_ORDER;
const PRQ_RING_MASK = PRQ_BYTES - PAGE_REQUEST_BYTES;
const RESPONSE_INVALID = 1;
/** What dmar_alloc_hwirq() would pick: the boot processor, and the vector behind the fault event's. */
const MSI_ADDRESS = 0xfee0_0000 | 0;
const MSI_DATA = 0x22;
/** Canonical addresses of processors with four levels. */
const VIRTUAL_BITS = 48;

interface PageRequest extends ReportedFault {
  readonly rid: number;
  readonly words: readonly [bigint, bigint];
}

/**
 * The driver's end of the page request queue.
 *
 * Linux: drivers/iommu/intel/prq.c intel_iommu_enable_prq(), prq_event_thread()
 */
export class PageRequestQueue {
  private constructor(
    private readonly memory: PhysicalMemory,
    private readonly io: RegisterIo,
    private readonly log: KernelLog,
    private readonly name: string,
    private readonly queuePa: number,
  ) {}

  static enable(
    memory: PhysicalMemory,
    io: RegisterIo,
    log: KernelLog,
    name: string,
  ): Result<PageRequestQueue> {
    const frames = 1 << PRQ_ORDER;
    const queue = memory.allocateFrames(frames, { align: frames, use: queueUse('page request queue') });
    if (!queue.ok) {
      log('warn', `IOMMU: ${name}: Failed to allocate page request queue`);
      return queue;
    }
    // request_threaded_irq(): dmar_msi_write(), dmar_msi_unmask()
    io.writel(PEDATA, MSI_DATA);
    io.writel(PEADDR, MSI_ADDRESS);
    io.writel(PEUADDR, 0);
    io.writel(PECTL, 0);
    io.writeq(PQH, 0n);
    io.writeq(PQT, 0n);
    io.writeq(PQA, BigInt(queue.value * 4096) | BigInt(PRQ_ORDER));
    return ok(new PageRequestQueue(memory, io, log, name, queue.value * 4096));
  }

  /** The interrupt handler. Linux: prq_event_thread() */
  handle(iommu: IntelIommu): void {
    const { io } = this;
    // First, so that what comes from now on interrupts again.
    io.writel(PRS, PRS_PPR);
    const tail = Number(io.readq(PQT)) & PRQ_RING_MASK;
    let head = Number(io.readq(PQH)) & PRQ_RING_MASK;
    while (head !== tail) {
      const request = this.read(head);
      const bad = this.refuse(iommu, request);
      if (bad !== null) this.answerBad(iommu, request, bad);
      head = (head + PAGE_REQUEST_BYTES) & PRQ_RING_MASK;
    }
    io.writeq(PQH, BigInt(tail));
    this.clearOverflow();
  }

  /** Hands a request on, or says what the kernel prints about it; '' where it prints nothing. */
  private refuse(iommu: IntelIommu, request: PageRequest): string | null {
    const { read, write, execute, privileged } = request;
    const address = BigInt.asIntN(64, request.iova);
    if (BigInt.asIntN(VIRTUAL_BITS, address) !== address) return 'Address is not canonical';
    if (privileged && (read || write)) return 'Page request in Privilege Mode';
    if (execute && read) return 'Execution request not supported';
    // A stop marker: needs no answer.
    if (request.last && !read && !write) return null;
    const info = iommu.byRid.get(request.rid);
    if (info === undefined) return '';
    const { pasid, group, iova, last } = request;
    iommu.pageRequestGate?.report(info.client, {
      pasid,
      group,
      iova,
      read,
      write,
      execute,
      privileged,
      last,
    });
    return null;
  }

  /** Linux: handle_bad_prq_event() */
  private answerBad(iommu: IntelIommu, request: PageRequest, why: string): void {
    if (why !== '') this.log('err', `IOMMU: ${this.name}: ${why}`);
    const word = (n: 0 | 1): string => request.words[n].toString(16).padStart(8, '0');
    this.log('err', `${this.name}: Invalid page request: ${word(0)} ${word(1)}`);
    if (!request.last) return;
    const pasid = request.pasid === NO_PASID ? null : request.pasid;
    iommu.flush.pageResponse(request.rid, pasid, request.group, RESPONSE_INVALID);
  }

  private clearOverflow(): void {
    const { io } = this;
    if ((io.readl(PRS) & PRS_PRO) === 0) return;
    this.log('info', `IOMMU: ${this.name}: PRQ overflow detected`);
    const head = Number(io.readq(PQH)) & PRQ_RING_MASK;
    const tail = Number(io.readq(PQT)) & PRQ_RING_MASK;
    if (head !== tail) return;
    io.writel(PRS, PRS_PRO);
    this.log('info', `IOMMU: ${this.name}: PRQ overflow cleared`);
  }

  /** Whether a request of a PASID still waits in the queue. */
  holds(rid: number, pasid: number): boolean {
    const tail = Number(this.io.readq(PQT)) & PRQ_RING_MASK;
    let head = Number(this.io.readq(PQH)) & PRQ_RING_MASK;
    for (; head !== tail; head = (head + PAGE_REQUEST_BYTES) & PRQ_RING_MASK) {
      const request = this.read(head);
      if (request.rid === rid && (request.pasid === NO_PASID ? 0 : request.pasid) === pasid) return true;
    }
    return false;
  }

  overflowed(): boolean {
    return (this.io.readl(PRS) & PRS_PRO) !== 0;
  }

  private read(offset: number): PageRequest {
    const word = (n: number): number => this.memory.load32(this.queuePa + offset + n * 4) ?? 0;
    const [w0, w1, w2, w3] = [word(0), word(1), word(2), word(3)];
    return {
      rid: w0 >>> 16,
      pasid: (w0 & PAGE_REQUEST_PP) === 0 ? NO_PASID : w1 & 0xf_ffff,
      execute: (w1 & PAGE_REQUEST_EXE) !== 0,
      privileged: (w1 & PAGE_REQUEST_PM) !== 0,
      read: (w2 & PAGE_REQUEST_RD) !== 0,
      write: (w2 & PAGE_REQUEST_WR) !== 0,
      last: (w2 & PAGE_REQUEST_LPIG) !== 0,
      group: (w2 >>> PAGE_REQUEST_INDEX_SHIFT) & PAGE_REQUEST_INDEX_MASK,
      iova: join(w3, w2 & ~0xfff),
      words: [join(w1, w0), join(w3, w2)],
    };
  }
}

/**
 * Neither software nor hardware has anything of a PASID left: requests that wait are handled, those on their way are
 * drained.
 *
 * Linux: intel_iommu_drain_pasid_prq()
 *
 * The handler runs as soon as the unit interrupts, so waiting for it is running it.
 */
export function drainPageRequests(info: DeviceInfo, pasid: number): void {
  const { iommu } = info;
  const { requests } = iommu;
  if (info.iopfUsers === 0 || requests === null) return;
  const did = info.domain?.use.idOn(iommu) ?? FIRST_LEVEL_DID;
  if (requests.holds(info.rid, pasid)) requests.handle(iommu);
  iommu.flush.drainPageRequests(info, did, pasid);
  if (!requests.overflowed()) return;
  requests.handle(iommu);
  iommu.flush.drainPageRequests(info, did, pasid);
}

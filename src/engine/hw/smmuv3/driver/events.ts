import type { IommuDomain } from '../../../iommu/ops';
import { eventLines, EVENT_OVERFLOW, PRI_OVERFLOW, pageRequestLines } from '../kernel-log';
import {
  C_BAD_CD,
  C_BAD_STE,
  C_BAD_SUBSTREAMID,
  F_ACCESS,
  F_ADDR_SIZE,
  F_PERMISSION,
  F_STREAM_DISABLED,
  F_TRANSLATION,
} from '../reasons';
import { CR0, CR0ACK, EVENTQ_CONS, EVENTQ_PROD, GERROR, GERRORN, PRIQ_CONS, PRIQ_PROD } from '../regs';
import { EVT_0, EVT_1, get, PRI_0, PRI_1 } from './bits';
import { PRI_DENY, pageResponse, RESUME_ABORT, resume } from './commands';
import type { Master } from './master';
import type { Ring } from './ring';
import type { Smmu } from './smmu';
import { reportVmasterEvent } from './vsmmu';

/** Records that are kept for people. */
const KEPT = 64;

/** Those that the driver does more with than print them. */
const HANDLED: ReadonlySet<number> = new Set([
  C_BAD_STE,
  F_STREAM_DISABLED,
  C_BAD_SUBSTREAMID,
  C_BAD_CD,
  F_TRANSLATION,
  F_ADDR_SIZE,
  F_ACCESS,
  F_PERMISSION,
]);

/** Linux: GERROR_*, with what is printed of each in its order */
const ERROR_MASK = 0x1fd;
const SFM_ERR = 1 << 8;
const CMDQ_ERR = 1 << 0;
const ABORTED: readonly (readonly [bit: number, level: 'warn' | 'err', text: string])[] = [
  [1 << 7, 'warn', 'GERROR MSI write aborted'],
  [1 << 6, 'warn', 'PRIQ MSI write aborted'],
  [1 << 5, 'warn', 'EVTQ MSI write aborted'],
  [1 << 4, 'warn', 'CMDQ MSI write aborted'],
  [1 << 3, 'err', 'PRIQ write aborted -- events may have been lost'],
  [1 << 2, 'err', 'EVTQ write aborted -- events may have been lost'],
];

/**
 * The interrupt handlers.
 *
 * Linux: arm-smmu-v3.c arm_smmu_evtq_thread(), arm_smmu_handle_event(), arm_smmu_priq_thread(), arm_smmu_gerror_handler()
 *
 * Printing is not rate-limited: there is no clock here.
 */
export class EventHandler {
  /** The last event records, oldest first. */
  readonly records: (readonly bigint[])[] = [];

  constructor(private readonly smmu: Smmu) {}

  /** Linux: arm_smmu_evtq_thread() */
  events(): void {
    const { evtq } = this.smmu;
    this.drain(evtq, EVENTQ_PROD, EVENTQ_CONS, EVENT_OVERFLOW, (record) => {
      this.records.push(record);
      if (this.records.length > KEPT) this.records.shift();
      if (!this.handle(record)) this.dump(record);
    });
  }

  /** Linux: arm_smmu_priq_thread() */
  pageRequests(): void {
    const { priq } = this.smmu;
    if (!priq) return;
    this.drain(priq, PRIQ_PROD, PRIQ_CONS, PRI_OVERFLOW, (record) => this.refusePageRequest(record));
  }

  /** Linux: arm_smmu_gerror_handler() */
  globalErrors(): void {
    const { io, log, cmdq } = this.smmu;
    const errors = io.readl(GERROR);
    const active = errors ^ io.readl(GERRORN);
    if ((active & ERROR_MASK) === 0) return;
    log(
      'warn',
      `unexpected global error reported (0x${(active >>> 0).toString(16).padStart(8, '0')}), this could be serious`,
    );
    if ((active & SFM_ERR) !== 0) {
      log('err', 'device has entered Service Failure Mode!');
      if (!io.writeSync(CR0, CR0ACK, 0)) log('err', 'failed to clear cr0');
    }
    for (const [bit, level, text] of ABORTED) if ((active & bit) !== 0) log(level, text);
    if ((active & CMDQ_ERR) !== 0) cmdq.skipError();
    io.writel(GERRORN, errors);
  }

  /** Linux: queue_remove_raw(), queue_sync_prod_in(), queue_sync_cons_ovf() */
  private drain(
    ring: Ring,
    prodRegister: number,
    consRegister: number,
    lost: string,
    take: (record: readonly bigint[]) => void,
  ): void {
    const { io, log } = this.smmu;
    do {
      while (!ring.isEmpty) {
        const record = ring.readEntry(ring.cons);
        ring.cons = ring.advance(ring.cons, 1);
        io.writel(consRegister, ring.cons);
        take(record);
      }
      const prod = io.readl(prodRegister);
      if (ring.overflow(prod) !== ring.overflow(ring.prod)) log('err', lost);
      ring.prod = prod;
    } while (!ring.isEmpty);
    if (ring.overflow(ring.prod) === ring.overflow(ring.cons)) return;
    ring.cons = ring.overflow(ring.prod) | ring.wrap(ring.cons) | ring.index(ring.cons);
    io.writel(consRegister, ring.cons);
  }

  /** Whether somebody took it; what nobody does is printed. Linux: arm_smmu_handle_event() */
  private handle(record: readonly bigint[]): boolean {
    const [first = 0n, second = 0n] = record;
    if (!HANDLED.has(get(EVT_0.ID, first))) return false;
    const master = this.smmu.streams.get(get(EVT_0.SID, first));
    if (!master) return false;
    if ((second & EVT_1.STALL) !== 0n) return this.reportFault(master, record);
    if (!master.vmaster || (second & EVT_1.S2) !== 0n) return false;
    return reportVmasterEvent(master.vmaster, record).ok;
  }

  /** Linux: iommu_report_device_fault(), whose answer to a fault that nobody handles is INVALID */
  private reportFault(master: Master, record: readonly bigint[]): boolean {
    const [first = 0n, second = 0n, iova = 0n] = record;
    const ssv = (first & EVT_0.SSV) !== 0n;
    const ssid = ssv ? get(EVT_0.SSID, first) : 0;
    const group = get(EVT_1.STAG, second);
    const domain = handlingDomain(master, ssid);
    if (!domain?.iopfHandler) {
      const [sid = 0] = master.sids;
      this.smmu.cmdq.issue(resume(sid, group, RESUME_ABORT));
      return false;
    }
    const read = (second & EVT_1.RNW) !== 0n;
    this.smmu.pageRequests.report(master.client, {
      pasid: ssv ? ssid : -1,
      group,
      iova,
      read,
      write: !read,
      execute: (second & EVT_1.IND) !== 0n,
      privileged: (second & EVT_1.PNU) !== 0n,
      last: true,
    });
    return true;
  }

  /** Linux: arm_smmu_dump_event() */
  private dump(record: readonly bigint[]): void {
    const { device, streams, print } = this.smmu;
    const client = streams.get(get(EVT_0.SID, record[0] ?? 0n))?.client.name ?? null;
    print('err', eventLines(device, record, client));
  }

  /** Nobody uses PRI with these units: a request is refused. Linux: arm_smmu_handle_ppr() */
  private refusePageRequest(record: readonly bigint[]): void {
    const { device, print, cmdq } = this.smmu;
    const [first = 0n, second = 0n] = record;
    print('info', pageRequestLines(device, record));
    if ((first & PRI_0.LAST) === 0n) return;
    const ssid = (first & PRI_0.SSID_V) !== 0n ? get(PRI_0.SSID, first) : null;
    cmdq.issue(pageResponse(get(PRI_0.SID, first), ssid, get(PRI_1.PRG_IDX, second), PRI_DENY));
  }
}

/** A VM's own table of descriptors serves all its PASIDs. Linux: io-pgfault.c find_fault_handler(), user_pasid_table */
function handlingDomain({ domain, pasidDomains }: Master, ssid: number): IommuDomain | null {
  if (ssid === 0 || domain?.type === 'nested') return domain;
  return pasidDomains.get(ssid) ?? null;
}

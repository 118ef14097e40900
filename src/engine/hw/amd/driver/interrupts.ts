import type { IrqSource } from '../../port';
import type { PageRequestGate } from '../../unit';
import {
  STATUS,
  STATUS_EVT_INT,
  STATUS_EVT_OVERFLOW,
  STATUS_EVT_RUN,
  STATUS_PPR_INT,
  STATUS_PPR_OVERFLOW,
  STATUS_PPR_RUN,
} from '../regs';
import { CONTROL_EVT_INT_EN, CONTROL_EVT_LOG_EN, CONTROL_PPRINT_EN, CONTROL_PPRLOG_EN } from './control';
import { pollEvents } from './events';
import type { Ivhd } from './ivhd';
import { pollPprLog } from './ppr';

/** What is the same for every log. */
interface Log {
  readonly name: string;
  readonly interrupt: number;
  readonly overflow: number;
  readonly running: number;
  readonly interruptEnable: number;
  readonly logEnable: number;
}

const EVENTS: Log = {
  name: 'Event',
  interrupt: STATUS_EVT_INT,
  overflow: STATUS_EVT_OVERFLOW,
  running: STATUS_EVT_RUN,
  interruptEnable: CONTROL_EVT_INT_EN,
  logEnable: CONTROL_EVT_LOG_EN,
};

const PAGE_REQUESTS: Log = {
  name: 'PPR',
  interrupt: STATUS_PPR_INT,
  overflow: STATUS_PPR_OVERFLOW,
  running: STATUS_PPR_RUN,
  interruptEnable: CONTROL_PPRINT_EN,
  logEnable: CONTROL_PPRLOG_EN,
};

/** A unit that sets its status again each time would keep the kernel's thread busy for ever; nobody here could stop it. */
const MOST_ROUNDS = 64;

/**
 * The unit's interrupt: with x2APIC each log has its own, else one is for all.
 *
 * Linux: drivers/iommu/amd/iommu.c amd_iommu_int_thread(), amd_iommu_int_thread_evtlog(), amd_iommu_int_thread_pprlog()
 */
export function handleInterrupt(iommu: Ivhd, source: IrqSource, gate: PageRequestGate | null): void {
  const separate = iommu.features.x2apic;
  if (!separate || source !== 'page-requests') handleLog(iommu, EVENTS, () => pollEvents(iommu));
  if (!separate || source === 'page-requests') handleLog(iommu, PAGE_REQUESTS, () => pollPprLog(iommu, gate));
}

/** The status is looked at again, for writing it may have set it again (erratum 1312). Linux: amd_iommu_handle_irq() */
function handleLog(iommu: Ivhd, log: Log, poll: () => void): void {
  const { io } = iommu;
  const mask = log.interrupt | log.overflow;
  let status = io.readl(STATUS);
  for (let round = 0; (status & mask) !== 0 && round < MOST_ROUNDS; round++) {
    io.writel(STATUS, mask);
    poll();
    if ((status & log.overflow) !== 0) restart(iommu, log);
    status = io.readl(STATUS);
  }
}

/** A log that overflowed stands still until it is switched off and on. Linux: amd_iommu_restart_log() */
function restart({ io, log: print }: Ivhd, log: Log): void {
  if ((io.readl(STATUS) & log.running) !== 0) return;
  print('info', `IOMMU ${log.name} log restarting`);
  io.disable(log.logEnable);
  io.disable(log.interruptEnable);
  io.writel(STATUS, log.overflow);
  io.enable(log.interruptEnable);
  io.enable(log.logEnable);
}

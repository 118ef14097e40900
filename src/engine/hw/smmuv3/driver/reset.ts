import { done } from '../../../../lib/result';
import { err, type Result } from '../../../kernel/errno';
import {
  CMDQ_BASE,
  CMDQ_CONS,
  CMDQ_PROD,
  CR0,
  CR0_ATSCHK,
  CR0_CMDQEN,
  CR0_EVENTQEN,
  CR0_PRIQEN,
  CR0_SMMUEN,
  CR0ACK,
  CR1,
  CR2,
  CR2_E2H,
  CR2_PTM,
  CR2_RECINVSID,
  EVENTQ_BASE,
  EVENTQ_CONS,
  EVENTQ_IRQ_CFG0,
  EVENTQ_PROD,
  GBPA,
  GBPA_ABORT,
  GBPA_UPDATE,
  GERROR_IRQ_CFG0,
  IRQ_CTRL,
  IRQ_CTRLACK,
  IRQ_EVENTQ,
  IRQ_GERROR,
  IRQ_PRIQ,
  PRIQ_BASE,
  PRIQ_CONS,
  PRIQ_IRQ_CFG0,
  PRIQ_PROD,
  STRTAB_BASE,
  STRTAB_BASE_CFG,
} from '../regs';
import { invalidateConfig, invalidateTag, OP } from './commands';
import { FEAT, has } from './probe';
import type { Ring } from './ring';
import type { Smmu } from './smmu';

/** Tables and queues inner shareable, write-back. Linux: CR1_TABLE_SH … CR1_QUEUE_IC */
const CR1_ATTRIBUTES = (3 << 10) | (1 << 8) | (1 << 6) | (3 << 4) | (1 << 2) | 1;

/**
 * From whatever state to translation by our tables. It goes on at once: every stream table entry aborts until its device
 * is attached.
 *
 * Linux: arm_smmu_device_reset()
 */
export function reset(smmu: Smmu): Result<undefined> {
  const { io, log, cmdq, evtq, priq, strtab, caps } = smmu;
  if ((io.readl(CR0) & CR0_SMMUEN) !== 0) {
    log('warn', 'SMMU currently enabled! Resetting...');
    updateGbpa(smmu, GBPA_ABORT);
  }
  let enables = 0;
  const enable = (bits: number, failure: string): boolean => {
    enables |= bits;
    if (io.writeSync(CR0, CR0ACK, enables)) return true;
    log('err', failure);
    return false;
  };
  if (!enable(0, 'failed to clear cr0')) return timedOut();
  io.writel(CR1, CR1_ATTRIBUTES);
  io.writel(CR2, CR2_PTM | CR2_RECINVSID | (has(caps, FEAT.E2H) ? CR2_E2H : 0));
  io.writeq(STRTAB_BASE, strtab.base);
  io.writel(STRTAB_BASE_CFG, strtab.baseConfig);
  giveQueue(smmu, cmdq.ring, CMDQ_BASE, CMDQ_PROD, CMDQ_CONS);
  if (!enable(CR0_CMDQEN, 'failed to enable command queue')) return timedOut();
  cmdq.issueSync(invalidateConfig);
  if (has(caps, FEAT.HYP)) cmdq.issueSync(invalidateTag(OP.TLBI_EL2_ALL, 0, 0));
  cmdq.issueSync(invalidateTag(OP.TLBI_NSNH_ALL, 0, 0));
  giveQueue(smmu, evtq, EVENTQ_BASE, EVENTQ_PROD, EVENTQ_CONS);
  if (!enable(CR0_EVENTQEN, 'failed to enable event queue')) return timedOut();
  if (priq) {
    giveQueue(smmu, priq, PRIQ_BASE, PRIQ_PROD, PRIQ_CONS);
    if (!enable(CR0_PRIQEN, 'failed to enable PRI queue')) return timedOut();
  }
  if (has(caps, FEAT.ATS) && !enable(CR0_ATSCHK, 'failed to enable ATS check')) return timedOut();
  const interrupts = setupInterrupts(smmu);
  if (!interrupts.ok) return interrupts;
  return enable(CR0_SMMUEN, 'failed to enable SMMU interface') ? done : timedOut();
}

/** Linux: arm_smmu_device_disable() */
export function disable({ io, log }: Smmu): Result<undefined> {
  if (io.writeSync(CR0, CR0ACK, 0)) return done;
  log('err', 'failed to clear cr0');
  return timedOut();
}

function giveQueue({ io }: Smmu, ring: Ring, base: number, prod: number, cons: number): void {
  io.writeq(base, ring.base);
  io.writel(prod, ring.prod);
  io.writel(cons, ring.cons);
}

/** Linux: arm_smmu_update_gbpa() */
function updateGbpa({ io, log }: Smmu, set: number): void {
  const value = io.readl(GBPA);
  if ((value & GBPA_UPDATE) !== 0) return;
  io.writel(GBPA, value | set | GBPA_UPDATE);
  if ((io.readl(GBPA) & GBPA_UPDATE) !== 0) log('err', 'GBPA not responding to update');
}

/** Wired interrupts: there is no MSI domain for the unit itself. Linux: arm_smmu_setup_irqs(), arm_smmu_setup_msis() */
function setupInterrupts({ io, log, caps, priq }: Smmu): Result<undefined> {
  if (!io.writeSync(IRQ_CTRL, IRQ_CTRLACK, 0)) {
    log('err', 'failed to disable irqs');
    log('err', 'failed to setup irqs');
    return timedOut();
  }
  io.writeq(GERROR_IRQ_CFG0, 0n);
  io.writeq(EVENTQ_IRQ_CFG0, 0n);
  if (priq) io.writeq(PRIQ_IRQ_CFG0, 0n);
  if (has(caps, FEAT.MSI)) log('info', 'msi_domain absent - falling back to wired irqs');
  const sources = IRQ_EVENTQ | IRQ_GERROR | (priq ? IRQ_PRIQ : 0);
  if (!io.writeSync(IRQ_CTRL, IRQ_CTRLACK, sources)) log('warn', 'failed to enable irqs');
  return done;
}

const timedOut = (): Result<never> =>
  err('ETIMEDOUT', 'the unit does not acknowledge', { rule: 'arm_smmu_write_reg_sync' });

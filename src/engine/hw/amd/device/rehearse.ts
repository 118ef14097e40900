import { rehearse, type AtsAnswer, type AtsQuestion } from '../../common/rehearsal';
import type { MemoryPort } from '../../port';
import { STATUS, STATUS_EVT_RUN } from '../regs';
import { AmdIommu } from './device';

const NO_CACHE = { sets: 0, ways: 1 };

/** What devices that ask for translations would be told by the tables alone: nothing changes, and nobody notices. */
export function askTables(
  { state }: AmdIommu,
  questions: readonly AtsQuestion[],
): readonly (AtsAnswer | null)[] {
  return rehearse(state.memory, (memory) => twinOf(state, memory), questions);
}

function twinOf(state: AmdIommu['state'], memory: MemoryPort): AmdIommu {
  const caches = {
    iotlb: NO_CACHE,
    dteCache: NO_CACHE,
    pasidCache: NO_CACHE,
    pdeCache: NO_CACHE,
    interruptCache: NO_CACHE,
  };
  const twin = new AmdIommu({ ...state.config, ...caches }, { memory });
  twin.state.regs.set(state.regs);
  twin.state.setReg(STATUS, state.reg(STATUS) & ~STATUS_EVT_RUN);
  twin.state.settleExclusion();
  return twin;
}

import { rehearse, type AtsAnswer, type AtsQuestion } from '../../common/rehearsal';
import type { MemoryPort } from '../../port';
import { CR0, CR0_EVENTQEN } from '../regs';
import { SmmuV3 } from './device';

const NO_CACHE = { sets: 0, ways: 0 };

/** What devices that ask for translations would be told by the tables alone: nothing changes, and nobody notices. */
export function askTables(
  { state }: SmmuV3,
  questions: readonly AtsQuestion[],
): readonly (AtsAnswer | null)[] {
  return rehearse(state.reader.memory, (memory) => twinOf(state, memory), questions);
}

function twinOf(state: SmmuV3['state'], memory: MemoryPort): SmmuV3 {
  const caches = {
    steCache: NO_CACHE,
    cdCache: NO_CACHE,
    iotlb: NO_CACHE,
    walkCache: NO_CACHE,
    stage2Cache: NO_CACHE,
  };
  const twin = new SmmuV3({ ...state.config, ...caches }, { memory });
  twin.state.regs.set(state.regs);
  twin.state.setReg(CR0, state.reg(CR0) & ~CR0_EVENTQEN);
  return twin;
}

import { rehearse, type AtsAnswer, type AtsQuestion } from '../../common/rehearsal';
import type { MemoryPort } from '../../port';
import { FQCSR } from '../regs';
import { RiscvIommu } from './device';

const NO_CACHE = { sets: 0, ways: 0 };

/** What devices that ask for translations would be told by the tables alone: nothing changes, and nobody notices. */
export function askTables(
  { state }: RiscvIommu,
  questions: readonly AtsQuestion[],
): readonly (AtsAnswer | null)[] {
  return rehearse(state.memory.port, (memory) => twinOf(state, memory), questions);
}

function twinOf(state: RiscvIommu['state'], memory: MemoryPort): RiscvIommu {
  const config = {
    ...state.config,
    counters: 0,
    iotlb: NO_CACHE,
    walkCache: NO_CACHE,
    ddtCache: NO_CACHE,
    pdtCache: NO_CACHE,
  };
  const twin = new RiscvIommu(config, { memory });
  twin.state.regs.set(state.regs);
  twin.state.setReg(FQCSR, 0);
  twin.translation.directory.configure();
  return twin;
}

import type { MemoryPort } from '../../port';
import { rehearse, type AtsAnswer, type AtsQuestion } from '../../common/rehearsal';
import { VtdDevice } from './device';

const NO_CACHE = { sets: 0, ways: 0 };

/** What devices that ask for translations would be told by the tables alone: nothing changes, and nobody notices. */
export function askTables(
  { state }: VtdDevice,
  questions: readonly AtsQuestion[],
): readonly (AtsAnswer | null)[] {
  return rehearse(state.memory, (memory) => twinOf(state, memory), questions);
}

function twinOf(state: VtdDevice['state'], memory: MemoryPort): VtdDevice {
  const caches = {
    iotlb: NO_CACHE,
    deviceCache: NO_CACHE,
    processCache: NO_CACHE,
    walkCache: NO_CACHE,
    interruptCache: NO_CACHE,
  };
  const twin = new VtdDevice({ ...state.config, ...caches }, { memory });
  twin.state.regs.set(state.regs);
  const { path, rootPfn, rootMode } = state;
  Object.assign(twin.state, { path, rootPfn, rootMode });
  return twin;
}

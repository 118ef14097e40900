import { useApp } from '../../store';
import { groupedHex } from '../../ui/numbers';
import { SHARED } from '../../words/panels/shared';
import { useSpotRow } from './use-spot';

interface MemoryLinkProps {
  readonly pa: number;
  /** -1 in a list that has one tab stop. */
  readonly tabIndex?: 0 | -1;
}

/** A physical address: shows the bytes there. */
export function MemoryLink({ pa, tabIndex = 0 }: MemoryLinkProps) {
  const showMemory = useApp((state) => state.actions.showMemory);
  const spot = useSpotRow('memory', { start: BigInt(pa), last: BigInt(pa) + 7n });
  return (
    <button
      type="button"
      className="link mono"
      data-tip={SHARED.showBytes}
      tabIndex={tabIndex}
      {...spot}
      onClick={() => showMemory(pa)}
    >
      {groupedHex(pa)}
    </button>
  );
}

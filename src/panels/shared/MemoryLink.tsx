import { useApp } from '../../store';
import { groupedHex } from '../../ui/numbers';

interface MemoryLinkProps {
  readonly pa: number;
  /** -1 in a list that has one tab stop. */
  readonly tabIndex?: 0 | -1;
}

/** A physical address: shows the bytes there. */
export function MemoryLink({ pa, tabIndex = 0 }: MemoryLinkProps) {
  const showMemory = useApp((state) => state.actions.showMemory);
  return (
    <button
      type="button"
      className="link mono"
      data-tip="Show these bytes"
      tabIndex={tabIndex}
      onClick={() => showMemory(pa)}
    >
      {groupedHex(pa)}
    </button>
  );
}

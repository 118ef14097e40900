import { useApp } from '../../store';
import { groupedHex } from '../../ui/numbers';

/** A physical address: shows the bytes there. */
export function MemoryLink({ pa }: { readonly pa: number }) {
  const showMemory = useApp((state) => state.actions.showMemory);
  return (
    <button type="button" className="link mono" data-tip="Show these bytes" onClick={() => showMemory(pa)}>
      {groupedHex(pa)}
    </button>
  );
}

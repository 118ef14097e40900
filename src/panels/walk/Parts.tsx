import type { Lookup, LookupPart } from '../../engine/sim/batch';
import { useApp } from '../../store';
import { endOfPart } from '../../store/playback';
import { groupedHex } from '../../ui/numbers';
import { WALK } from '../../words/panels/walk';

/** A DMA that crosses pages is translated page by page. */
export function Parts({ lookup, index }: { readonly lookup: Lookup; readonly index: number }) {
  const setPlayback = useApp((state) => state.actions.setPlayback);
  return (
    <div className="parts" role="group" aria-label={WALK.parts}>
      {lookup.parts.map((part, n) => (
        <button
          key={String(part.iova)}
          type="button"
          className="part"
          aria-pressed={n === index}
          data-outcome={outcomeOf(part)}
          data-tip={WALK.partTip(groupedHex(part.iova), outcomeOf(part))}
          onClick={() => setPlayback({ step: endOfPart(lookup, n), playing: false, running: false })}
        >
          {n + 1}
          <span className="sr-only"> {outcomeOf(part)}</span>
        </button>
      ))}
    </div>
  );
}

const outcomeOf = (part: LookupPart): string => (part.fault === null ? WALK.outcome[part.from] : WALK.fault);

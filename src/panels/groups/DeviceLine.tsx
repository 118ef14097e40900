import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { find } from '../shared/words';
import { GROUPS } from '../../words/panels/groups/groups';
import { ClassIcon } from './ClassIcon';
import { addressOf, shortName } from './words';

/** A device as a line of a story; leads to its details. */
export function DeviceLine({ id }: { readonly id: WorldId }) {
  const device = useApp((state) => find(state.objects, id, 'device'));
  const select = useApp((state) => state.actions.select);
  const showPanel = useApp((state) => state.actions.showPanel);
  if (device === null)
    return (
      <span className="device-line">
        <code>{addressOf(id)}</code> <span className="muted">{GROUPS.gone}</span>
      </span>
    );
  return (
    <button
      type="button"
      className="device-line"
      onClick={() => {
        select(id);
        showPanel('object');
      }}
    >
      <ClassIcon device={device} />
      <code>{addressOf(id)}</code>
      <span className="device-line-name">{shortName(device)}</span>
    </button>
  );
}

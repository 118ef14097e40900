import { create } from 'zustand';
import type { DeviceObject, WorldId } from '../../engine/sim/world';
import { useApp } from '../../store';
import { find, type Objects } from '../shared/words';
import type { Change } from './changes';
import { NO_FILTER, type Filter } from './rows';

/** What only the groups' panels need to know; it outlives a look at another panel. */
export interface GroupsUi {
  readonly filter: Filter;
  /** Groups that a person opened or closed; the others are as the list has them. */
  readonly open: Readonly<Record<WorldId, boolean>>;
  /** The other device of a pair, in Why. */
  readonly otherId: WorldId | null;
  /** What-if, not applied yet, and the title of the scene that it is about. */
  readonly changes: readonly Change[];
  readonly changesOf: string | null;
}

export const useGroupsUi = create<GroupsUi>()(() => ({
  filter: NO_FILTER,
  open: {},
  otherId: null,
  changes: [],
  changesOf: null,
}));

/** The device that the panels talk about: the selected one, or of a selected group the first that is no bridge. */
export const useSubject = (): DeviceObject | null =>
  useApp((state) => subjectOf(state.objects, state.selection));

export function subjectOf(objects: Objects, selection: WorldId | null): DeviceObject | null {
  const object = selection === null ? undefined : objects[selection];
  switch (object?.type) {
    case 'device':
      return object;
    case 'idev':
      return find(objects, object.deviceId, 'device');
    case 'group': {
      const members = object.deviceIds.flatMap((id) => find(objects, id, 'device') ?? []);
      return members.find(({ isBridge }) => !isBridge) ?? members[0] ?? null;
    }
    default:
      return null;
  }
}

import type { WorldId } from '../../engine/sim/world';
import { useApp } from '../../store/index';
import { scriptName } from '../../store/script';
import { useCanvasUi } from '../canvas-ui';
import { find } from '../layout/tree';
import * as says from '../../words/canvas/palette';

/** Dropped on something: what that was known to do. */
export async function makeOn(targetId: WorldId): Promise<void> {
  const { objects, actions } = useApp.getState();
  await actions.connectTo(targetId);
  selectNew(objects);
}

/** What a gesture made is what a person goes on with. */
export function selectNew(before: Readonly<Record<WorldId, unknown>>): void {
  const { objects, actions, refusal } = useApp.getState();
  if (refusal !== null) return;
  const fresh = Object.values(objects).filter((object) => !(object.id in before) && object.type !== 'group');
  // A card of several functions is its first one.
  const made = fresh.find((object) => object.type === 'device' && !object.isBridge) ?? fresh.at(-1);
  if (made === undefined) return;
  useCanvasUi.setState({ activeId: made.id, edgeId: null });
  document.querySelector<HTMLElement>('.canvas')?.focus({ preventScroll: true });
  actions.select(made.id);
  const group = made.type === 'device' ? find(objects, made.groupId, 'group') : null;
  useCanvasUi.getState().say(says.made(scriptName(made), group?.number ?? null));
}

import { cameraByHand } from '../canvas/camera/linked';
import type { Scene } from '../share/scene';
import { useApp } from '../store';
import { linesOf } from '../store/script';
import { stateOf } from './link-state';

/** What is on the page, as a link holds it. */
export function sceneNow(): Scene {
  const state = useApp.getState();
  const { script, cursor, selection, engine, results } = state;
  // While the engine is away, nobody knows what the lines come to.
  const told = engine.status !== 'crashed' && engine.status !== 'starting' && results.length >= cursor;
  return {
    script,
    cursor: cursor >= linesOf(script).length ? null : cursor,
    selection,
    camera: cameraByHand(),
    ...(told ? { state: stateOf(state) } : {}),
  };
}

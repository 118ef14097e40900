import { cameraByHand, lookFrom } from '../canvas/camera/linked';
import type { Camera } from '../share/scene';
import { useApp } from '../store';
import type { AppState, StartScene } from '../store/types';
import * as says from '../words/app/failure';

/**
 * What a page that must be loaded again finds on the other side: the scene with its steps of undo. A link holds no history,
 * and not every script fits into one.
 */
export interface Rescued extends StartScene {
  readonly undo: readonly string[];
  readonly redo: readonly string[];
  /** Where somebody has put it. */
  readonly camera: Camera | null;
}

const KEY = 'iommu-playground-rescue';
/** Steps kept: a tab's storage holds some five million characters, and each step is a whole script. */
const MOST_CHARS = 2_000_000;

/** False: storage is forbidden here, and the address bar is all there is. */
export function reloadPage(): boolean {
  const kept = keep(useApp.getState());
  location.reload();
  return kept;
}

function keep(state: AppState): boolean {
  try {
    sessionStorage.setItem(KEY, JSON.stringify(rescued({ ...state, camera: cameraByHand() })));
    return true;
  } catch {
    return false;
  }
}

export function rescued({
  script,
  cursor,
  selection,
  undo,
  redo,
  camera,
}: Omit<Rescued, 'cursor'> & { readonly cursor: number }): Rescued {
  let left = MOST_CHARS - script.length;
  const fits = (step: string): boolean => (left -= step.length) >= 0;
  return { script, cursor, selection, undo: lastThat(undo, fits), redo: lastThat(redo, fits), camera };
}

/** The newest steps come last, in both. */
function lastThat(steps: readonly string[], fits: (step: string) => boolean): readonly string[] {
  const first = steps.findLastIndex((step) => !fits(step)) + 1;
  return steps.slice(first);
}

/** Once: a later reload by hand is nobody's rescue. */
export function takeRescued(): Rescued | null {
  try {
    const text = sessionStorage.getItem(KEY);
    sessionStorage.removeItem(KEY);
    return text === null ? null : parseRescued(JSON.parse(text));
  } catch {
    return null;
  }
}

export function parseRescued(value: unknown): Rescued | null {
  if (typeof value !== 'object' || value === null) return null;
  const { script, cursor, selection, undo, redo, camera } = value as Record<string, unknown>;
  if (typeof script !== 'string' || typeof cursor !== 'number' || !isTexts(undo) || !isTexts(redo))
    return null;
  return {
    script,
    cursor,
    selection: typeof selection === 'string' ? selection : null,
    undo,
    redo,
    camera: isCamera(camera) ? camera : null,
  };
}

const isCamera = (value: unknown): value is Camera =>
  typeof value === 'object' &&
  value !== null &&
  ['x', 'y', 'zoom'].every((key) => Number.isFinite(Reflect.get(value, key)));

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((each) => typeof each === 'string');

/** Opens the scene as it was left. */
export async function openRescued({ undo, redo, camera, ...scene }: Rescued): Promise<void> {
  lookFrom(camera);
  await useApp.getState().actions.start(scene);
  useApp.setState({ undo, redo });
  useApp.getState().actions.notify({ tone: 'info', text: says.yourSceneIsBack });
}

import { useApp } from '../store';
import { readSaved, save } from './saved';

/** The tempo of look-ups is remembered from visit to visit. */
export function keepTempo(): void {
  useApp.getState().actions.setTempo(readSaved().tempo);
  useApp.subscribe(({ playback: { tempo } }, before) => {
    if (tempo !== before.playback.tempo) save({ tempo });
  });
}

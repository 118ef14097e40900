import { useApp } from '../store';
import { readSaved, save } from './saved';

/** The tempo of look-ups, and whether the camera goes along with them, are remembered from visit to visit. */
export function keepTempo(): void {
  const { tempo: saved, following } = readSaved();
  const { setTempo, setFollowing } = useApp.getState().actions;
  setTempo(saved);
  setFollowing(following);
  useApp.subscribe(({ playback: { tempo }, following }, before) => {
    if (tempo !== before.playback.tempo) save({ tempo });
    if (following !== before.following) save({ following });
  });
}

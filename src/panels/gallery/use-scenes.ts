import { useEffect, useState } from 'react';
import type { GalleryScene } from '../../gallery';
import { markSeen } from '../../gallery/seen';
import { useApp } from '../../store';

/** The gallery's scenes; null while they come. */
export function useScenes(): readonly GalleryScene[] | null {
  const [scenes, setScenes] = useState<readonly GalleryScene[] | null>(null);
  useEffect(() => {
    let current = true;
    void import('../../gallery')
      .then(({ loadScenes }) => loadScenes())
      .then((loaded) => {
        if (current) setScenes(loaded);
      });
    return () => {
      current = false;
    };
  }, []);
  return scenes;
}

/** Opens a scene in place of what is there, and closes the dialog it was chosen in. */
export function useOpenScene(): (id: string, script: string) => Promise<void> {
  const { replaceScript, openDialog } = useApp((state) => state.actions);
  return async (id, script) => {
    openDialog(null);
    if (await replaceScript(script)) markSeen(id);
  };
}

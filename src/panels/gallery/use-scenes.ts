import { useEffect, useState } from 'react';
import type { GalleryScene } from '../../gallery';

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

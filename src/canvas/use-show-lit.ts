import { useEffect, useRef } from 'react';
import { useApp } from '../store/index';
import type { Layout } from './layout/layout';
import type { Camera } from './camera/use-camera';

/** What the page begins to talk about comes into view, once; then the camera is the person's again. */
export function useShowLit(layout: Layout, camera: Camera): void {
  const lit = useApp((s) => s.lit);
  const shown = useRef(lit);
  useEffect(() => {
    if (shown.current === lit || layout.rects.size === 0) return;
    shown.current = lit;
    if (lit !== null) camera.reveal([...lit.chain, ...lit.others]);
  }, [lit, layout, camera]);
}

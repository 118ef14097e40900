import { useEffect, useRef } from 'react';
import { useReactFlow } from 'reactflow';
import { useApp } from '../store/index';
import type { Layout } from './layout/layout';
import { zoomsByHand } from './camera/linked';
import type { Camera } from './camera/use-camera';

const STEP_MS = 120;

/** The camera goes where a command asked it to look. */
export function useShowGaze(layout: Layout, camera: Camera): void {
  const flow = useReactFlow();
  const gaze = useApp((s) => s.gaze);
  const seen = useRef(gaze);
  useEffect(() => {
    if (gaze === null || gaze === seen.current) return;
    seen.current = gaze;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    const options = { duration: calm ? 0 : STEP_MS };
    if (gaze.at === 'in' || gaze.at === 'out') zoomsByHand();
    if (gaze.at === 'all') camera.fit();
    else if (gaze.at === 'in') void flow.zoomIn(options);
    else if (gaze.at === 'out') void flow.zoomOut(options);
    else if (layout.rects.has(gaze.at)) camera.reveal([gaze.at]);
  }, [gaze, flow, layout, camera]);
}

import { useEffect, useRef } from 'react';
import { useReactFlow, useStoreApi } from 'reactflow';
import { useApp } from '../store/index';
import { useCanvasUi } from './canvas-ui';
import { overlaps } from './layout/geometry';
import { READABLE_ZOOM } from './layout/sizes';
import type { Layout } from './layout/layout';

/** Below this zoom a card is a mark: being on the screen is not being seen. */
const MARK = 0.2;

/** What is selected elsewhere on the page comes into view; what is picked on the canvas is where the eye is already. */
export function useShowSelection(layout: Layout): void {
  const flow = useReactFlow();
  const store = useStoreApi();
  const selection = useApp((s) => s.selection);
  const before = useRef({ selection, layout });
  useEffect(() => {
    const { selection: was, layout: stood } = before.current;
    before.current = { selection, layout };
    // A new scene, or what a gesture made, has its own way of coming into view.
    if (selection === null || selection === was || layout !== stood) return;
    const rect = layout.rects.get(selection);
    const { width, height } = store.getState();
    if (rect === undefined || width === 0) return;
    const { x, y, zoom } = flow.getViewport();
    const view = { x: -x / zoom, y: -y / zoom, width: width / zoom, height: height / zoom };
    const picked = useCanvasUi.getState().activeId === selection;
    if (overlaps(rect, view) && (zoom >= MARK || picked)) return;
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    void flow.setCenter(rect.x + rect.width / 2, rect.y + rect.height / 2, {
      zoom: zoom < MARK ? READABLE_ZOOM : zoom,
      duration: calm ? 0 : 320,
    });
  }, [flow, store, layout, selection]);
}

import { useCallback, useEffect } from 'react';
import { useReactFlow, useStore, useStoreApi, type Viewport } from 'reactflow';
import type { Camera } from '../../share/scene';
import { useCanvasUi } from '../canvas-ui';
import type { Layout } from '../layout/layout';
import { MAX_ZOOM, MIN_ZOOM } from './framing';

/** Where the camera stands, if a person has put it there: what a layout or a look-up showed is nobody's wish. */
export const cameraByHand = (): Camera | null => useCanvasUi.getState().held;

/** The next scene is shown from there; null: as the layout has it. */
export const lookFrom = (camera: Camera | null): void => useCanvasUi.setState({ wanted: camera, held: null });

/** A person zoomed with a button or a key: the move that follows is theirs. */
export const zoomsByHand = (): void => useCanvasUi.setState({ byHand: true });

/** Goes where a link wants to look, after the layout has had its say; returns what every move's end calls. */
export function useLinkedCamera(layout: Layout): (event: unknown, viewport: Viewport) => void {
  const flow = useReactFlow();
  const size = useStoreApi();
  const width = useStore((s) => s.width);
  const height = useStore((s) => s.height);
  const wanted = useCanvasUi((s) => s.wanted);

  useEffect(() => {
    if (wanted === null || width === 0 || height === 0 || layout.rects.size === 0) return;
    const zoom = Math.max(MIN_ZOOM, Math.min(MAX_ZOOM, wanted.zoom));
    useCanvasUi.setState({ wanted: null, byHand: true });
    const viewport = { x: width / 2 - wanted.x * zoom, y: height / 2 - wanted.y * zoom, zoom };
    void flow.setViewport(viewport, { duration: 0 });
    useCanvasUi.setState({ held: wanted });
  }, [flow, layout, wanted, width, height]);

  return useCallback(
    (event, viewport) => {
      const theirs = event !== null || useCanvasUi.getState().byHand;
      useCanvasUi.setState({
        viewport,
        byHand: false,
        held: theirs ? middleOf(viewport, size.getState()) : null,
      });
    },
    [size],
  );
}

const middleOf = (
  { x, y, zoom }: Viewport,
  { width, height }: { width: number; height: number },
): Camera => ({
  x: (width / 2 - x) / zoom,
  y: (height / 2 - y) / zoom,
  zoom,
});

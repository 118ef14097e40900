import { useEffect, type RefObject } from 'react';
import { useCanvasUi } from '../canvas/canvas-ui';
import { useApp } from '../store';
import { isReadable } from './height';

/**
 * The whole scene is in view, in whatever frame, as long as that can be read and nobody has moved the picture: a host may
 * give the frame another size at any time, and does so when it is told how high the scene is.
 */
export function useFit(stage: RefObject<HTMLElement | null>): void {
  const scene = useApp((state) => (state.engine.status === 'starting' ? '' : state.script));
  useEffect(() => {
    const element = stage.current;
    if (element === null || scene === '') return;
    const fit = (): void => {
      const { objects, actions } = useApp.getState();
      const { held, wanted } = useCanvasUi.getState();
      const { clientWidth, clientHeight } = element;
      if (held === null && wanted === null && isReadable(objects, clientWidth, clientHeight))
        actions.lookAt('all');
    };
    const observer = new ResizeObserver(fit); // calls at once, too
    observer.observe(element);
    return () => observer.disconnect();
  }, [stage, scene]);
}

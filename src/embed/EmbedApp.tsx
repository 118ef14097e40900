import { lazy, Suspense, useEffect, useLayoutEffect, useRef, type RefObject } from 'react';
import { Canvas } from '../canvas/Canvas';
import { useApp } from '../store';
import { linesOf, noteIn, sceneTitle } from '../store/script';
import { EMBED } from '../words/embed/embed';
import { Boundary } from './Boundary';
import { Caption, Outcome } from './Caption';
import { canvasHeight, wantHeight } from './height';
import type { EmbedOptions } from './options';
import { Transport } from './Transport';
import { Trouble } from './Trouble';
import { useFit } from './use-fit';
import { usePageWheel } from './use-page-wheel';
import { WheelHint } from './WheelHint';
import 'reactflow/dist/base.css';
import '../canvas/canvas.css';

const StageStrip = lazy(async () => ({
  default: (await import('../canvas/animation/StageStrip')).StageStrip,
}));
const WideWalk = lazy(async () => ({ default: (await import('../panels/walk/WideWalk')).WideWalk }));
const Changing = lazy(async () => ({ default: (await import('./Changing')).Changing }));

interface EmbedAppProps {
  readonly options: EmbedOptions;
}

/** The picture, what is said about it, and a few buttons. */
export function EmbedApp({ options }: EmbedAppProps) {
  const { controls, editable, wheel } = options;
  const frame = useRef<HTMLDivElement>(null);
  const stage = useRef<HTMLElement>(null);
  const hint = usePageWheel(stage, wheel === 'page');
  useNaturalHeight(frame, stage);
  useFit(stage);
  const title = useTitle();
  return (
    <div ref={frame} className="embed" data-wheel={wheel} data-controls={controls}>
      <main ref={stage} className="embed-stage" aria-label={title}>
        <Boundary>
          <Canvas wheel={wheel} editable={editable} />
          <Suspense fallback={null}>
            <StageStrip />
          </Suspense>
          <Wide />
        </Boundary>
        <WheelHint hint={hint} />
        <Trouble />
      </main>
      <Caption />
      <Outcome />
      {editable && (
        <Suspense fallback={null}>
          <Changing />
        </Suspense>
      )}
      {controls !== 'none' && <Transport all={controls === 'full'} editable={editable} />}
    </div>
  );
}

/** Over the canvas, when somebody asks for it. */
function Wide() {
  const wide = useApp((state) => state.wideWalk);
  if (!wide) return null;
  return (
    <Suspense fallback={null}>
      <WideWalk />
    </Suspense>
  );
}

function useTitle(): string {
  const title = useApp((state) => sceneTitle(state.script) ?? EMBED.untitled);
  useEffect(() => {
    document.title = title;
  }, [title]);
  return title;
}

/** Says how high the frame would like to be: the scene at a size that can be read, and the rows below it as they are. */
function useNaturalHeight(frame: RefObject<HTMLElement | null>, stage: RefObject<HTMLElement | null>): void {
  const objects = useApp((state) => state.objects);
  const scene = useApp((state) => state.script.slice(0, 200));
  const notes = useApp((state) => linesOf(state.script).some((line) => noteIn(line) !== null));
  const measured = useRef({ width: 0, scene: '' });
  useLayoutEffect(() => {
    const measure = (): void => {
      const [all, canvas] = [frame.current, stage.current];
      if (all === null || canvas === null || Object.keys(objects).length === 0) return;
      const { offsetWidth: width } = all;
      const rows = all.offsetHeight - canvas.offsetHeight;
      const anew = measured.current.width !== width || measured.current.scene !== scene;
      measured.current = { width, scene };
      wantHeight(canvasHeight(objects, width) + rows, anew);
    };
    measure();
    const observer = new ResizeObserver(measure);
    if (frame.current !== null) observer.observe(frame.current);
    return () => observer.disconnect();
  }, [frame, stage, objects, scene, notes]);
}

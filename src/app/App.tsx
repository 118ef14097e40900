import { lazy, Suspense, useEffect, useEffectEvent, useState } from 'react';
import { Canvas } from '../canvas/Canvas';
import { useLesson } from '../lessons/current';
import { RefusalCard } from '../panels/refusal/RefusalCard';
import { EmptyStart } from '../panels/start/EmptyStart';
import { useApp } from '../store';
import { Tips } from '../ui/Tips';
import { Caption } from './Caption';
import { Dialogs } from './Dialogs';
import { Dock } from './Dock';
import { DropZone } from './DropZone';
import { EngineBanner } from './EngineBanner';
import { ErrorBoundary } from './ErrorBoundary';
import { Header } from './Header';
import { NoticeBar } from './NoticeBar';
import { Rail } from './Rail';
import { Resizer } from './Resizer';
import { readSaved, save } from './saved';
import { SkipLinks } from './SkipLinks';
import { useLongPaste } from './use-long-paste';
import { useShortcuts } from './use-shortcuts';
import { ViewTabs, type View } from './ViewTabs';
import 'reactflow/dist/base.css';
import '../canvas/canvas.css';
import * as says from '../words/app/frame';

const palette = () => import('./CommandPalette');
const menu = () => import('./ContextMenu');
const CommandPalette = lazy(async () => ({ default: (await palette()).CommandPalette }));
const ContextMenu = lazy(async () => ({ default: (await menu()).ContextMenu }));
const DraftOffer = lazy(() =>
  import('./drafts/DraftOffer').then((module) => ({ default: module.DraftOffer })),
);
const WideWalk = lazy(() =>
  import('../panels/walk/WideWalk').then((module) => ({ default: module.WideWalk })),
);
const StageStrip = lazy(() =>
  import('../canvas/animation/StageStrip').then((module) => ({ default: module.StageStrip })),
);
const LessonBar = lazy(async () => ({
  default: (await import('../panels/lesson/LessonBar')).LessonBar,
}));
const SidePanel = lazy(() => import('./SidePanel').then((module) => ({ default: module.SidePanel })));

/** The page: a header, a rail, the canvas with the script below it, and the panel beside. */
export function App() {
  const [saved] = useState(readSaved);
  const [sideWidth, setSideWidth] = useState(saved.sideWidth);
  const [dockHeight, setDockHeight] = useState(saved.dockHeight);
  const [sideOpen, setSideOpen] = useState(saved.sideOpen);
  const [dockOpen, setDockOpen] = useState(saved.dockOpen);
  /** On narrow screens one of the three is seen. */
  const [view, setView] = useState<View>('canvas');
  useShortcuts();
  useLongPaste();

  const toggleSide = (): void => {
    setSideOpen(!sideOpen);
    save({ sideOpen: !sideOpen });
  };
  const showSide = (): void => {
    setView('side');
    if (!sideOpen) toggleSide();
  };
  const toggleDock = (): void => {
    setDockOpen(!dockOpen);
    save({ dockOpen: !dockOpen });
  };

  return (
    <div
      className="app"
      data-view={view}
      data-side={sideOpen}
      data-dock={dockOpen}
      style={{ ['--side' as string]: `${sideWidth}px`, ['--dock' as string]: `${dockHeight}px` }}
    >
      <SkipLinks />
      <Header sideOpen={sideOpen} onToggleSide={toggleSide} />
      <Rail />
      <main className="stage" id="canvas" tabIndex={-1} aria-label={says.machine}>
        <ErrorBoundary part={says.theCanvas}>
          <Canvas
            empty={
              <EmptyStart>
                <Suspense fallback={null}>
                  <DraftOffer />
                </Suspense>
              </EmptyStart>
            }
          />
        </ErrorBoundary>
        <Wide />
        <Caption />
        <ErrorBoundary part={says.whatIsOnStage}>
          <Suspense fallback={null}>
            <StageStrip />
          </Suspense>
        </ErrorBoundary>
        <Learning onRead={showSide} />
        <ErrorBoundary part={says.theRefusal}>
          <RefusalCard />
        </ErrorBoundary>
        <EngineBanner />
      </main>
      <aside className="side" id="side" aria-label={says.details} tabIndex={-1}>
        <Resizer
          className="resize-side"
          label={says.widthOfTheSidePanel}
          orientation="vertical"
          value={sideWidth}
          min={300}
          max={720}
          onChange={setSideWidth}
          onDone={(value) => save({ sideWidth: value })}
        />
        <ErrorBoundary part={says.thisPanel}>
          <Suspense fallback={null}>
            <SidePanel />
          </Suspense>
        </ErrorBoundary>
      </aside>
      <Dock open={dockOpen} onToggle={toggleDock}>
        <Resizer
          className="resize-dock"
          label={says.heightOfTheScript}
          orientation="horizontal"
          value={dockHeight}
          min={110}
          max={640}
          onChange={setDockHeight}
          onDone={(value) => save({ dockHeight: value })}
        />
      </Dock>
      <ViewTabs view={view} onChange={setView} />
      <NoticeBar onPanel={showSide} />
      <ErrorBoundary part={says.theDialog}>
        <Dialogs />
      </ErrorBoundary>
      <ErrorBoundary part={says.theMenu}>
        <Commanding />
      </ErrorBoundary>
      <DropZone />
      <Tips />
    </div>
  );
}

/** While there is a lesson: each step begins with reading, and below the canvas it says what is wanted. */
function Learning({ onRead }: { readonly onRead: () => void }) {
  const step = useLesson(({ current }) => current && `${current.lesson.id} ${String(current.at)}`);
  const read = useEffectEvent(onRead);
  useEffect(() => {
    if (step !== null) read();
  }, [step]);
  if (step === null) return null;
  return (
    <ErrorBoundary part={says.theLesson}>
      <Suspense fallback={null}>
        <LessonBar onRead={onRead} />
      </Suspense>
    </ErrorBoundary>
  );
}

/** What lies over the canvas on request. */
function Wide() {
  const walk = useApp((state) => state.wideWalk);
  if (!walk) return null;
  return (
    <ErrorBoundary part={says.theWalk}>
      <Suspense fallback={null}>
        <WideWalk />
      </Suspense>
    </ErrorBoundary>
  );
}

const REST_MS = 1500;

/** The two lists of commands, each in a chunk of its own. */
function Commanding() {
  const finding = useApp((state) => state.palette !== null);
  const pointing = useApp((state) => state.menu !== null);
  useEffect(() => {
    // Fetched once the page is at rest: then both open at once.
    const timer = setTimeout(() => void Promise.allSettled([palette(), menu()]), REST_MS);
    return () => clearTimeout(timer);
  }, []);
  return (
    <Suspense fallback={null}>
      {finding && <CommandPalette />}
      {pointing && <ContextMenu />}
    </Suspense>
  );
}

import { lazy, Suspense, useState } from 'react';
import { Canvas } from '../canvas/Canvas';
import { RefusalCard } from '../panels/refusal/RefusalCard';
import { EmptyStart } from '../panels/start/EmptyStart';
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
      <main className="stage" id="canvas" tabIndex={-1} aria-label="Machine">
        <ErrorBoundary part="The canvas">
          <Canvas empty={<EmptyStart />} />
        </ErrorBoundary>
        <Caption />
        <RefusalCard />
        <EngineBanner />
      </main>
      <aside className="side" id="side" aria-label="Details" tabIndex={-1}>
        <Resizer
          className="resize-side"
          label="Width of the side panel"
          orientation="vertical"
          value={sideWidth}
          min={300}
          max={720}
          onChange={setSideWidth}
          onDone={(value) => save({ sideWidth: value })}
        />
        <ErrorBoundary part="This panel">
          <Suspense fallback={null}>
            <SidePanel />
          </Suspense>
        </ErrorBoundary>
      </aside>
      <Dock open={dockOpen} onToggle={toggleDock}>
        <Resizer
          className="resize-dock"
          label="Height of the script"
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
      <ErrorBoundary part="The dialog">
        <Dialogs />
      </ErrorBoundary>
      <DropZone />
      <Tips />
    </div>
  );
}

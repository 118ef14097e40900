import {
  Suspense,
  useCallback,
  useEffect,
  useRef,
  type KeyboardEvent,
  type MouseEvent,
  type ReactNode,
} from 'react';
import {
  Background,
  BackgroundVariant,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
} from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { useCanvasUi } from './canvas-ui';
import { ColumnHeadings } from './ColumnHeadings';
import { ConnectHint } from './ConnectHint';
import { edgeTypes } from './edges/RouteEdge';
import { HandLayer, MarkedCount } from './HandLayer';
import { useCanvasKeyboard } from './keyboard/use-canvas-keyboard';
import { domIdOf } from './nodes/NodeCard';
import { Key } from './key/Key';
import { LiveDrawings, LiveOverlay } from './Live';
import type { Point } from './layout/geometry';
import { toggleMark } from './marked';
import { nodeTypes } from './nodes/node-types';
import type { CanvasEdge, CanvasNode } from './nodes/types';
import { detailAt } from './painted/detail';
import { PasteLook } from './PasteLook';
import { LazyPalette, paletteKit } from './palette/load';
import { makeOn } from './palette/new-object';
import { useSome } from './painted/use-some';
import { Beyond } from './camera/Beyond';
import { Controls } from './camera/Controls';
import { MAX_ZOOM, MIN_ZOOM } from './camera/framing';
import { useLinkedCamera } from './camera/linked';
import { useCamera } from './camera/use-camera';
import { STILL } from './still';
import { useBoxing } from './use-boxing';
import { useClipboard } from './use-clipboard';
import { useAiming, useWiring, wireSourceAt } from './use-connecting';
import { useShowGaze } from './use-show-gaze';
import { useShowLit } from './use-show-lit';
import { useShowSelection } from './use-show-selection';
import { useMoving } from './use-moving';
import { usePointer, type Gesture } from './use-pointer';
import { useScene } from './use-scene';
import * as says from '../words/canvas/canvas';

export interface CanvasProps {
  /** Shown while the world holds nothing to draw. */
  readonly empty?: ReactNode;
  /** What the wheel does: moves the canvas, or is left to the page around an embedded figure. */
  readonly wheel?: 'canvas' | 'page';
  /** Whether hands and keys may change the scene, or only look at it. */
  readonly editable?: boolean;
}

/** The machine, left to right along a DMA. Fills its parent. */
export function Canvas(props: CanvasProps): ReactNode {
  return (
    <ReactFlowProvider>
      <CanvasBody {...props} />
    </ReactFlowProvider>
  );
}

function CanvasBody({ empty, wheel = 'canvas', editable = true }: CanvasProps): ReactNode {
  const scene = useScene();
  const { layout, rects, links } = scene;
  const camera = useCamera(layout);
  const keepViewport = useLinkedCamera(layout);
  useShowLit(layout, camera);
  useShowSelection(layout);
  useShowGaze(layout, camera);
  const root = useRef<HTMLDivElement>(null);
  const aiming = useAiming(rects);
  const wiring = useWiring(rects, aiming);
  const moving = useMoving(layout, links, aiming, openMenuOf);
  const { screenToFlowPosition } = useReactFlow();
  const boxing = useBoxing(layout, root);
  const clipboard = useClipboard();
  const onKeyDown = useCanvasKeyboard(layout, links, camera.fit);
  const isConnecting = useApp((s) => s.connecting !== null);
  const activeId = useCanvasUi((s) => s.activeId);
  const aimId = useCanvasUi((s) => s.aimId);
  const isLit = useApp((s) => s.lit !== null);
  const detail = useStore((s) => detailAt(s.transform[2]));
  const some = useSome(scene);
  const drawBoxes = useCanvasUi((s) => s.boxing);
  const gestureAt = useCallback(
    (event: PointerEvent): Gesture | null => {
      const target = event.target instanceof Element ? event.target : null;
      if (target === null || !editable) return null;
      const piece = target.closest<HTMLElement>('[data-piece]')?.dataset.piece;
      if (piece !== undefined) return paletteKit()?.pieceGesture(piece, aiming, screenToFlowPosition) ?? null;
      if (target.closest('button, a, input, .pieces') !== null) return null;
      const wire = wireSourceAt(target);
      if (wire !== null) return wiring(wire);
      const card = target.closest('.react-flow__node')?.getAttribute('data-id') ?? null;
      // Shift on a card is about which are selected.
      if (card !== null) return event.shiftKey || event.ctrlKey || event.metaKey ? null : moving(card);
      if (target.closest('.react-flow__pane') === null) return null;
      if (event.shiftKey || useCanvasUi.getState().boxing) return boxing(event.shiftKey);
      return null;
    },
    [aiming, editable, screenToFlowPosition, wiring, moving, boxing],
  );
  usePointer(root, gestureAt, layout.rects.size > 0);
  // React Flow's credit stays, but the canvas has one tab stop.
  useEffect(() => root.current?.querySelector('.react-flow__attribution a')?.setAttribute('tabindex', '-1'));
  const spoken = isConnecting ? (aimId ?? activeId) : activeId;

  if (layout.rects.size === 0 && empty) return <div className="canvas canvas-empty">{empty}</div>;
  return (
    <div
      ref={root}
      className="canvas"
      role="application"
      aria-label={says.canvas}
      aria-roledescription={says.machineDiagram}
      aria-describedby="canvas-keys"
      aria-activedescendant={spoken !== null && layout.rects.has(spoken) ? domIdOf(spoken) : undefined}
      tabIndex={0}
      data-detail={detail}
      data-connecting={isConnecting || undefined}
      data-lit={isLit || undefined}
      data-boxing={drawBoxes || undefined}
      data-editable={editable || undefined}
      onKeyDown={(event) => {
        if (editable || onlyLooks(event)) onKeyDown(event);
      }}
      onCopy={clipboard.onCopy}
      onCut={editable ? clipboard.onCut : undefined}
      onPaste={editable ? clipboard.onPaste : undefined}
      onContextMenu={(event) => {
        if (!editable) return;
        event.preventDefault();
        const target = event.target instanceof Element ? event.target : null;
        const id = target?.closest('.react-flow__node')?.getAttribute('data-id') ?? some.at(event);
        openMenuOf(id, { x: event.clientX, y: event.clientY });
      }}
      onPointerMove={(event) => {
        // A resting mouse must not take the aim away from the keyboard.
        const ours = useApp.getState().connecting !== null && !useCanvasUi.getState().byKeyboard;
        if (ours && event.buttons === 0) aiming.aimAt({ x: event.clientX, y: event.clientY });
        some.onPointerMove(event);
      }}
    >
      <ReactFlow<CanvasNode, CanvasEdge>
        nodes={some.nodes}
        edges={some.edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        defaultViewport={useCanvasUi.getState().viewport}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        {...STILL}
        panOnDrag={!drawBoxes}
        panOnScroll={wheel === 'canvas'}
        zoomOnScroll={false}
        preventScrolling={wheel === 'canvas'}
        zoomOnDoubleClick={false}
        onNodeClick={pickNode}
        onPaneClick={(event) => {
          const id = some.at(event);
          if (id === null) pickNothing();
          else pick(id, event);
        }}
        onEdgeClick={pickEdge}
        onMoveStart={(event) => {
          camera.forgetUnseen();
          // Without an event it was moved by the page itself.
          if (event !== null) camera.takeHold();
        }}
        onMoveEnd={keepViewport}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.5} />
        <LiveDrawings scene={scene} some={some} />
      </ReactFlow>
      <ColumnHeadings columns={layout.columns} />
      <Beyond columns={layout.columns} />
      <LiveOverlay scene={scene} />
      <ConnectHint rects={rects} />
      <Key links={links} />
      <Controls camera={camera} />
      {editable && (
        <>
          <Suspense fallback={null}>
            <LazyPalette />
          </Suspense>
          <MarkedCount />
          <HandLayer />
          <PasteLook />
        </>
      )}
      <Announcer />
    </div>
  );
}

/** Keys that only look: arrows, Enter, Escape, and those of the camera. */
const onlyLooks = (event: KeyboardEvent): boolean =>
  !event.altKey &&
  !event.ctrlKey &&
  !event.metaKey &&
  /^(Arrow.*|Home|End|Enter|Escape|[-+=0])$/.test(event.key);

function pickNode(event: MouseEvent, node: CanvasNode): void {
  // A tap on the grip has begun a wire.
  const onGrip = event.target instanceof Element && event.target.closest('.grip') !== null;
  if (!onGrip) pick(node.id, event);
}

function pick(id: WorldId, event: Pick<MouseEvent, 'shiftKey' | 'ctrlKey' | 'metaKey'>): void {
  const { connecting, actions } = useApp.getState();
  useCanvasUi.setState({ activeId: id, edgeId: null, aimId: null, byKeyboard: false });
  if (connecting !== null && connecting.deviceId !== id) {
    void (connecting.deviceId.startsWith('new:') ? makeOn(id) : actions.connectTo(id));
  } else if (event.shiftKey || event.ctrlKey || event.metaKey) toggleMark(id);
  else actions.select(id);
}

/** The menu of an object, of all that are marked where it is one of them, or of the canvas. */
function openMenuOf(id: WorldId | null, at: Point): boolean {
  const { marked, actions } = useApp.getState();
  const isMarked = id !== null && marked.includes(id);
  if (id !== null && !isMarked) actions.select(id);
  useCanvasUi.setState({ edgeId: null, ...(id === null ? {} : { activeId: id }) });
  actions.openContextMenu(at, isMarked ? marked : id === null ? [] : [id]);
  return true;
}

function pickNothing(): void {
  const { connecting, lit, actions } = useApp.getState();
  useCanvasUi.setState({ edgeId: null, aimId: null, byKeyboard: false });
  if (connecting !== null) actions.stopConnecting();
  else if (lit !== null) actions.light(null);
  else actions.select(null);
}

function pickEdge(_event: MouseEvent, edge: CanvasEdge): void {
  if (edge.data?.route.link.kind !== 'attach') return;
  useCanvasUi.setState({ edgeId: edge.id, activeId: edge.source });
}

function Announcer(): ReactNode {
  const said = useCanvasUi((s) => s.said);
  return (
    <>
      <p id="canvas-keys" className="sr-only">
        {says.arrowsGoFromObjectToObject}
      </p>
      <p className="sr-only" role="status" aria-live="polite">
        {said}
      </p>
    </>
  );
}

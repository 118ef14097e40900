import { Maximize, Minus, Plus } from 'lucide-react';
import { useCallback, useEffect, useMemo, useRef, useState, type MouseEvent, type ReactNode } from 'react';
import {
  Background,
  BackgroundVariant,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
  useStore,
  type Viewport,
} from 'reactflow';
import type { WorldId } from '../engine/sim/world';
import { useApp } from '../store/index';
import { LookupOverlay } from './animation/LookupOverlay';
import { useCanvasUi } from './canvas-ui';
import { ColumnHeadings } from './ColumnHeadings';
import { ConnectHint } from './ConnectHint';
import { ConnectionLine } from './edges/ConnectionLine';
import { edgeTypes } from './edges/RouteEdge';
import { treeLinesOf } from './edges/tree-lines';
import { TreeLines } from './edges/TreeLines';
import { useCanvasKeyboard } from './keyboard/use-canvas-keyboard';
import { domIdOf } from './nodes/NodeCard';
import { LitChain } from './LitChain';
import { nodeTypes } from './nodes/node-types';
import type { CanvasEdge, CanvasNode } from './nodes/types';
import { FAR } from './painted/paint';
import { PaintedCards } from './painted/PaintedCards';
import { useSome } from './painted/use-some';
import { MAX_ZOOM, MIN_ZOOM, useCamera, type Camera } from './use-camera';
import { useConnecting } from './use-connecting';
import { useShowLit } from './use-show-lit';
import { useShowSelection } from './use-show-selection';
import { useMoving, type Shift } from './use-moving';
import { useScene } from './use-scene';

export interface CanvasProps {
  /** Shown while the world holds nothing to draw. */
  readonly empty?: ReactNode;
  /** What the wheel does: moves the canvas, or is left to the page around an embedded figure. */
  readonly wheel?: 'canvas' | 'page';
}

/** The machine, left to right along a DMA. Fills its parent. */
export function Canvas(props: CanvasProps): ReactNode {
  return (
    <ReactFlowProvider>
      <CanvasBody {...props} />
    </ReactFlowProvider>
  );
}

function CanvasBody({ empty, wheel = 'canvas' }: CanvasProps): ReactNode {
  const [shift, setShift] = useState<Shift | null>(null);
  const scene = useScene(shift);
  const { layout, rects, links, routes } = scene;
  const camera = useCamera(layout);
  useShowLit(layout, camera);
  useShowSelection(layout);
  const connecting = useConnecting(rects);
  const moving = useMoving(layout, connecting.aiming, setShift);
  const onKeyDown = useCanvasKeyboard(layout, links, camera.fit);
  const isConnecting = useApp((s) => s.connecting !== null);
  const activeId = useCanvasUi((s) => s.activeId);
  const aimId = useCanvasUi((s) => s.aimId);
  const isLit = useApp((s) => s.lit !== null);
  const far = useStore((s) => s.transform[2] < FAR);
  const treeLines = useMemo(() => treeLinesOf(layout, rects), [layout, rects]);
  const some = useSome(scene);
  const root = useRef<HTMLDivElement>(null);
  // React Flow's credit stays, but the canvas has one tab stop.
  useEffect(() => root.current?.querySelector('.react-flow__attribution a')?.setAttribute('tabindex', '-1'));
  const spoken = isConnecting ? (aimId ?? activeId) : activeId;

  if (layout.rects.size === 0 && empty) return <div className="canvas canvas-empty">{empty}</div>;
  return (
    <div
      ref={root}
      className="canvas"
      role="application"
      aria-label="Canvas"
      aria-roledescription="machine diagram"
      aria-describedby="canvas-keys"
      aria-activedescendant={spoken !== null && layout.rects.has(spoken) ? domIdOf(spoken) : undefined}
      tabIndex={0}
      data-far={far || undefined}
      data-connecting={isConnecting || undefined}
      data-lit={isLit || undefined}
      onKeyDown={onKeyDown}
      onPointerMove={(event) => {
        connecting.onPointerMove(event);
        some.onPointerMove(event);
      }}
    >
      <ReactFlow<CanvasNode, CanvasEdge>
        nodes={some.nodes}
        edges={some.edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        connectionLineComponent={ConnectionLine}
        defaultViewport={useCanvasUi.getState().viewport}
        minZoom={MIN_ZOOM}
        maxZoom={MAX_ZOOM}
        zIndexMode="manual"
        // One tab stop for all: focus, selection and keys are the canvas' own.
        nodesFocusable={false}
        edgesFocusable={false}
        elementsSelectable={false}
        disableKeyboardA11y
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        panActivationKeyCode={null}
        nodeDragThreshold={4}
        selectNodesOnDrag={false}
        connectOnClick={false}
        panOnScroll={wheel === 'canvas'}
        zoomOnScroll={false}
        preventScrolling={wheel === 'canvas'}
        zoomOnDoubleClick={false}
        onNodeClick={pickNode}
        onPaneClick={(event) => {
          const id = some.at(event);
          if (id === null) pickNothing();
          else pick(id);
        }}
        onEdgeClick={pickEdge}
        onNodeDrag={moving.onNodeDrag}
        onNodeDragStop={moving.onNodeDragStop}
        onConnectStart={connecting.onConnectStart}
        onConnectEnd={connecting.onConnectEnd}
        onReconnect={keepEdge}
        onReconnectStart={connecting.onReconnectStart}
        onReconnectEnd={connecting.onReconnectEnd}
        onMoveStart={(event) => {
          camera.forgetUnseen();
          // Without an event it was moved by the page itself.
          if (event !== null) camera.takeHold();
        }}
        onMoveEnd={keepViewport}
      >
        <Background variant={BackgroundVariant.Dots} gap={20} size={1.5} />
        {some.painted ? (
          <PaintedCards rects={rects} edges={scene.edges} treeLines={treeLines} isElement={some.isElement} />
        ) : (
          <TreeLines lines={treeLines} />
        )}
        <LitChain rects={rects} />
      </ReactFlow>
      <ColumnHeadings columns={layout.columns} />
      <LookupOverlay rects={rects} frameOf={layout.frameOf} routes={routes} />
      <ConnectHint rects={rects} />
      <Controls camera={camera} />
      <Announcer />
    </div>
  );
}

/** Edges come from the engine: what a drop did is shown when the world says so. */
const keepEdge = (): void => undefined;

const keepViewport = (_event: unknown, viewport: Viewport): void => useCanvasUi.setState({ viewport });

function pickNode(event: MouseEvent, node: CanvasNode): void {
  // Pointing twice does what dragging does: first the grip of a device, then a target.
  const onGrip = event.target instanceof Element && event.target.closest('.grip') !== null;
  if (!onGrip) return pick(node.id);
  useCanvasUi.setState({ activeId: node.id, edgeId: null, aimId: null, byKeyboard: false });
  void useApp.getState().actions.startConnecting(node.id);
}

function pick(id: WorldId): void {
  const { connecting, actions } = useApp.getState();
  useCanvasUi.setState({ activeId: id, edgeId: null, aimId: null, byKeyboard: false });
  if (connecting !== null && connecting.deviceId !== id) void actions.connectTo(id);
  else actions.select(id);
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

/** Small and quiet; the keyboard has + - 0 for the same, so these are no tab stops. */
function Controls({ camera }: { readonly camera: Camera }): ReactNode {
  const { zoomIn, zoomOut } = useReactFlow();
  const zoom = useCallback((how: typeof zoomIn) => () => void how({ duration: 120 }), []);
  return (
    <>
      <div className="zoom">
        <button
          type="button"
          tabIndex={-1}
          aria-label="Zoom out"
          title="Zoom out (−)"
          onClick={zoom(zoomOut)}
        >
          <Minus size={14} />
        </button>
        <button type="button" tabIndex={-1} aria-label="Zoom in" title="Zoom in (+)" onClick={zoom(zoomIn)}>
          <Plus size={14} />
        </button>
        <button
          type="button"
          tabIndex={-1}
          aria-label="Fit to view"
          title="Fit to view (0)"
          onClick={camera.fit}
        >
          <Maximize size={13} />
        </button>
      </div>
      {camera.unseen.length > 0 && (
        <button type="button" tabIndex={-1} className="unseen" onClick={camera.showUnseen}>
          {camera.unseen.length} new out of view · <b>show</b>
        </button>
      )}
    </>
  );
}

function Announcer(): ReactNode {
  const said = useCanvasUi((s) => s.said);
  return (
    <>
      <p id="canvas-keys" className="sr-only">
        Arrows go from object to object, Enter selects, C connects a device, Delete detaches it, plus, minus
        and 0 zoom.
      </p>
      <p className="sr-only" role="status" aria-live="polite">
        {said}
      </p>
    </>
  );
}

import { useMemo } from 'react';
import { ReactFlow, ReactFlowProvider } from 'reactflow';
import { edgeTypes } from '../canvas/edges/RouteEdge';
import { treeLinesOf } from '../canvas/edges/tree-lines';
import { TreeLines } from '../canvas/edges/TreeLines';
import { boundsOf, type Rect } from '../canvas/layout/geometry';
import { computeLayout } from '../canvas/layout/layout';
import { accessibleName } from '../canvas/names';
import { nodeTypes } from '../canvas/nodes/node-types';
import type { CanvasEdge, CanvasNode } from '../canvas/nodes/types';
import { STILL } from '../canvas/still';
import { useScene } from '../canvas/use-scene';
import { useApp } from '../store';
import type { Objects } from '../store/object-words';
import { Defs } from './boxes';
import { colourOf } from './colour';
import { onStage, type FigureTheme } from './stage';
import { figureFile } from './svg';
import { traced } from './trace';
import { FIGURE_WORDS } from '../words/figure';
import '../canvas/canvas.css';

export interface FigureOptions {
  readonly theme: FigureTheme;
  readonly title: string;
  /** The hash of the link that opens it again. */
  readonly scene: string;
}

const MARGIN = 24;
/** Above the first card, for the names of the columns. */
const HEADINGS = 28;
/** Cards that are read out; the rest are counted. */
const TOLD = 40;

export interface FigureSize {
  readonly width: number;
  readonly height: number;
}

/** Known without drawing; null without anything to draw. */
export const canvasSize = (objects: Objects): FigureSize | null => roomOf(computeLayout(objects).rects);

function roomOf(rects: ReadonlyMap<string, Rect>): Rect | null {
  const bounds = boundsOf(rects.values());
  return (
    bounds && {
      x: bounds.x - MARGIN,
      y: bounds.y - MARGIN - HEADINGS,
      width: Math.ceil(bounds.width + 2 * MARGIN),
      height: Math.ceil(bounds.height + 2 * MARGIN + HEADINGS),
    }
  );
}

/** The whole canvas at its own size, whatever part of it is in view; null without anything to draw. */
export async function canvasFigure({ theme, title, scene }: FigureOptions): Promise<string | null> {
  const { objects } = useApp.getState();
  const { rects } = computeLayout(objects);
  const room = roomOf(rects);
  if (room === null) return null;
  const told = [...rects.keys()]
    .flatMap((id) => objects[id] ?? [])
    .map((each) => accessibleName(objects, each));
  return onStage(theme, <Drawing room={room} />, (stage) => {
    for (const each of stage.querySelectorAll('*'))
      for (const state of ['selected', 'active', 'aimed', 'lit', 'connect'])
        each.removeAttribute(`data-${state}`);
    const defs = new Defs();
    const from = stage.getBoundingClientRect();
    return figureFile({
      width: room.width,
      height: room.height,
      background: colourOf(getComputedStyle(stage).backgroundColor)?.hex ?? '#ffffff',
      title,
      description: FIGURE_WORDS.ofCanvas(listed(told)),
      scene,
      body: LAYERS.flatMap((layer) => [...stage.querySelectorAll(layer)])
        .map((each) => traced(each, from, defs))
        .filter((text) => text !== '')
        .join('\n'),
      defs: defs.text,
    });
  });
}

/** What lies over what, as the canvas stacks it. */
const LAYERS = [
  '.react-flow__node-group',
  '.react-flow__edges',
  '.tree-lines',
  '.react-flow__node:not(.react-flow__node-group)',
  '.figure-headings',
];

function listed(names: readonly string[]): string {
  const more = names.length - TOLD;
  return names.slice(0, TOLD).join('; ') + (more > 0 ? `; ${FIGURE_WORDS.more(more)}` : '');
}

interface DrawingProps {
  readonly room: Rect;
}

function Drawing({ room }: DrawingProps) {
  const { layout, rects, nodes, edges } = useScene();
  const lines = useMemo(() => treeLinesOf(layout, rects), [layout, rects]);
  return (
    <div
      className="canvas figure-canvas"
      data-detail="near"
      style={{ width: room.width, height: room.height }}
    >
      <ReactFlowProvider>
        <ReactFlow<CanvasNode, CanvasEdge>
          nodes={nodes}
          edges={edges}
          nodeTypes={nodeTypes}
          edgeTypes={edgeTypes}
          defaultViewport={{ x: -room.x, y: -room.y, zoom: 1 }}
          {...STILL}
          zoomActivationKeyCode={null}
        >
          <TreeLines lines={lines} />
        </ReactFlow>
      </ReactFlowProvider>
      <div className="headings figure-headings">
        {layout.columns.map((column) => (
          <span key={column.title} style={{ transform: `translateX(${column.x - room.x}px)` }}>
            {column.title}
          </span>
        ))}
      </div>
    </div>
  );
}

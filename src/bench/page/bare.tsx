import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { ReactFlow, type Edge, type Node } from 'reactflow';
import 'reactflow/dist/style.css';
import type { Drawn } from './drawn';
import { recorder } from './recorder';

/** React Flow as its introduction shows it, with nodes and edges of its own kinds: what the canvas is measured beside. */
export interface BarePage {
  readonly show: (drawn: Drawn) => Promise<void>;
  /** Milliseconds from taking an edge away or putting it back to the frame that shows it. */
  readonly gestures: (count: number) => Promise<readonly number[]>;
}

declare global {
  interface Window {
    bare: BarePage;
  }
}

function Bare() {
  const [drawn, setDrawn] = useState<Drawn | null>(null);
  const [nodes, setNodes] = useState<Node[]>([]);
  const [edges, setEdges] = useState<Edge[]>([]);
  useEffect(() => {
    window.bare = {
      async show(next) {
        setDrawn(next);
        setNodes(
          next.nodes.map(({ id, x, y, width, height }) => ({
            id,
            position: { x, y },
            data: { label: id },
            style: { width, height },
          })),
        );
        setEdges(next.edges.map((edge) => ({ ...edge })));
        await recorder.painted();
      },
      async gestures(count) {
        const taken: number[] = [];
        const [first] = edges;
        if (first === undefined) throw new Error('nothing to take away');
        const isShown = (): boolean => document.querySelector(`[data-id="${CSS.escape(first.id)}"]`) !== null;
        for (let n = 0; n < count; n++) {
          const there = isShown();
          const began = performance.now();
          setEdges(there ? edges.filter(({ id }) => id !== first.id) : edges);
          while (isShown() === there) await recorder.painted();
          taken.push(performance.now() - began);
          await recorder.painted();
        }
        return taken;
      },
    };
  });
  if (drawn === null) return null;
  return (
    <div style={{ position: 'absolute', ...drawn.box }}>
      <ReactFlow
        nodes={nodes}
        edges={edges}
        defaultViewport={drawn.camera}
        minZoom={0.01}
        // The wheel does what it does on the other page.
        panOnScroll
        zoomOnScroll={false}
        nodesDraggable={false}
      />
    </div>
  );
}

window.recorder = recorder;
const root = document.getElementById('root');
if (root !== null) createRoot(root).render(<Bare />);

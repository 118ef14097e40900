import type { Edge, Node } from 'reactflow';
import type { WorldId } from '../../engine/sim/world';
import type { Route } from '../edges/edges';

/** A node carries an id: its contents are the store's, its position is the layout's. */
export type CanvasNode = Node<{ readonly id: WorldId }>;
export type CanvasEdge = Edge<{ readonly route: Route; readonly path: string }>;

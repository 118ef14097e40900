/**
 * React Flow draws, and moves the camera. What hands and keys do to cards and wires is the canvas' own (one tab stop for all);
 * in a figure nobody does anything.
 */
export const STILL = {
  zIndexMode: 'manual',
  nodesDraggable: false,
  nodesConnectable: false,
  edgesReconnectable: false,
  connectOnClick: false,
  nodesFocusable: false,
  edgesFocusable: false,
  elementsSelectable: false,
  disableKeyboardA11y: true,
  deleteKeyCode: null,
  selectionKeyCode: null,
  multiSelectionKeyCode: null,
  panActivationKeyCode: null,
} as const;

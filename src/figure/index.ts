/** Pictures of the scene as files that stand alone: SVG without script, style sheet or font, and the scene inside. */
export { canvasFigure, canvasSize, type FigureOptions, type FigureSize } from './canvas-figure';
export { walkFigure } from './walk-figure';
export { pngOf } from './png';
export type { FigureTheme } from './stage';

export { Palette } from './Palette';
export { pieceGesture } from './piece-gesture';
export { pieceOf } from './pieces';

import type { IrqSource } from '../port';

/** An interrupt whose handler runs before anything else does. */
export const atOnce = (_: IrqSource, handler: () => void): void => handler();

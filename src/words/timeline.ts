/** Why playing stopped. */

export const line = (line: number): string => `line ${line}`;
export const aDmaWasBlocked = 'a DMA was blocked';
export const theKernelRefused = (errno: string): string => `the kernel refused: ${errno}`;
export const cameIntoBeing = 'came into being';
export const isGone = 'is gone';

/** The palette before anything of it is taken; what it can make has a file of its own, which is loaded later. */

export const boxTip = 'Select with a box (Shift and drag)';
export const makeSomethingNew = 'Make something new';
export const newIt = 'New';
export const newOf = (label: string): string => `New ${label}`;
export const newTip = 'New: drag onto the canvas, or press (N)';
export const selectWithABox = 'Select with a box';

/** Cards of a big machine, which are painted. */

export const group = (number: number): string => `Group ${number}`;
export const noDriver = 'no driver';

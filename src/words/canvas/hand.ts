import { counted } from '../counted';

/** What is done by hand: connecting, selecting, copying, pasting, taking away. */

export const arrowsChooseEnterDoesIt = 'arrows choose, Enter does it';
export const ofAllowed = (legal: number, total: number): string => ` · ${legal} of ${total} allowed`;
export const newIt = (label: string): string => `New ${label}`;
export const mapMemoryOf = (title: string): string => `Map memory of ${title}`;
export const intoAnIoas = 'into an IOAS';
export const move = (title: string): string => `Move ${title}`;
export const toAnotherIoas = 'to another IOAS';
export const attach = (name: string): string => `Attach ${name}`;
export const toAnIoasOrHwpt = 'to an IOAS or HWPT';
export const makeItHere = 'make it here';
export const refused = 'refused';
export const inTheWay = (title: string): string => `in the way: ${title}`;

export const selected = (count: number): string => `${count} selected`;
export const clear = 'Clear';

export const nothingWasCopied = 'Nothing was copied.';
export const copiedAsOfScript = (count: number): string => `Copied as ${counted(count, 'line')} of script.`;
export const thereIsNothingToPaste = 'There is nothing to paste.';
export const whatIsOnTheClipboard =
  'What is on the clipboard are no lines of script. Paste a machine with Ctrl V.';
export const pasted = 'Pasted';
export const duplicated = 'Duplicated';
export const nothingWasTakenAway = 'Nothing was taken away.';
export const nothingWasPasted = 'Nothing was pasted.';
export const newObjects = (n: number): string => counted(n, 'new object');
export const andMore = (count: number): string => `and ${count} more`;

export const nothingToTakeAwayHere = 'Nothing to take away here.';

export const thereIsNoPlaceForIt = 'There is no place for it.';
export const connectingCancelled = 'Connecting cancelled.';
export const connectingFindingTargets = (what: string): string => `Connecting ${what}. Finding targets.`;
export const thereIsNoPlace = 'There is no place for it: first make an IOAS. Escape leaves.';
export const targetsAllowedArrowsChooseEnterDoes = (what: string, count: number, legal: number): string =>
  `${what}: ${count} targets, ${legal} allowed. Arrows choose, Enter does it, Escape cancels.`;

export const pastedLines = 'Pasted lines';
export const run = (count: number): string => `Run ${counted(count, 'pasted line')}?`;
export const runIt = 'Run';
export const cancel = 'Cancel';

export const selectedObjects = (count: number): string => `${counted(count, 'object')} selected`;

/** Primitives of the page. */

export const close = 'Close';

export const whatItMeans = 'What it means';
export const opensInANewTab = ' (opens in a new tab)';

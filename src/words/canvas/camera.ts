/** What the camera's own controls say. */
export const FOLLOW = {
  label: 'Follow what happens',
  on: 'The camera goes along with what plays. Click: it stays where it is',
  off: 'The camera stays where it is. Click: it goes along with what plays',
} as const;

/** Columns out of view, on one side of it. */
export const beyondWords = (titles: readonly string[]): string => titles.join(' · ');
export const showBeyond = (titles: readonly string[]): string => `Show ${titles.join(', ')}`;

export const zoomOut = 'Zoom out';
export const zoomOutTip = 'Zoom out (−)';
export const zoomIn = 'Zoom in';
export const zoomInTip = 'Zoom in (+)';
export const fitToView = 'Fit to view';
export const fitToViewTip = 'Fit to view (0)';
export const unseen = '{count} new out of view · {show}';
export const show = 'show';

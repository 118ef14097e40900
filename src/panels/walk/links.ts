/** The colour of a level. */
export const levelColour = (level: number): string =>
  level === 0 ? 'var(--off)' : `var(--lv${Math.min(level, 5)})`;

/** What belongs together by level and stage lights up together: `3`, or `2:3` of a second stage under a first. */
export const linkOf = (level: number, stage: 1 | 2 | null): string => `${stage === 2 ? '2:' : ''}${level}`;

/** What the page says around lessons; what they tell themselves is in files/. */
export const WORDS = {
  noLesson: (id: string): string => `There is no lesson “${id}” in this version of the page.`,
  ownWay:
    'Your machine has gone another way than this step needs, so it begins with its own. Undo brings yours back.',
} as const;

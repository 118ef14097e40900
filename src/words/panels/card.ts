import type { Difficulty } from '../../gallery/about';

/** What every list of scenes and lessons says; small, for the empty page has such a list. */
export const DIFFICULTY_WORDS: Readonly<Record<Difficulty, string>> = {
  beginner: 'Beginner',
  intermediate: 'Intermediate',
  expert: 'Expert',
};
export const SEEN = 'seen';

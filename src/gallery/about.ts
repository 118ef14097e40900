/** What scenes and lessons say about themselves, beside their titles. */
export const DIFFICULTIES = ['beginner', 'intermediate', 'expert'] as const;
export type Difficulty = (typeof DIFFICULTIES)[number];

export const isDifficulty = (text: string): text is Difficulty =>
  DIFFICULTIES.some((difficulty) => difficulty === text);

export interface About {
  readonly tags: readonly string[];
  readonly difficulty: Difficulty;
}

/** Comment lines at the head of a scene: `# key: value`. */
export function headOf(script: string): ReadonlyMap<string, string> {
  const head = new Map<string, string>();
  for (const line of script.split('\n')) {
    if (!line.startsWith('#')) break;
    const match = /^#\s*([a-z]+):\s*(.*?)\s*$/.exec(line);
    if (match?.[1] !== undefined) head.set(match[1], match[2] ?? '');
  }
  return head;
}

/** `# tags: groups, acs` and `# difficulty: beginner`. */
export function aboutOf(script: string): About {
  const head = headOf(script);
  const difficulty = head.get('difficulty') ?? '';
  return {
    tags: tagsOf(head.get('tags') ?? ''),
    difficulty: isDifficulty(difficulty) ? difficulty : 'beginner',
  };
}

export const tagsOf = (text: string): readonly string[] => text.split(',').flatMap((tag) => tag.trim() || []);

import { parseLesson, type FileError } from './format';
import type { Lesson } from './lesson';

/** Every lesson of files/. Large: it is for what is loaded late. */
const files = import.meta.glob<string>('./files/*.lesson', { query: '?raw', import: 'default', eager: true });

const parsed = Object.entries(files).map(([path, text]) => {
  const id = path.replace(/^.*\//, '').replace(/\.lesson$/, '');
  return { id, result: parseLesson(id, text) };
});

export const LESSONS: readonly Lesson[] = parsed
  .flatMap(({ result }) => (result.ok ? [result.lesson] : []))
  .toSorted((a, b) => a.order - b.order);

/** What is wrong with files: none, or the tests would not let them pass. */
export const MISTAKES: readonly (FileError & { readonly id: string })[] = parsed.flatMap(({ id, result }) =>
  result.ok ? [] : result.errors.map((error) => ({ id, ...error })),
);

export const lessonById = (id: string): Lesson | null => LESSONS.find((lesson) => lesson.id === id) ?? null;

/** Something of the gallery, as a search sees it. */
export interface Findable {
  /** What is shown of it. */
  readonly heading: string;
  readonly script: string;
}

/** Shorter words are found in headings only: every script has an `e4` in some address. */
const IN_SCRIPT = 4;

/** Whether all words are somewhere in it. */
export function isFound(query: string, { heading, script }: Findable): boolean {
  const [title, text] = [heading.toLowerCase(), script.toLowerCase()];
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  return words.every((word) => title.includes(word) || (word.length >= IN_SCRIPT && text.includes(word)));
}

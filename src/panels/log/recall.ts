/** Lines that can be brought back, oldest first: what the script did, then what was typed and is not in it. */
export function recallable(script: readonly string[], typed: readonly string[]): readonly string[] {
  const lines = script.map((line) => line.trim()).filter((line) => !/^(?:#|place\s|note\s|$)/.test(line));
  const inScript = new Set(lines);
  const all = [...lines, ...typed.filter((line) => !inScript.has(line))];
  return all.filter((line, at) => line !== all[at + 1]);
}

/** The newest line that holds every typed word, the `skip`-th of them; null when there is none. */
export function searchBack(lines: readonly string[], query: string, skip: number): string | null {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return null;
  const found = new Set<string>();
  for (const line of lines.toReversed()) {
    const said = line.toLowerCase();
    if (words.every((word) => said.includes(word))) found.add(line);
    if (found.size > skip) return line;
  }
  return null;
}

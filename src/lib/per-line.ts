/**
 * A function of single lines, of all lines of a script: where a line is what it was when the script was asked about last, its
 * answer is. Whoever writes the ten-thousandth line does not wait for the others.
 */
export function perLine<T extends string | number | boolean | object | null>(
  of: (line: string) => T,
): (lines: readonly string[]) => readonly T[] {
  let before: readonly string[] = [];
  let made: readonly T[] = [];
  return (lines) => {
    if (lines === before) return made;
    made = lines.map((line, index) => {
      const old = before[index] === line ? made[index] : undefined;
      return old === undefined ? of(line) : old;
    });
    before = lines;
    return made;
  };
}

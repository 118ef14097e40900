/** Lines without their newlines; a newline at the end begins no other line. */
export function linesOfText(text: string): readonly string[] {
  const lines = text.split('\n');
  if (text === '' || text.endsWith('\n')) lines.pop();
  return lines;
}

export const lineCount = (text: string): number => linesOfText(text).length;

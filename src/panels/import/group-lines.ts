import type { DecodedLine } from '../../engine/sim/kernel-lines/decode';

/** Messages that say the same of the same device, at whatever address: a log repeats a fault by the hundred. */
export interface SameLines {
  readonly first: DecodedLine;
  readonly others: readonly DecodedLine[];
}

/** In the order in which they came. One with entries or records of its own stands alone. */
export function groupLines(lines: readonly DecodedLine[]): readonly SameLines[] {
  const groups = new Map<string, { first: DecodedLine; others: DecodedLine[] }>();
  for (const line of lines) {
    const { source, kind, title, device, access, reason, pasid, structures } = line;
    const alone = structures.some(({ bytes }) => bytes === 8);
    const key = alone ? `${line.line}` : [source, kind, title, device, access, reason, pasid].join('\n');
    const same = groups.get(key);
    if (same === undefined) groups.set(key, { first: line, others: [] });
    else same.others.push(line);
  }
  return [...groups.values()];
}

/** What went wrong, and what the hardware held; and what a kernel says when all is well. */
export function sortLines(lines: readonly DecodedLine[]): {
  readonly main: readonly DecodedLine[];
  readonly notices: readonly DecodedLine[];
} {
  return {
    main: lines.filter(({ kind }) => kind !== 'notice'),
    notices: lines.filter(({ kind }) => kind === 'notice'),
  };
}

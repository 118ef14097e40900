/** What two texts have in common, as lines. */
export interface SameLines {
  /** The first line, from 0, that differs. */
  readonly first: number;
  /** Before it, those that are another text of the same. */
  readonly moved: readonly number[];
  /** So many at the end are the same in both. */
  readonly suffix: number;
}

/** `alike`: two different lines that may pass for one another. */
export function sameLines(
  a: readonly string[],
  b: readonly string[],
  alike: (a: string, b: string) => boolean = () => false,
): SameLines {
  const most = Math.min(a.length, b.length);
  const moved: number[] = [];
  let first = 0;
  for (; first < most; first++) {
    const [one, other] = [a[first] ?? '', b[first] ?? ''];
    if (one === other) continue;
    if (!alike(one, other)) break;
    moved.push(first);
  }
  let suffix = 0;
  while (suffix < most - first && a[a.length - 1 - suffix] === b[b.length - 1 - suffix]) suffix++;
  return { first, moved, suffix };
}

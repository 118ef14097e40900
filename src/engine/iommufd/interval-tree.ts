/** Both ends are inside. */
export interface Spanned<K extends bigint | number> {
  readonly start: K;
  readonly last: K;
}

/** A place in the tree; items with the very same ends share it. */
class Place<K extends bigint | number, T extends Spanned<K>> {
  left: Place<K, T> | null = null;
  right: Place<K, T> | null = null;
  height = 1;
  /** The greatest end of this place and all below it. */
  maxLast: K;
  /** Further items with the same ends. */
  twins: Set<T> | null = null;

  constructor(public item: T) {
    this.maxLast = item.last;
  }
}

type Link<K extends bigint | number, T extends Spanned<K>> = Place<K, T> | null;

/**
 * Intervals that may overlap, in the order of their starts: insert, remove and look up in O(log n).
 *
 * A height-balanced (AVL) tree whose places know how far the intervals below them reach, which is what makes the look-up
 * of an overlap short. Stands in for Linux's include/linux/interval_tree.h.
 */
export class IntervalTree<K extends bigint | number, T extends Spanned<K>> {
  private root: Link<K, T> = null;
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** A copy: what happens to the tree afterwards does not show. */
  get all(): readonly T[] {
    return [...this];
  }

  *[Symbol.iterator](): Generator<T, void> {
    const above: Place<K, T>[] = [];
    let at = this.root;
    while (at || above.length > 0) {
      for (; at; at = at.left) above.push(at);
      const place = above.pop();
      if (!place) return;
      yield place.item;
      if (place.twins) yield* place.twins;
      at = place.right;
    }
  }

  insert(item: T): void {
    this.root = insertAt(this.root, item);
    this.count++;
  }

  /** Of an item that is in the tree. */
  remove(item: T): void {
    this.root = removeAt(this.root, item);
    this.count--;
  }

  removeIf(unwanted: (item: T) => boolean): void {
    for (const item of this.all) if (unwanted(item)) this.remove(item);
  }

  /** The first that meets [start, last]. Linux: interval_tree_iter_first() */
  first(start: K, last: K): T | undefined {
    let at = this.root;
    while (at) {
      // One on the left reaches `start`: if that one begins too late, so does everything to the right of it.
      if (at.left && at.left.maxLast >= start) {
        at = at.left;
        continue;
      }
      if (at.item.start > last) return undefined;
      if (at.item.last >= start) return at.item;
      at = at.right;
    }
    return undefined;
  }

  /** The item with just these ends. */
  exact(start: K, last: K): T | undefined {
    let at = this.root;
    while (at) {
      const side = compare(start, last, at.item);
      if (side === 0) return at.item;
      at = side < 0 ? at.left : at.right;
    }
    return undefined;
  }
}

const compare = <K extends bigint | number>(start: K, last: K, item: Spanned<K>): number => {
  if (start !== item.start) return start < item.start ? -1 : 1;
  if (last !== item.last) return last < item.last ? -1 : 1;
  return 0;
};

function insertAt<K extends bigint | number, T extends Spanned<K>>(at: Link<K, T>, item: T): Place<K, T> {
  if (!at) return new Place(item);
  const side = compare(item.start, item.last, at.item);
  if (side === 0) {
    (at.twins ??= new Set()).add(item);
    return at;
  }
  if (side < 0) at.left = insertAt(at.left, item);
  else at.right = insertAt(at.right, item);
  return balance(at);
}

function removeAt<K extends bigint | number, T extends Spanned<K>>(at: Link<K, T>, item: T): Link<K, T> {
  if (!at) return null;
  const side = compare(item.start, item.last, at.item);
  if (side < 0) at.left = removeAt(at.left, item);
  else if (side > 0) at.right = removeAt(at.right, item);
  else return removeHere(at, item);
  return balance(at);
}

function removeHere<K extends bigint | number, T extends Spanned<K>>(at: Place<K, T>, item: T): Link<K, T> {
  const { twins } = at;
  const [twin] = twins ?? [];
  if (twins && twin) {
    twins.delete(at.item === item ? twin : item);
    if (at.item === item) at.item = twin;
    return at;
  }
  if (!at.left) return at.right;
  if (!at.right) return at.left;
  let next = at.right;
  while (next.left) next = next.left;
  const right = withoutFirst(at.right);
  next.left = at.left;
  next.right = right;
  return balance(next);
}

/** The subtree without its leftmost place. */
function withoutFirst<K extends bigint | number, T extends Spanned<K>>(at: Place<K, T>): Link<K, T> {
  if (!at.left) return at.right;
  at.left = withoutFirst(at.left);
  return balance(at);
}

const heightOf = (at: { readonly height: number } | null): number => (at ? at.height : 0);

function update<K extends bigint | number, T extends Spanned<K>>(at: Place<K, T>): void {
  const { left, right } = at;
  at.height = 1 + Math.max(heightOf(left), heightOf(right));
  let last = at.item.last;
  if (left && left.maxLast > last) last = left.maxLast;
  if (right && right.maxLast > last) last = right.maxLast;
  at.maxLast = last;
}

/** Restores that the two sides differ by one level at most. */
function balance<K extends bigint | number, T extends Spanned<K>>(at: Place<K, T>): Place<K, T> {
  const lean = heightOf(at.left) - heightOf(at.right);
  if (lean > 1 && at.left) {
    if (heightOf(at.left.left) < heightOf(at.left.right)) at.left = rotateLeft(at.left);
    return rotateRight(at);
  }
  if (lean < -1 && at.right) {
    if (heightOf(at.right.right) < heightOf(at.right.left)) at.right = rotateRight(at.right);
    return rotateLeft(at);
  }
  update(at);
  return at;
}

function rotateLeft<K extends bigint | number, T extends Spanned<K>>(at: Place<K, T>): Place<K, T> {
  const up = at.right;
  if (!up) return at;
  at.right = up.left;
  up.left = at;
  update(at);
  update(up);
  return up;
}

function rotateRight<K extends bigint | number, T extends Spanned<K>>(at: Place<K, T>): Place<K, T> {
  const up = at.left;
  if (!up) return at;
  at.left = up.right;
  up.right = at;
  update(at);
  update(up);
  return up;
}

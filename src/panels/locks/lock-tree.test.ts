import { expect, test } from 'vitest';
import type { LockEvent, TraceEvent } from '../../engine/trace/event';
import { lockTree, type LockNode } from './lock-tree';

const lock = (op: LockEvent['op'], name: string, more: Partial<LockEvent> = {}): LockEvent => ({
  kind: 'lock',
  op,
  lock: name,
  ...more,
});
const domain = { kind: 'domain', device: 'd', from: null, to: 'domain 1' } as const;

/** `a(b, c)`: in brackets what was taken inside; `!` is still held, `~` waits. */
const shape = (nodes: readonly LockNode[]): string =>
  nodes
    .map((node) => {
      if (node.kind === 'other') return `${node.events.length} other`;
      if (node.kind === 'wait') return `~${node.lock}`;
      const inside = node.inside.length === 0 ? '' : `(${shape(node.inside)})`;
      return `${node.lock}${node.released ? '' : '!'}${inside}`;
    })
    .join(', ');

const tree = (...events: readonly TraceEvent[]): string => shape(lockTree(events, () => true));

test('a lock taken under another stands inside it', () => {
  expect(
    tree(
      lock('acquire', 'a'),
      lock('acquire', 'b'),
      lock('release', 'b'),
      lock('acquire', 'c'),
      lock('release', 'c'),
      lock('release', 'a'),
    ),
  ).toBe('a(b, c)');
});

test('what happened under a lock stands there, in a row', () => {
  expect(tree(lock('acquire', 'a'), domain, domain, lock('release', 'a'), domain)).toBe(
    'a(2 other), 1 other',
  );
});

test('a lock let go before those under it ends alone', () => {
  expect(tree(lock('acquire', 'a'), lock('acquire', 'b'), lock('release', 'a'), lock('release', 'b'))).toBe(
    'a(b)',
  );
});

test('tasks have a stack each: the lock of one is not inside that of another', () => {
  expect(
    tree(
      lock('acquire', 'a', { task: 't1' }),
      lock('acquire', 'b', { task: 't2' }),
      lock('wait', 'a', { task: 't2' }),
    ),
  ).toBe('a!, b!(~a)');
});

test('a release of what was taken at an earlier line makes no row', () => {
  expect(tree(lock('release', 'a'), lock('acquire', 'b'))).toBe('b!');
});

test('of two locks of a name the one that belongs to the same object is let go', () => {
  const of = (id: string) => ({ of: id });
  const nodes = lockTree(
    [lock('acquire', 'a', of('x')), lock('acquire', 'a', of('y')), lock('release', 'a', of('x'))],
    () => true,
  );
  expect(shape(nodes)).toBe('a(a!)');
});

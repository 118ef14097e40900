import type { KeyboardEvent } from 'react';
import type { Piece } from '../../lib/folded-strip';

/** What a key does on a strip; null: nothing. */
export type StripKey =
  | { readonly kind: 'go'; readonly to: Piece }
  | { readonly kind: 'hold' }
  | { readonly kind: 'zoom' }
  | { readonly kind: 'back' }
  | { readonly kind: 'let-go' };

/** Arrows go from what is there to what is there; with Ctrl, also into the gaps. */
export function stripKey(
  { key, ctrlKey }: Pick<KeyboardEvent, 'key' | 'ctrlKey'>,
  pieces: readonly Piece[],
  current: Piece | null,
): StripKey | null {
  const filled = pieces.filter(({ kind }) => kind !== 'gap');
  const stops = ctrlKey || filled.length === 0 ? pieces : filled;
  const after = stops.findIndex(({ start }) => current === null || start > current.start);
  const before = stops.findLastIndex(({ start }) => current !== null && start < current.start);
  const go = (to: Piece | undefined): StripKey | null => (to === undefined ? null : { kind: 'go', to });
  switch (key) {
    case 'ArrowRight':
    case 'ArrowDown':
      return go(stops[after]);
    case 'ArrowLeft':
    case 'ArrowUp':
      return go(stops[before]);
    case 'Home':
      return go(stops[0]);
    case 'End':
      return go(stops.at(-1));
    case 'Enter':
    case ' ':
      return { kind: 'hold' };
    case '+':
    case '=':
      return { kind: 'zoom' };
    case '-':
    case 'Backspace':
      return { kind: 'back' };
    case 'Escape':
      return { kind: 'let-go' };
    default:
      return null;
  }
}

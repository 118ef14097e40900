import type { ComponentProps } from 'react';
import type { Spot } from '../../store/types';
import { useSpotRow } from './use-spot';

interface SpotItemProps extends ComponentProps<'li'> {
  readonly spotIn: Spot['space'] | null;
  readonly start: bigint | number;
  readonly bytes: number;
}

/** An item of a list that is about some addresses: marks them everywhere, and is marked. */
export function SpotItem({ spotIn, start, bytes, ...item }: SpotItemProps) {
  const from = BigInt(start);
  const spot = useSpotRow(spotIn, { start: from, last: from + BigInt(Math.max(1, bytes)) - 1n });
  return <li {...item} {...spot} />;
}

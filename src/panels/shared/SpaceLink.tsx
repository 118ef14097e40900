import { useApp } from '../../store';
import type { Spot } from '../../store/types';

interface SpaceLinkProps {
  readonly space: Spot['space'];
  readonly start: bigint;
  readonly last: bigint;
  readonly children: string;
}

/** Holds addresses and shows them on their strip. */
export function SpaceLink({ space, start, last, children }: SpaceLinkProps) {
  const { point, showPanel } = useApp((state) => state.actions);
  return (
    <button
      type="button"
      className="link"
      onClick={() => {
        point({ space, start, last, held: true });
        showPanel('space');
      }}
    >
      {children}
    </button>
  );
}

import { ViewportPortal } from 'reactflow';
import { pathOf, rounded } from '../layout/geometry';
import type { TreeLine } from './tree-lines';

/** From a bridge down to the groups below it: the PCI tree where it leaves a frame. */
export function TreeLines({ lines }: { readonly lines: readonly TreeLine[] }) {
  return (
    <ViewportPortal>
      <svg className="tree-lines" aria-hidden>
        {lines.map(({ childId, points }) => (
          <path key={childId} d={pathOf(rounded(points, 6))} />
        ))}
      </svg>
    </ViewportPortal>
  );
}

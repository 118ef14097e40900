import { memo, useMemo } from 'react';
import type { NodeProps } from 'reactflow';
import type { IoasObject } from '../../engine/sim/world';
import { hex } from '../../lib/u64';
import { useApp } from '../../store/index';
import { ioasTitle, mappedBytes } from '../format';
import { byteSize, count } from '../../ui/numbers';
import { stripOf, type StripPiece } from '../layout/strip';
import { CardHead, NodeCard, NamedTitle } from './NodeCard';
import type { CanvasNode } from './types';

export const IoasNode = memo(function IoasNode({ data }: NodeProps<CanvasNode>) {
  const ioas = useApp((s) => s.objects[data.id]);
  if (ioas?.type !== 'ioas') return null; // removed while the canvas still holds the node
  const mapped = mappedBytes(ioas);
  return (
    <NodeCard object={ioas} className="ioas">
      <CardHead
        title={<NamedTitle title={ioasTitle(ioas)} name={ioas.name} />}
        aside={count(ioas.areas.length, 'area')}
      />
      <Strip ioas={ioas} />
      <p className="card-line">
        {mapped === 0n ? 'nothing mapped' : `${byteSize(mapped)} mapped`}
        {ioas.alignment > 1 && ` · align ${byteSize(ioas.alignment)}`}
      </p>
    </NodeCard>
  );
});

/** The address space from 0 on: areas solid, reserved ranges hatched, empty stretches folded. */
function Strip({ ioas }: { readonly ioas: IoasObject }) {
  const pieces = useMemo(() => stripOf(ioas), [ioas]);
  return (
    <div className="strip">
      {pieces.map((piece) => (
        <i
          key={`${piece.kind}${piece.start}`}
          className={`strip-${piece.kind}`}
          style={{ left: percent(piece.from), width: percent(piece.to - piece.from) }}
          title={`${piece.kind === 'gap' ? 'free' : piece.kind} ${hex(piece.start)}–${hex(piece.last)}${whyOf(ioas, piece)}`}
        />
      ))}
    </div>
  );
}

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

function whyOf(ioas: IoasObject, piece: StripPiece): string {
  if (piece.kind !== 'reserved') return '';
  const why = ioas.reserved.find((r) => r.start <= piece.start && piece.start <= r.last)?.why;
  return why ? `, ${why}` : '';
}

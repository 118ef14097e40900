import { memo, useMemo } from 'react';
import type { NodeProps } from 'reactflow';
import type { IoasObject, WorldId } from '../../engine/sim/world';
import { hex } from '../../lib/u64';
import { useApp } from '../../store/index';
import { heatOf, shownBeats, stagedTraffic, type HeatStretch, type IoasHeat } from '../../store/traffic-heat';
import { mappedBytes } from '../format';
import { byteSize } from '../../ui/numbers';
import { shareOf, stripOf, type StripPiece } from '../layout/strip';
import { CardLine, NamedHead, NodeCard } from './NodeCard';
import type { CanvasNode } from './types';
import * as says from '../../words/canvas/nodes';

export const IoasNode = memo(function IoasNode({ data }: NodeProps<CanvasNode>) {
  const ioas = useApp((s) => s.objects[data.id]);
  if (ioas?.type !== 'ioas') return null; // removed while the canvas still holds the node
  const mapped = mappedBytes(ioas);
  const pinned = ioas.areas.reduce((sum, area) => sum + area.pinnedPages, 0);
  return (
    <NodeCard object={ioas} className="ioas">
      <NamedHead object={ioas} aside={says.areas(ioas.areas.length)} />
      <Strip ioas={ioas} />
      <CardLine
        words={[
          mapped === 0n ? says.nothingMapped : says.mapped(byteSize(mapped)),
          pinned > 0 && says.pinned(pinned),
          ioas.alignment > 1 && says.align(byteSize(ioas.alignment)),
          ioas.reserved.length > 0 && says.reserved(ioas.reserved.length),
        ]}
      />
    </NodeCard>
  );
});

/** The address space from 0 on: areas solid, reserved ranges hatched, empty stretches folded. */
function Strip({ ioas }: { readonly ioas: IoasObject }) {
  const pieces = useMemo(() => stripOf(ioas), [ioas]);
  const heat = useHeat(ioas.id);
  return (
    <div
      className="strip"
      data-heat={heat !== null || undefined}
      title={heat === null ? undefined : heatWords(heat)}
    >
      {pieces.map((piece) => (
        <i
          key={`${piece.kind}${piece.start}`}
          className={`strip-${piece.kind}`}
          style={{ left: percent(piece.from), width: percent(piece.to - piece.from) }}
          title={`${piece.kind === 'gap' ? 'free' : piece.kind} ${hex(piece.start)}–${hex(piece.last)}${whyOf(ioas, piece)}`}
        />
      ))}
      {heat !== null && <HeatLane heat={heat} pieces={pieces} />}
      <SpotBand ioas={ioas} pieces={pieces} />
    </div>
  );
}

/** Where the accesses of the line on stage go, as far as they have set out. */
function useHeat(ioasId: WorldId): IoasHeat | null {
  const traffic = useApp((s) => s.traffic);
  const line = useApp(stagedTraffic);
  const beats = useApp((s) => (stagedTraffic(s) === null ? 0 : shownBeats(s)));
  return useMemo(() => heatOf(traffic, line, beats, ioasId), [traffic, line, beats, ioasId]);
}

/** Below the areas: the more accesses, the higher; what was blocked is a bar with a gap, not told by colour alone. */
function HeatLane({ heat, pieces }: { readonly heat: IoasHeat; readonly pieces: readonly StripPiece[] }) {
  return (
    <span className="strip-heat" aria-hidden>
      {heat.stretches.map(({ start, last, count, blocked, glow }) => {
        const from = shareOf(pieces, start);
        const style = {
          left: percent(from),
          width: percent(Math.max(0, shareOf(pieces, last) - from)),
          height: percent(0.25 + 0.75 * glow),
        };
        return (
          <b
            key={`${start} ${last}`}
            data-blocked={blocked === 0 ? undefined : blocked === count ? 'all' : 'some'}
            style={style}
          />
        );
      })}
    </span>
  );
}

/** Addresses that somebody points at elsewhere. */
function SpotBand({ ioas, pieces }: { readonly ioas: IoasObject; readonly pieces: readonly StripPiece[] }) {
  const spot = useApp((s) => (s.spot?.space === ioas.id ? s.spot : null));
  if (spot === null) return null;
  const [from, to] = [shareOf(pieces, spot.start), shareOf(pieces, spot.last)];
  return (
    <i
      className="strip-spot"
      data-held={spot.held || undefined}
      style={{ left: percent(from), width: percent(Math.max(0, to - from)) }}
    />
  );
}

const heatWords = ({ line, accesses, blocked, stretches }: IoasHeat): string => {
  const busiest = stretches.reduce<HeatStretch | null>(
    (a, b) => (a !== null && a.count >= b.count ? a : b),
    null,
  );
  return says.heat(line, accesses, busiest && `${hex(busiest.start)}–${hex(busiest.last)}`, blocked);
};

const percent = (share: number): string => `${(share * 100).toFixed(2)}%`;

function whyOf(ioas: IoasObject, piece: StripPiece): string {
  if (piece.kind !== 'reserved') return '';
  const why = ioas.reserved.find((r) => r.start <= piece.start && piece.start <= r.last)?.why;
  return why ? `, ${why}` : '';
}

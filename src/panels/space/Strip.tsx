import { useState, type KeyboardEvent, type ReactNode } from 'react';
import type { AreaObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import type { Spot } from '../../store/types';
import { hoverSpot, leaveSpot } from '../shared/use-spot';
import { accessOf, briefSize, mainUse, pieceWords, type Extent } from './extents';
import { overlaps, pieceAt, spanOf, type Piece, type Range } from '../../lib/folded-strip';
import { STRIPS } from '../../words/panels/space';
import { SHARED } from '../../words/panels/shared';
import { HATCH, fillFor } from './Patterns';
import { stripKey } from './strip-keys';

export const STRIP_HEIGHT = 34;
const FOLD = 'l-2.5 3 5 5.5 -5 5.5 5 5.5 -5 5.5 5 5.5 -2.5 3.5';

export interface Mark {
  readonly at: bigint;
  readonly words: string;
}

interface StripProps {
  readonly label: string;
  readonly space: Spot['space'];
  readonly extents: readonly Extent[];
  readonly pieces: readonly Piece[];
  readonly width: number;
  /** Also lit: what belongs to something that is pointed at elsewhere. */
  readonly lit: readonly Range[];
  readonly marks?: readonly Mark[];
  readonly onZoom: (range: Range) => void;
  readonly onBack?: (() => void) | undefined;
  /** What is pointed at here, whether or not something is held. */
  readonly onLook: (piece: Piece | null) => void;
  readonly children?: ReactNode;
}

/** One address space. It is one tab stop: arrows go from area to area, Enter holds, once more it goes near, Escape lets go. */
export function Strip(props: StripProps) {
  const { label, space, extents, pieces, width, lit, marks = [], onZoom, onBack, onLook, children } = props;
  const spot = useApp((state) => (state.spot?.space === space ? state.spot : null));
  const point = useApp((state) => state.actions.point);
  const [at, setAt] = useState<bigint | null>(null);
  const current =
    pieces.find(({ start }) => start === at) ??
    pieces.find(({ kind }) => kind !== 'gap') ??
    pieces[0] ??
    null;
  const isHeld = (piece: Piece): boolean =>
    spot !== null && spot.held && spot.start === piece.start && spot.last === piece.last;
  const hold = (piece: Piece): void => {
    setAt(piece.start);
    point({ space, start: piece.start, last: piece.last, held: true });
  };
  const look = (piece: Piece | null): void => {
    onLook(piece);
    if (piece === null) leaveSpot();
    else hoverSpot(space, piece);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const key = stripKey(event, pieces, current);
    if (key === null || current === null) return;
    if (key.kind === 'let-go' && spot === null && onBack === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    if (key.kind === 'go') {
      setAt(key.to.start);
      if (spot?.held === true) hold(key.to);
      else look(key.to);
    } else if (key.kind === 'hold') {
      if (isHeld(current)) onZoom(current);
      else hold(current);
    } else if (key.kind === 'zoom') onZoom(current);
    else if (key.kind === 'back') onBack?.();
    else if (spot !== null) point(null);
    else onBack?.();
  };
  const pieceUnder = (event: React.MouseEvent): Piece | null =>
    pieceAt(pieces, event.clientX - event.currentTarget.getBoundingClientRect().left);
  const filled = pieces.filter(({ kind }) => kind !== 'gap');
  return (
    <div
      className="space-strip"
      role="slider"
      tabIndex={0}
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={Math.max(0, pieces.length - 1)}
      aria-valuenow={current === null ? 0 : pieces.indexOf(current)}
      aria-valuetext={
        current === null
          ? STRIPS.empty
          : (isHeld(current) ? STRIPS.heldPiece : STRIPS.piece)(pieceWords(current, extents), filled.length)
      }
      onKeyDown={onKeyDown}
      onFocus={() => {
        if (spot === null) look(current);
      }}
      onBlur={() => look(null)}
      onPointerMove={(event) => look(pieceUnder(event))}
      onPointerLeave={() => look(null)}
      onClick={(event) => {
        const piece = pieceUnder(event);
        if (piece === null) return;
        if (isHeld(piece)) point(null);
        else hold(piece);
      }}
      onDoubleClick={(event) => {
        const piece = pieceUnder(event);
        if (piece !== null) onZoom(piece);
      }}
    >
      <svg width={width} height={STRIP_HEIGHT} aria-hidden="true">
        {pieces.map((piece) => (
          <PieceShape
            key={String(piece.start)}
            piece={piece}
            extents={extents}
            lit={(spot !== null && overlaps(spot, piece)) || lit.some((range) => overlaps(range, piece))}
          />
        ))}
        {spot !== null && <Span pieces={pieces} range={spot} held={spot.held} />}
        {marks.map(({ at: address, words }) => (
          <MarkShape key={words} pieces={pieces} at={address} />
        ))}
        {current !== null && (
          <rect
            className="space-cursor"
            x={current.x + 1}
            y={1}
            width={Math.max(1, current.width - 2)}
            height={STRIP_HEIGHT - 2}
          />
        )}
      </svg>
      {children}
    </div>
  );
}

interface PieceShapeProps {
  readonly piece: Piece;
  readonly extents: readonly Extent[];
  readonly lit: boolean;
}

function PieceShape({ piece, extents, lit }: PieceShapeProps) {
  const { kind, x, width, folded, first, count } = piece;
  const middle = x + width / 2;
  if (kind === 'gap')
    return (
      <g className="space-gap" data-lit={lit || undefined}>
        <rect x={x} width={width} height={STRIP_HEIGHT} />
        {folded && <path d={`M${middle} 0${FOLD}`} />}
        {folded && width >= 15 && (
          <text transform={`translate(${middle + 4} ${STRIP_HEIGHT / 2}) rotate(-90)`}>
            {briefSize(piece)}
          </text>
        )}
      </g>
    );
  const parts = extents.slice(first, first + count);
  const use = mainUse(piece, extents);
  const area = parts.find((each) => each.kind === 'area');
  const fill = use === null ? undefined : fillFor(use);
  const inner = Math.max(1, width - 1);
  const title = kind === 'extent' && area?.kind === 'area' ? titleFor(area.area, width) : '';
  return (
    <g
      className={area === undefined ? 'space-taken' : 'space-area'}
      data-kind={parts[0]?.kind}
      data-read-only={(area?.kind === 'area' && !area.area.write) || undefined}
      data-bin={kind === 'bin' || undefined}
      data-lit={lit || undefined}
    >
      <rect
        x={x + 0.5}
        y={0.5}
        width={inner}
        height={STRIP_HEIGHT - 1}
        rx={2}
        style={fill !== undefined ? { fill } : area === undefined ? { fill: HATCH } : undefined}
      />
      {kind === 'bin' && (
        <path d={`M${x + 3} 3H${x + inner - 2}M${x + 3} 6H${x + inner - 2}`} className="space-stack" />
      )}
      {parts.some((each) => each.kind === 'area' && each.area.pinnedPages > 0) && (
        <path className="space-pins" d={`M${x + 1} ${STRIP_HEIGHT - 3}h${inner - 1}`} />
      )}
      {area?.kind === 'area' && kind === 'extent' && area.area.locks > 0 && (
        <path d={`M${x + inner - 6} 4h4v4h-4z`} className="space-lock" />
      )}
      {title !== '' && (
        <text x={middle} y={STRIP_HEIGHT / 2 + 4}>
          {title}
        </text>
      )}
      {kind === 'bin' && width > 24 && (
        <text x={middle} y={STRIP_HEIGHT / 2 + 5}>
          {count}
        </text>
      )}
    </g>
  );
}

/** Pixels of a letter. */
const LETTER = 6.7;

/** Name and access where there is room for both, the name alone, or what fits of it. */
function titleFor(area: AreaObject, width: number): string {
  const name = area.buffer ?? '';
  const fits = (text: string): boolean => text.length * LETTER <= width - 4;
  const whole = `${name} ${accessOf(area)}`.trim();
  if (fits(whole)) return whole;
  if (fits(name)) return name;
  const letters = Math.floor((width - 4) / LETTER) - 1;
  return letters < 2 ? '' : SHARED.withChoice(name.slice(0, letters));
}

interface SpanProps {
  readonly pieces: readonly Piece[];
  readonly range: Range;
  readonly held: boolean;
}

/** What is pointed at, to the pixel. */
function Span({ pieces, range, held }: SpanProps) {
  const span = spanOf(pieces, range);
  if (span === null) return null;
  return (
    <rect
      className="space-spot"
      data-held={held || undefined}
      x={span.x + 0.5}
      y={0.5}
      width={Math.max(1.5, span.width - 1)}
      height={STRIP_HEIGHT - 1}
      rx={2}
    />
  );
}

function MarkShape({ pieces, at }: { readonly pieces: readonly Piece[]; readonly at: bigint }) {
  const span = spanOf(pieces, { start: at, last: at });
  if (span === null) return null;
  return <path className="space-mark" d={`M${span.x} 0v${STRIP_HEIGHT}M${span.x - 4} 0h8l-4 6z`} />;
}

import { groupedHex } from '../../ui/numbers';
import { spanOf, type Piece, type Range } from '../../lib/folded-strip';
import { STRIPS } from '../../words/panels/space';

interface AllowedProps {
  readonly ranges: readonly Range[];
  readonly pieces: readonly Piece[];
  readonly width: number;
}

/** What the program asked to be kept usable: no device may be attached that would take part of it away. */
export const Allowed = ({ ranges, pieces, width }: AllowedProps) => (
  <div className="space-allowed">
    <svg width={width} height={8} aria-hidden="true">
      {ranges.map((range) => {
        const span = spanOf(pieces, range);
        if (span === null) return null;
        const end = span.x + span.width - 1;
        return <path key={String(range.start)} d={`M${span.x + 1} 0V4H${end}V0`} />;
      })}
    </svg>
    <p className="muted">
      {STRIPS.kept(ranges.map(({ start, last }) => `${groupedHex(start)}–${groupedHex(last)}`).join(', '))}
    </p>
  </div>
);

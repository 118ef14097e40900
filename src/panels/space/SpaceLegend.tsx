import type { FrameKind, PhysicalMap } from '../../engine/sim/physical-map';
import { byteSize } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { PIECES, LEGEND } from '../../words/panels/space';
import { HATCH, PAGE_HEIGHT, fillFor, type PageLook } from './Patterns';

const USES = Object.keys(PIECES.use) as readonly FrameKind[];
const SIZES: readonly (readonly [PageLook, string])[] = [
  ['small', LEGEND.small],
  ['middle', LEGEND.middle],
  ['large', LEGEND.large],
];

/** What patterns mean; of memory also how much of it there is. */
export function SpaceLegend({ map }: { readonly map: PhysicalMap }) {
  const bytesOf = (use: FrameKind): number =>
    map.runs.reduce((sum, run) => sum + (run.use === use ? run.bytes : 0), 0);
  return (
    <Section title={LEGEND.title}>
      <ul className="space-legend">
        <li>
          <Sample className="space-legend-area" pinned /> {LEGEND.area}
        </li>
        <li>
          <Sample fill={HATCH} /> {LEGEND.reserved}
        </li>
        {USES.map((use) => [use, bytesOf(use)] as const)
          .filter(([, bytes]) => bytes > 0)
          .map(([use, bytes]) => (
            <li key={use}>
              <Sample fill={fillFor(use)} /> {PIECES.use[use]}{' '}
              <span className="muted">{byteSize(bytes)}</span>
            </li>
          ))}
        {SIZES.map(([look, words]) => (
          <li key={look}>
            <svg width={28} height={14} aria-hidden="true">
              <rect
                y={14 - PAGE_HEIGHT[look]}
                width={28}
                height={PAGE_HEIGHT[look]}
                style={{ fill: `url(#space-${look})` }}
              />
            </svg>{' '}
            {words}
          </li>
        ))}
        <li>
          <svg width={28} height={14} aria-hidden="true" className="space-gap">
            <path d="M14 0l-2 2 4 3.5 -4 3.5 4 3.5 -2 2" />
          </svg>{' '}
          {LEGEND.folded}
        </li>
      </ul>
    </Section>
  );
}

interface SampleProps {
  readonly fill?: string;
  readonly className?: string;
  readonly pinned?: boolean;
}

const Sample = ({ fill, className, pinned = false }: SampleProps) => (
  <svg width={28} height={14} aria-hidden="true">
    <rect
      x={0.5}
      y={0.5}
      width={27}
      height={13}
      rx={2}
      className={className ?? 'space-legend-use'}
      {...(fill === undefined ? {} : { style: { fill } })}
    />
    {pinned && <path className="space-pins" d="M1 11.5H27" />}
  </svg>
);

import { KIND_SAYS } from '../words/ui/kinds';
import { KINDS, type Kind } from './kinds';
import { LINES, type LineLook } from './lines';
import { ObjectGlyph } from './ObjectGlyph';
import * as speech from '../words/ui/legend';

interface LegendProps {
  /** In this order; without, all that there are. */
  readonly kinds?: readonly Kind[];
  readonly lines?: readonly LineLook['kind'][];
  /** With a sentence about each. */
  readonly full?: boolean;
}

/** What shapes, letters, strokes and colours mean. */
export function Legend({ kinds = ALL, lines, full = false }: LegendProps) {
  const shown = LINES.filter(({ kind }) => lines === undefined || lines.includes(kind));
  return (
    <div className="legend" data-full={full || undefined}>
      <ul aria-label={speech.objects}>
        {kinds.map((kind) => (
          <li key={kind} title={full ? undefined : KIND_SAYS[kind]}>
            <ObjectGlyph kind={kind} />
            <b>{KINDS[kind].word}</b>
            {full && <span>{KIND_SAYS[kind]}</span>}
          </li>
        ))}
      </ul>
      {shown.length > 0 && (
        <ul aria-label={speech.wires}>
          {shown.map((line) => (
            <li key={line.kind} title={full ? undefined : line.says}>
              <Sample line={line} />
              <b>{line.word}</b>
              {full && <span>{line.says}</span>}
            </li>
          ))}
        </ul>
      )}
      <ul aria-label={speech.colours}>
        {STATES.map(({ tone, word, says }) => (
          <li key={word} title={full ? undefined : says}>
            <i className="legend-tone" style={{ ['--k' as string]: `var(--${tone})` }} />
            <b>{word}</b>
            {full && <span>{says}</span>}
          </li>
        ))}
      </ul>
    </div>
  );
}

const ALL = Object.keys(KINDS) as readonly Kind[];

const STATES = [
  {
    tone: 'stale',
    word: speech.staleBlockedWaiting,
    says: speech.amberTrueOnceShutOff,
  },
  {
    tone: 'fault',
    word: speech.faultRefusal,
    says: speech.redWhatHardwareOrTheKernel,
  },
] as const;

function Sample({ line: { stroke, hue, dash } }: { readonly line: LineLook }) {
  return (
    <svg className="legend-line" viewBox="0 0 34 12" aria-hidden="true">
      <path
        d="M1 6H29"
        style={{
          stroke: `var(${stroke})`,
          ...(dash !== undefined && { strokeDasharray: `var(${dash})` }),
          ...(dash === '--dash-pasid' && { strokeLinecap: 'round', strokeWidth: 2 }),
        }}
      />
      <circle cx="30" cy="6" r="3" style={{ fill: `var(${hue})` }} />
    </svg>
  );
}

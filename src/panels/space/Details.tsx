import type { IoasObject, WorldId } from '../../engine/sim/world';
import type { HwptLeaves, PhysicalMap } from '../../engine/sim/physical-map';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { byteSize } from '../../ui/numbers';
import { Field, Fields } from '../../ui/Section';
import { unmapLine } from '../../commands/lines';
import { mapAt } from '../../commands/space';
import { MemoryLink } from '../shared/MemoryLink';
import { ObjectLink, ObjectLinks } from '../shared/ObjectLink';
import { DmaHere } from './DmaHere';
import { accessOf, binWords, extentWords, nameOf, rangeWords, sizeOf, type Extent } from './extents';
import type { Piece, Range } from '../../lib/folded-strip';
import { POINTED, STRIPS } from '../../words/panels/space';
import { sizesOf } from './Lanes';
import { RunDetails } from './RunDetails';

/** More rows than these are counted, not drawn. */
const MOST = 6;

interface DetailsProps {
  readonly map: PhysicalMap;
  /** Null: of physical memory. */
  readonly ioas: IoasObject | null;
  readonly extents: readonly Extent[];
  readonly piece: Piece | null;
  readonly onZoom: (range: Range) => void;
}

/** What is pointed at, in words, and what can be done with it from here. */
export function Details({ map, ioas, extents, piece, onZoom }: DetailsProps) {
  if (piece === null) return <p className="prose space-hint">{POINTED.hint}</p>;
  const extent = piece.kind === 'extent' ? (extents[piece.first] ?? null) : null;
  return (
    <section className="space-details" aria-label={POINTED.title}>
      <h4>
        {piece.kind === 'gap' ? (
          POINTED.free
        ) : extent === null ? (
          binWords(piece, extents)
        ) : (
          <Title extent={extent} />
        )}
        <span className="muted">{sizeOf(piece)}</span>
      </h4>
      <code>{rangeWords(piece)}</code>
      {extent?.kind === 'area' && ioas !== null && <AreaDetails map={map} ioas={ioas} extent={extent} />}
      {extent?.kind === 'reserved' && <p className="prose">{POINTED.notMappable}</p>}
      {extent?.kind === 'run' && <RunDetails map={map} range={extent} run={extent.run} />}
      {piece.kind === 'gap' && ioas !== null && <GapActions ioas={ioas} range={piece} />}
      {piece.kind === 'bin' && (
        <div className="row after">
          <Button onClick={() => onZoom(piece)}>{POINTED.goNear}</Button>
        </div>
      )}
    </section>
  );
}

const Title = ({ extent }: { readonly extent: Extent }) =>
  extent.kind === 'area' ? (
    <>
      {nameOf(extent.area)} <span className="chip">{accessOf(extent.area)}</span>
    </>
  ) : (
    extentWords(extent)
  );

interface AreaDetailsProps {
  readonly map: PhysicalMap;
  readonly ioas: IoasObject;
  readonly extent: Extract<Extent, { kind: 'area' }>;
}

function AreaDetails({ map, ioas, extent: { area } }: AreaDetailsProps) {
  const { act, point } = useApp((state) => state.actions);
  const found = map.areas.find(({ ioasId, iova }) => ioasId === ioas.id && iova === area.iova);
  const tables = map.leaves.filter(({ hwptId }) => ioas.hwptIds.includes(hwptId));
  const frames = found?.frames ?? [];
  const first = frames[0];
  return (
    <>
      <Fields>
        <Field name={POINTED.memoryOf}>
          <ObjectLink id={area.processId} />
        </Field>
        <Field name={POINTED.pinned}>
          {POINTED.pinnedPages(area.pinnedPages, area.accessPins, area.locks > 0)}
        </Field>
        <Field name={POINTED.mappedBy}>
          <TableRows
            tables={tables}
            range={{ start: area.iova, last: area.last }}
            accessIds={ioas.accessIds}
          />
        </Field>
        <Field name={POINTED.frames}>
          {frames.length === 0 ? (
            <span className="muted">{POINTED.noneHeld}</span>
          ) : (
            <ul>
              {frames.slice(0, MOST).map(({ start, bytes }) => (
                <li key={start}>
                  <MemoryLink pa={start} /> <span className="muted">{byteSize(bytes)}</span>
                </li>
              ))}
              {(frames.length > MOST || found?.cut) && (
                <li className="muted">
                  {found?.cut ? POINTED.more : POINTED.moreStretches(frames.length - MOST)}
                </li>
              )}
            </ul>
          )}
        </Field>
      </Fields>
      <div className="row after">
        <DmaHere ioas={ioas} iova={area.iova} />
        {first !== undefined && (
          <Button onClick={() => useApp.getState().actions.showMemory(first.start)}>
            {POINTED.showMemory}
          </Button>
        )}
        <Button
          onClick={() => {
            point(null);
            void act([unmapLine(ioas, area.iova, area.last)]);
          }}
        >
          {POINTED.unmap}
        </Button>
      </div>
    </>
  );
}

interface TableRowsProps {
  readonly tables: readonly HwptLeaves[];
  readonly range: Range;
  readonly accessIds: readonly WorldId[];
}

function TableRows({ tables, range, accessIds }: TableRowsProps) {
  if (tables.length === 0 && accessIds.length === 0) return <span className="muted">{POINTED.noTable}</span>;
  return (
    <>
      <ul>
        {tables.slice(0, MOST).map(({ hwptId, runs }) => (
          <li key={hwptId}>
            <ObjectLink id={hwptId} /> <span className="muted">{sizesOf(runs, range)}</span>
          </li>
        ))}
        {tables.length > MOST && <li className="muted">{STRIPS.moreTables(tables.length - MOST)}</li>}
      </ul>
      {accessIds.length > 0 && <ObjectLinks ids={accessIds.slice(0, MOST)} />}
    </>
  );
}

/** Free addresses can be given a meaning, or be shown to fault. */
function GapActions({ ioas, range }: { readonly ioas: IoasObject; readonly range: Range }) {
  const prefill = useApp((state) => state.actions.prefill);
  return (
    <div className="row after">
      <Button onClick={() => prefill(mapAt(useApp.getState(), ioas, range.start, range.last))}>
        {POINTED.mapHere}
      </Button>
      <DmaHere ioas={ioas} iova={range.start} />
    </div>
  );
}

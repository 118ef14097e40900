import { useMemo, useState } from 'react';
import type { PhysicalMap } from '../../engine/sim/physical-map';
import type { IoasObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import type { Spot } from '../../store/types';
import { byteSize, groupedHex } from '../../ui/numbers';
import { Section, Term } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { TERMS } from '../shared/terms';
import { useReading } from '../shared/use-reading';
import { all, titleOf } from '../shared/words';
import { Allowed } from './Allowed';
import { Details } from './Details';
import { iovaExtents, memoryExtents, memoryWindow, sizeOf, type Extent } from './extents';
import { Lanes } from './Lanes';
import { ALL_ADDRESSES, foldedStrip, type Piece, type Range } from '../../lib/folded-strip';
import { STRIPS, PIECES } from '../../words/panels/space';
import { SHARED } from '../../words/panels/shared';
import { Patterns } from './Patterns';
import { areasOver, framesUnder, ribbonsOf } from './ribbons';
import { Ribbons } from './Ribbons';
import { SpaceLegend } from './SpaceLegend';
import { Strip, type Mark } from './Strip';
import { useWidth } from './use-width';
import { pieceOfSpot, useLookupMark } from './use-space';
import './space.css';

/** More spaces than this are counted until somebody wants them. */
const MOST = 8;

/** Address spaces as strips: what devices see of memory, and memory itself. */
export function SpacePanel() {
  const map = useReading(useApp((state) => state.actions.readPhysical));
  const objects = useApp((state) => state.objects);
  const spaces = useMemo(() => all(objects, 'ioas'), [objects]);
  const selection = useApp((state) => state.selection);
  const spotted = useApp((state) => (state.spot?.held === true ? state.spot.space : null));
  const [chosen, setChosen] = useState<string | null>(null);
  const [more, setMore] = useState(false);
  if (map === undefined) return <p className="prose sec">{STRIPS.reading}</p>;
  if (map === null)
    return (
      <Section title={STRIPS.title}>
        <p className="prose">{STRIPS.noMachine}</p>
      </Section>
    );
  const wanted = [spotted, chosen, selectedSpace(objects, selection)];
  const lead = wanted.flatMap((id) => spaces.find((ioas) => ioas.id === id) ?? [])[0] ?? spaces[0] ?? null;
  const others = spaces.filter((ioas) => ioas !== lead);
  return (
    <div className="space">
      <Patterns />
      <Lead key={lead?.id ?? 'memory'} map={map} ioas={lead} />
      {others.length > 0 && (
        <Section title={STRIPS.others(others.length)}>
          {others.slice(0, more ? undefined : MOST).map((ioas) => (
            <Other key={ioas.id} map={map} ioas={ioas} onChoose={() => setChosen(ioas.id)} />
          ))}
          {others.length > MOST && !more && (
            <button type="button" className="link" onClick={() => setMore(true)}>
              {SHARED.more(others.length - MOST)}
            </button>
          )}
        </Section>
      )}
      <SpaceLegend map={map} />
    </div>
  );
}

/** The IOAS itself, or the one that a table, a device or an access goes to. */
function selectedSpace(
  objects: ReturnType<typeof useApp.getState>['objects'],
  selection: string | null,
): string | null {
  const object = selection === null ? undefined : objects[selection];
  if (object?.type === 'ioas') return object.id;
  if (object?.type === 'hwpt' || object?.type === 'access') return object.ioasId;
  if (object?.type === 'device' && object.hwptId !== null) return selectedSpace(objects, object.hwptId);
  return null;
}

interface LeadProps {
  readonly map: PhysicalMap;
  readonly ioas: IoasObject | null;
}

const NONE: readonly Range[] = [];

/** One space, memory, and what leads from the one to the other. */
function Lead({ map, ioas }: LeadProps) {
  const [place, width] = useWidth<HTMLDivElement>();
  const spot = useApp((state) => state.spot);
  const memoryPa = useApp((state) => state.memoryPa);
  const mark = useLookupMark();
  const [iovaAt, setIovaAt] = useState<readonly Range[]>(NONE);
  const [memoryAt, setMemoryAt] = useState<readonly Range[]>(NONE);
  const [looked, setLooked] = useState<{ readonly space: Spot['space']; readonly piece: Piece } | null>(null);
  const iova = useMemo(() => (ioas === null ? [] : iovaExtents(ioas)), [ioas]);
  const memory = useMemo(() => memoryExtents(map), [map]);
  const iovaWindow = iovaAt.at(-1) ?? ALL_ADDRESSES;
  const memoryAll = useMemo(() => memoryWindow(map), [map]);
  const memoryNow = memoryAt.at(-1) ?? memoryAll;
  const iovaPieces = useMemo(() => foldedStrip(iova, iovaWindow, width), [iova, iovaWindow, width]);
  const memoryPieces = useMemo(() => foldedStrip(memory, memoryNow, width), [memory, memoryNow, width]);
  const areas = useMemo(() => map.areas.filter(({ ioasId }) => ioasId === ioas?.id), [map, ioas]);
  const ends = useMemo(() => new Map(ioas?.areas.map(({ iova: start, last }) => [start, last])), [ioas]);
  const ribbons = useMemo(
    () => ribbonsOf(areas, iovaPieces, memoryPieces),
    [areas, iovaPieces, memoryPieces],
  );
  const at = spot ?? null;
  const iovaSpot = at !== null && at.space === ioas?.id ? at : null;
  const memorySpot = at?.space === 'memory' ? at : null;
  const litMemory = useMemo(
    () => (iovaSpot === null ? NONE : framesUnder(areas, ends, iovaSpot)),
    [areas, ends, iovaSpot],
  );
  const litIova = useMemo(
    () =>
      memorySpot === null
        ? NONE
        : areasOver(areas, memorySpot).map(({ iova: start }) => ({ start, last: ends.get(start) ?? start })),
    [areas, ends, memorySpot],
  );
  const zoomIova = (range: Range): void => setIovaAt((before) => [...before, plain(range)]);
  const zoomMemory = (range: Range): void => setMemoryAt((before) => [...before, plain(range)]);
  const inMemory = looked === null ? memorySpot !== null : looked.space === 'memory';
  const [extents, pieces] = inMemory ? [memory, memoryPieces] : [iova, iovaPieces];
  const shown = looked?.piece ?? pieceOfSpot(inMemory ? memorySpot : iovaSpot, extents, pieces);
  const marks: readonly Mark[] =
    ioas !== null && mark !== null && mark.ioasId === ioas.id ? [{ at: mark.iova, words: mark.words }] : [];
  const leaves = map.leaves.filter(({ hwptId }) => ioas?.hwptIds.includes(hwptId));
  return (
    <section className="sec space-lead">
      <div ref={place} />
      {width > 0 && (
        <>
          {ioas === null ? (
            <p className="prose">{STRIPS.noIoas}</p>
          ) : (
            <>
              <Head
                crumbs={iovaAt}
                onCrumb={(n) => setIovaAt(iovaAt.slice(0, n))}
                all={STRIPS.all}
                facts={STRIPS.facts(ioas.areas.length, byteSize(mappedBytes(ioas)))}
              >
                <ObjectLink id={ioas.id} full />
              </Head>
              <Strip
                label={STRIPS.iovasOf(titleOf(ioas))}
                space={ioas.id}
                extents={iova}
                pieces={iovaPieces}
                width={width}
                lit={litIova}
                marks={marks}
                onZoom={zoomIova}
                onBack={iovaAt.length > 0 ? () => setIovaAt(iovaAt.slice(0, -1)) : undefined}
                onLook={(piece) => setLooked(piece && { space: ioas.id, piece })}
              />
              <Ends window={iovaWindow} mark={marks[0] ?? null} />
              {ioas.allowed.length > 0 && <Allowed ranges={ioas.allowed} pieces={iovaPieces} width={width} />}
              <Lanes leaves={leaves} pieces={iovaPieces} width={width} />
              {ribbons.length > 0 && (
                <Ribbons
                  ribbons={ribbons}
                  width={width}
                  iova={looked?.space === ioas.id ? looked.piece : iovaSpot}
                  memory={looked?.space === 'memory' ? looked.piece : memorySpot}
                />
              )}
            </>
          )}
          <Head
            crumbs={memoryAt}
            onCrumb={(n) => setMemoryAt(memoryAt.slice(0, n))}
            all={STRIPS.allMemory}
            facts={STRIPS.inUse(byteSize(map.runs.reduce((sum, { bytes }) => sum + bytes, 0)))}
          >
            <Term tip={TERMS.pa}>{STRIPS.memory}</Term>
          </Head>
          <Strip
            label={STRIPS.memory}
            space="memory"
            extents={memory}
            pieces={memoryPieces}
            width={width}
            lit={litMemory}
            marks={memoryPa === null ? [] : [{ at: BigInt(memoryPa), words: STRIPS.bytesShown }]}
            onZoom={zoomMemory}
            onBack={memoryAt.length > 0 ? () => setMemoryAt(memoryAt.slice(0, -1)) : undefined}
            onLook={(piece) => setLooked(piece && { space: 'memory', piece })}
          />
          <Ends window={memoryNow} mark={null} />
          <Details
            map={map}
            ioas={inMemory ? null : ioas}
            extents={extents}
            piece={shown}
            onZoom={inMemory ? zoomMemory : zoomIova}
          />
        </>
      )}
    </section>
  );
}

const plain = ({ start, last }: Range): Range => ({ start, last });
const mappedBytes = ({ areas }: IoasObject): bigint =>
  areas.reduce((sum, { iova, last }) => sum + (last - iova + 1n), 0n);

interface HeadProps {
  readonly children: React.ReactNode;
  readonly facts: string;
  readonly crumbs: readonly Range[];
  /** Back to so many of them. */
  readonly onCrumb: (n: number) => void;
  readonly all: string;
}

/** What a strip is of, and how near it is seen. */
const Head = ({ children, facts, crumbs, onCrumb, all: everything }: HeadProps) => (
  <div className="space-head">
    <b>{children}</b>
    <span className="muted">{facts}</span>
    {crumbs.length > 0 && (
      <nav className="space-crumbs" aria-label={STRIPS.howNear}>
        {[everything, ...crumbs.slice(0, -1).map(sizeOf)].map((words, n) => (
          <button key={n} type="button" className="link" onClick={() => onCrumb(n)}>
            {words}
          </button>
        ))}
        <span>{sizeOf(crumbs.at(-1) ?? ALL_ADDRESSES)}</span>
      </nav>
    )}
  </div>
);

/** The strip's first and last address, and what is marked on it. */
const Ends = ({ window: { start, last }, mark }: { readonly window: Range; readonly mark: Mark | null }) => (
  <p className="space-ends mono">
    <span>{groupedHex(start)}</span>
    {mark !== null && <span className="space-ends-mark">▾ {mark.words}</span>}
    <span>{groupedHex(last)}</span>
  </p>
);

interface OtherProps {
  readonly map: PhysicalMap;
  readonly ioas: IoasObject;
  readonly onChoose: () => void;
}

/** A space that is not in front: its strip; holding something of it brings it there. */
function Other({ map, ioas, onChoose }: OtherProps) {
  const [place, width] = useWidth<HTMLDivElement>();
  const memorySpot = useApp((state) => (state.spot?.space === 'memory' ? state.spot : null));
  const extents: readonly Extent[] = useMemo(() => iovaExtents(ioas), [ioas]);
  const pieces = useMemo(() => foldedStrip(extents, ALL_ADDRESSES, width), [extents, width]);
  const lit = useMemo(() => {
    if (memorySpot === null) return NONE;
    const own = map.areas.filter(({ ioasId }) => ioasId === ioas.id);
    return areasOver(own, memorySpot).map(({ iova }) => ({ start: iova, last: iova }));
  }, [map, ioas, memorySpot]);
  return (
    <div className="space-other" ref={place}>
      <div className="space-head">
        <ObjectLink id={ioas.id} full />
        <span className="muted grow">{PIECES.counts.area(ioas.areas.length)}</span>
        <button type="button" className="link" onClick={onChoose}>
          {STRIPS.toFront}
        </button>
      </div>
      {width > 0 && (
        <Strip
          label={STRIPS.iovasOf(titleOf(ioas))}
          space={ioas.id}
          extents={extents}
          pieces={pieces}
          width={width}
          lit={lit}
          onZoom={onChoose}
          onLook={() => undefined}
        />
      )}
    </div>
  );
}

import { ChevronDown, ChevronUp } from 'lucide-react';
import { useCallback, useMemo, useState } from 'react';
import { useApp } from '../../store';
import { IconButton } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { useReading } from '../shared/use-reading';
import { FrameCard } from './FrameCard';
import { HexGrid } from './HexGrid';
import { PAGE, rangeOf, rowAt, windowFor, wordAt } from './selection';
import { SelectionBar } from './SelectionBar';
import { useBands } from './use-bands';
import { useWord } from './use-word';
import { bytesFrom, MEMORY_WORDS, noMemoryAt } from '../../words/panels/memory';
import { groupedHex } from '../../ui/numbers';
import { WordCard } from './WordCard';

interface BytesProps {
  readonly pa: number;
  readonly onGo: (pa: number) => void;
}

/** Where somebody is in it: for as long as the panel was not sent to another address. */
interface Place {
  readonly pa: number;
  readonly start: number;
  readonly at: number;
  /** Where a selection began. */
  readonly anchor: number;
}

const placeOf = (pa: number): Place => ({ pa, start: rowAt(pa), at: wordAt(pa), anchor: wordAt(pa) });

/** A window of memory: its bytes, the word in question, and what the frame is for. */
export function Bytes({ pa, onGo }: BytesProps) {
  const [stored, setPlace] = useState(() => placeOf(pa));
  const place = stored.pa === pa ? stored : placeOf(pa);
  const { start, at } = place;
  const { readMemory, readPhysical, point } = useApp((state) => state.actions);
  const found = useReading(
    useCallback(async () => ({ start, bytes: await readMemory(start, PAGE) }), [readMemory, start]),
  );
  const map = useReading(readPhysical) ?? null;
  const bands = useBands(map);
  const run = useMemo(
    () => map?.runs.find((each) => each.start <= at && at < each.start + each.bytes) ?? null,
    [map, at],
  );

  const move = (to: number, extend: boolean): void => {
    const anchor = extend ? place.anchor : to;
    setPlace({ pa, start: windowFor(to, start), at: to, anchor });
    point({ space: 'memory', ...rangeOf(anchor, to), held: true });
  };
  const scroll = (by: number): void => {
    const next = Math.max(0, start + by);
    setPlace({ ...place, start: next });
  };
  /** The last bytes stay until the next are there: the focus is in them. */
  const bytes = found?.bytes;
  const word =
    bytes && at >= found.start && at + 8 <= found.start + bytes.length
      ? bytes.slice(at - found.start, at - found.start + 8)
      : null;
  const meaning = useWord(at, word ?? null, run, map?.ram ?? []);
  return (
    <>
      <Section
        title={
          <span className="row">
            <span className="grow">{bytesFrom(PAGE)}</span>
            <IconButton label={MEMORY_WORDS.earlier} disabled={start === 0} onClick={() => scroll(-PAGE)}>
              <ChevronUp size={15} />
            </IconButton>
            <IconButton label={MEMORY_WORDS.later} onClick={() => scroll(PAGE)}>
              <ChevronDown size={15} />
            </IconButton>
          </span>
        }
      >
        {found === undefined && <p className="muted">{MEMORY_WORDS.reading}</p>}
        {bytes === null && <p className="prose">{noMemoryAt(groupedHex(start))}</p>}
        {found && bytes && (
          <HexGrid
            bytes={bytes}
            start={found.start}
            at={at}
            bands={bands}
            onMove={move}
            onFollow={() => meaning.pointers[0] !== undefined && onGo(meaning.pointers[0])}
          />
        )}
        <SelectionBar />
      </Section>
      {word && <WordCard pa={at} bytes={word} run={run} meaning={meaning} onGo={onGo} />}
      {map !== null && <FrameCard pa={at} map={map} run={run} />}
    </>
  );
}

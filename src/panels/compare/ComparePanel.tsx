import { ArrowLeftRight } from 'lucide-react';
import { useMemo } from 'react';
import { useApp } from '../../store';
import { Button, IconButton } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { COMPARE } from '../../words/panels/compare';
import { Attachments, Counts, Mappings } from './Differences';
import { diffAttachments, diffCounts, diffMappings, idsOf } from './mappings';
import { MemoryWords } from './MemoryWords';
import { MomentPicker } from './MomentPicker';
import { diffObjects } from './objects';
import { ObjectsChanged } from './ObjectsChanged';
import { OnCanvas } from './OnCanvas';
import { TableWords } from './TableWords';
import { usePlace, useWorlds } from './use-moments';
import './compare.css';

/** Two moments side by side: what came, what went, and what is another. */
export function ComparePanel() {
  const { a, b } = useApp((state) => state.compared);
  const cursor = useApp((state) => state.cursor);
  const compare = useApp((state) => state.actions.compare);
  const placeA = usePlace(a);
  const placeB = usePlace(b);
  const worlds = useWorlds(placeA, placeB);
  return (
    <div className="compare">
      <Section>
        <div className="compare-moments">
          <MomentPicker name="A" moment={a} onChange={(moment) => compare({ a: moment })} />
          <IconButton label={COMPARE.swap} onClick={() => compare({ a: b, b: a })}>
            <ArrowLeftRight size={15} />
          </IconButton>
          <MomentPicker name="B" moment={b} onChange={(moment) => compare({ b: moment })} />
        </div>
        <p className="row">
          <Button onClick={() => compare({ a: { kind: 'line', line: cursor }, b: { kind: 'here' } })}>
            {COMPARE.keep}
          </Button>
        </p>
      </Section>
      {placeA === null || placeB === null ? (
        <Section>
          <p className="prose">{COMPARE.gone}</p>
        </Section>
      ) : worlds === undefined ? (
        <Section>
          <p className="muted">{COMPARE.reading}</p>
        </Section>
      ) : (
        <>
          <Worlds {...worlds} />
          <TableWords a={placeA} b={placeB} worlds={worlds} />
          <MemoryWords a={placeA} b={placeB} />
        </>
      )}
    </div>
  );
}

type WorldsProps = NonNullable<ReturnType<typeof useWorlds>>;

function Worlds({ a, b }: WorldsProps) {
  const objects = useMemo(() => diffObjects(a, b), [a, b]);
  const mappings = useMemo(() => diffMappings(a, b), [a, b]);
  const attachments = useMemo(() => diffAttachments(a, b), [a, b]);
  const counts = useMemo(() => diffCounts(a, b), [a, b]);
  const { added, removed, changed } = objects;
  const differ = idsOf([
    added,
    changed.map(({ object }) => object),
    mappings.map(({ ioas }) => ioas),
    attachments.map(({ device }) => device),
  ]);
  const same = added.length + removed.length + changed.length + mappings.length === 0;
  return (
    <>
      <Section>
        <div className="row">
          <p className="grow" role="status">
            {same ? COMPARE.same : COMPARE.summary(added.length, removed.length, changed.length)}
          </p>
          {differ.length > 0 && <OnCanvas ids={differ} />}
        </div>
      </Section>
      <Attachments attachments={attachments} />
      <Mappings mappings={mappings} />
      <ObjectsChanged diff={objects} />
      <Counts counts={counts} />
    </>
  );
}

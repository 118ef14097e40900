import { useRef, useState } from 'react';
import { withExpectation } from '../../scenario/edit';
import { useApp } from '../../store';
import { endOfPart, positionAt, totalSteps } from '../../store/playback';
import { linesOf, shortBdf } from '../../store/script';
import type { Lookup, LookupPart } from '../../engine/sim/batch';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { SpaceLink } from '../shared/SpaceLink';
import { find } from '../shared/words';
import { WALK } from '../../words/panels/walk';
import { beforeLeaf } from './address';
import { AddressBar } from './AddressBar';
import { CachesBeside, StaleCall } from './CachesBeside';
import { Columns, type Peek } from './Columns';
import { isTable } from './columns';
import { EntryCard } from './EntryCard';
import { IovaLine } from './IovaLine';
import { NestedMatrix } from './NestedMatrix';
import { Parts } from './Parts';
import { endsOfChain } from './permissions';
import { ResultCard } from './ResultCard';
import { StepList } from './StepList';
import { summaryOf } from './summary';
import { useCaches } from './use-caches';
import { useLinks } from './use-links';
import './walk.css';

interface WalkViewProps {
  readonly lookup: Lookup;
  /** There is room for large tables beside each other. */
  readonly wide: boolean;
  readonly tools: React.ReactNode;
}

/** One look-up: its address, the tables that it went through, the entry it has come to, and what the caches kept. */
export function WalkView({ lookup, wide, tools }: WalkViewProps) {
  const step = useApp((state) => state.playback.step);
  const iommu = useApp((state) => find(state.objects, lookup.iommuId, 'iommu'));
  const [looked, setLooked] = useState<{ readonly at: number; readonly peek: Peek | null }>({
    at: -1,
    peek: null,
  });
  const place = useRef<HTMLDivElement>(null);
  const host = useApp((state) =>
    find(state.objects, find(state.objects, lookup.hwptId, 'hwpt')?.parentId, 'hwpt'),
  );
  useLinks(place, lookup.hwptId, host?.id ?? null);
  const { part: index, shown, partDone } = positionAt(lookup, step);
  const part = lookup.parts[index];
  const { caches, stale } = useCaches(lookup, part);
  if (part === undefined) return null;
  const vendor = iommu?.vendor ?? 'generic';
  const { steps } = part;
  const current = shown > 0 ? steps[shown - 1] : undefined;
  const leaf = steps
    .slice(0, shown)
    .find((each) => isTable(each) && each.stage !== 2 && each.outcome === 'leaf');
  const known = leaf !== undefined || partDone;
  const onShow = stepTo(lookup, index);
  const onLevel = (level: number): void => {
    const at = steps.findIndex((each) => isTable(each) && each.stage !== 2 && each.level === level);
    if (at >= 0) onShow(at + 1);
  };
  // What was looked at belongs to the moment.
  const peek = looked.at === step ? looked.peek : null;
  const onPeek = (next: Peek | null): void => setLooked({ at: step, peek: next });
  const of = { vendor, steps, shown };
  return (
    <div ref={place} className="walk" data-wide={wide}>
      <div className="walk-head">
        <div className="walk-tools">{tools}</div>
        <Section title={titleOf(lookup)}>
          {lookup.parts.length > 1 && <Parts lookup={lookup} index={index} />}
          <AddressBar
            fields={known ? part.address : beforeLeaf(part.address)}
            reached={current !== undefined && isTable(current) && current.stage !== 2 ? current.level : null}
            done={partDone}
            sizeLg2={known ? (leaf?.sizeLg2 ?? offsetBits(part)) : null}
            onLevel={onLevel}
          />
          <IovaLine lookup={lookup} part={part} pageLg2={known ? (leaf?.sizeLg2 ?? null) : null} />
          <Since lookup={lookup} />
        </Section>
        {partDone ? <ResultCard part={part} iommu={iommu} /> : <Progress lookup={lookup} step={step} />}
        <StaleCall part={part} caches={caches} shown={shown} stale={stale} />
      </div>
      <div className="walk-tables">
        <Section title={WALK.lookup(summaryOf(part))}>
          {steps.length === 0 ? (
            <p className="prose">{whyNothing(part)}</p>
          ) : (
            <>
              <NestedMatrix {...of} address={part.address} hostLevels={host?.levels ?? 0} onShow={onShow} />
              <Columns
                {...of}
                part={part}
                hostLevels={host?.levels ?? 0}
                access={lookup.access}
                wide={wide}
                peek={peek}
                onPeek={onPeek}
                onShow={onShow}
              />
              <Ends ends={endsOfChain(steps, shown, vendor)} onShow={onShow} />
            </>
          )}
        </Section>
        <EntryCard {...of} iommuId={lookup.iommuId} peek={peek} onPeekEnd={() => onPeek(null)} />
      </div>
      <div className="walk-beside">
        {iommu !== null && <CachesBeside {...{ part, shown, iommu, caches, stale, onShow }} />}
        {steps.length > 0 && (
          <Section title={WALK.stepByStep}>
            <StepList {...of} access={lookup.access} stale={stale} onShow={onShow} />
          </Section>
        )}
        {part.peer === null && <Through lookup={lookup} pa={partDone ? part.pa : null} />}
      </div>
    </div>
  );
}

const offsetBits = ({ address }: LookupPart): number | null =>
  address.find(({ level }) => level === 0)?.bits ?? null;

function whyNothing({ fault, peer }: LookupPart): string {
  if (peer !== null) return WALK.nothing.peer;
  return fault === null ? WALK.nothing.passes : WALK.nothing.noTable;
}

function titleOf({ access, bytes, deviceId, pasid }: Lookup): string {
  const device = shortBdf(deviceId.replace(/^dev:/, ''));
  return pasid === undefined
    ? WALK.dma(access, bytes, device)
    : WALK.dmaOfPasid(access, bytes, device, pasid);
}

/** Moves the playback so that `shown` steps of a part have happened. */
const stepTo =
  (lookup: Lookup, part: number) =>
  (shown: number): void => {
    const before = part === 0 ? 0 : endOfPart(lookup, part - 1);
    useApp.getState().actions.setPlayback({ step: before + shown, playing: false, running: false });
  };

interface EndsProps {
  readonly ends: ReturnType<typeof endsOfChain>;
  readonly onShow: (shown: number) => void;
}

/** Where a permission went, in words. */
function Ends({ ends, onShow }: EndsProps) {
  if (ends.length === 0) return null;
  return (
    <ul className="walk-ends" aria-label={WALK.takenAway}>
      {ends.map(({ index, name, words }) => (
        <li key={name}>
          <button type="button" className="walk-end" onClick={() => onShow(index + 1)}>
            {words}
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Lines have run since: the same DMA may end elsewhere now. */
function Since({ lookup }: { readonly lookup: Lookup }) {
  const cursor = useApp((state) => state.cursor);
  const text = useApp((state) => linesOf(state.script)[lookup.line - 1] ?? '');
  const act = useApp((state) => state.actions.act);
  if (cursor <= lookup.line) return null;
  return (
    <p className="row walk-since" role="status">
      <span className="grow">{WALK.since(lookup.line, cursor - lookup.line)}</span>
      {/^\s*dma\s/.test(text) && (
        <Button look="primary" onClick={() => void act([withExpectation(text, null)])}>
          {WALK.fireAgain}
        </Button>
      )}
    </p>
  );
}

function Progress({ lookup, step }: { readonly lookup: Lookup; readonly step: number }) {
  const total = totalSteps(lookup);
  return (
    <Section>
      <p className="row">
        <span className="muted grow">{WALK.step(step, total)}</span>
        <button
          type="button"
          className="link"
          onClick={() => useApp.getState().actions.setPlayback({ step: total, playing: false })}
        >
          {WALK.showEnd}
        </button>
      </p>
    </Section>
  );
}

/** Whom it went through; `pa`: where it arrived, once that is known. */
function Through({ lookup, pa }: { readonly lookup: Lookup; readonly pa: number | null }) {
  return (
    <Section title={WALK.through}>
      <p className="row">
        <ObjectLink id={lookup.deviceId} /> <Arrow /> <ObjectLink id={lookup.iommuId} none={WALK.noIommu} />
        {[lookup.hwptId, lookup.ioasId, lookup.processId].map(
          (id) =>
            id !== null && (
              <span key={id} className="row">
                <Arrow /> <ObjectLink id={id} />
              </span>
            ),
        )}
      </p>
      {lookup.ioasId !== null && (
        <p className="after">
          <SpaceLink space={lookup.ioasId} start={lookup.iova} last={lookup.iova}>
            {WALK.onAddressStrip}
          </SpaceLink>
        </p>
      )}
      {pa !== null && (
        <p className="after">
          <SpaceLink space="memory" start={BigInt(pa)} last={BigInt(pa)}>
            {WALK.onMemoryStrip}
          </SpaceLink>
        </p>
      )}
    </Section>
  );
}

const Arrow = () => (
  <span className="muted" aria-hidden="true">
    →
  </span>
);

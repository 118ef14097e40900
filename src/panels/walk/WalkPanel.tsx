import { useCallback, useMemo } from 'react';
import { withExpectation } from '../../scenario/edit';
import { useApp } from '../../store';
import { endOfPart, positionAt, totalSteps } from '../../store/playback';
import { linesOf, shortBdf } from '../../store/script';
import type { Lookup, LookupPart } from '../../engine/sim/batch';
import { Button } from '../../ui/Button';
import { count, groupedHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { useReading } from '../shared/use-reading';
import { find } from '../shared/words';
import { AddressBar } from './AddressBar';
import { NestedMatrix } from './NestedMatrix';
import { ResultCard } from './ResultCard';
import { staleHits } from './stale';
import { StepList } from './StepList';
import { summaryOf } from './summary';
import './walk.css';

/** What the hardware did for the look-up on stage, one read after the other, in step with the canvas. */
export function WalkPanel() {
  const lookup = useApp((state) =>
    state.playback.lookup === null ? undefined : state.lookups[state.playback.lookup],
  );
  if (lookup === undefined) return <NothingOnStage />;
  return <LookupView lookup={lookup} />;
}

function LookupView({ lookup }: { readonly lookup: Lookup }) {
  const step = useApp((state) => state.playback.step);
  const iommu = useApp((state) => find(state.objects, lookup.iommuId, 'iommu'));
  const { part: index, shown, partDone } = positionAt(lookup, step);
  const part = lookup.parts[index];
  const stale = useStaleHits(lookup, part);
  if (part === undefined) return <NothingOnStage />;
  const vendor = iommu?.vendor ?? 'generic';
  const current = shown > 0 ? part.steps[shown - 1] : undefined;
  return (
    <>
      <Section title={titleOf(lookup)}>
        {lookup.parts.length > 1 && <Parts lookup={lookup} index={index} />}
        <AddressBar
          fields={part.address}
          reached={current?.structure === 'table' && current.stage !== 2 ? current.level : null}
          done={partDone}
        />
        <p className="iova-line">
          <code>IOVA {groupedHex(part.iova, 16)}</code>
          {lookup.pasid !== undefined && <code className="iova-pasid">PASID {lookup.pasid}</code>}
          {lookup.parts.length > 1 && (
            <span className="muted"> {count(part.bytes, 'byte')} in this page</span>
          )}
        </p>
        <Since lookup={lookup} />
      </Section>
      <Section title={`Look-up · ${summaryOf(part)}`}>
        {part.steps.length === 0 ? (
          <p className="prose">Nothing was looked up: {whyNothing(part)}.</p>
        ) : (
          <>
            <NestedMatrix vendor={vendor} steps={part.steps} shown={shown} onShow={stepTo(lookup, index)} />
            <StepList
              vendor={vendor}
              steps={part.steps}
              shown={shown}
              access={lookup.access}
              stale={stale}
              onShow={stepTo(lookup, index)}
            />
          </>
        )}
      </Section>
      {partDone ? <ResultCard part={part} iommu={iommu} /> : <Progress lookup={lookup} step={step} />}
      {part.peer === null && (
        <Section title="Through">
          <p className="row">
            <ObjectLink id={lookup.deviceId} /> <Arrow /> <ObjectLink id={lookup.iommuId} none="no IOMMU" />
            {[lookup.hwptId, lookup.ioasId, lookup.processId].map(
              (id) =>
                id !== null && (
                  <span key={id} className="row">
                    <Arrow /> <ObjectLink id={id} />
                  </span>
                ),
            )}
          </p>
        </Section>
      )}
    </>
  );
}

function whyNothing({ fault, peer }: LookupPart): string {
  if (peer !== null) return 'the request never came to an IOMMU';
  return fault === null ? 'the address passes as it is' : 'no table is asked';
}

const titleOf = ({ access, bytes, deviceId, pasid }: Lookup): string =>
  `DMA ${access}, ${count(bytes, 'byte')}, from ${shortBdf(deviceId.replace(/^dev:/, ''))}${
    pasid === undefined ? '' : `, PASID ${pasid}`
  }`;

const Arrow = () => (
  <span className="muted" aria-hidden="true">
    →
  </span>
);

/** Indices of the part's steps; known only while the machine is as the look-up left it. */
function useStaleHits(lookup: Lookup, part: LookupPart | undefined): ReadonlySet<number> {
  const readHardware = useApp((state) => state.actions.readHardware);
  const isNow = useApp((state) => state.cursor === lookup.line);
  const { iommuId, line, deviceId, pasid = null } = lookup;
  const deviceTlb = useApp((state) => find(state.objects, deviceId, 'device')?.deviceTlb);
  const hit = part?.steps.some(({ kind, outcome }) => kind === 'cache' && outcome === 'hit') ?? false;
  const asked = isNow && hit ? iommuId : null;
  const found = useReading(
    useCallback(
      async () => ({ line, view: asked === null ? null : await readHardware(asked) }),
      [readHardware, asked, line],
    ),
  );
  return useMemo(
    () =>
      part && asked !== null && found?.line === line && found.view
        ? staleHits(part, found.view.caches, { deviceTlb: deviceTlb ?? [], pasid })
        : NONE,
    [part, asked, found, line, deviceTlb, pasid],
  );
}

const NONE: ReadonlySet<number> = new Set();

/** Lines have run since: the same DMA may end elsewhere now. */
function Since({ lookup }: { readonly lookup: Lookup }) {
  const cursor = useApp((state) => state.cursor);
  const text = useApp((state) => linesOf(state.script)[lookup.line - 1] ?? '');
  const act = useApp((state) => state.actions.act);
  if (cursor <= lookup.line) return null;
  return (
    <p className="row walk-since" role="status">
      <span className="grow">
        As it went at line {lookup.line}; {count(cursor - lookup.line, 'line')}{' '}
        {cursor - lookup.line === 1 ? 'has' : 'have'} run since.
      </span>
      {/^\s*dma\s/.test(text) && (
        <Button look="primary" onClick={() => void act([withExpectation(text, null)])}>
          Fire it again
        </Button>
      )}
    </p>
  );
}

/** Moves the playback so that `shown` steps of a part have happened. */
const stepTo =
  (lookup: Lookup, part: number) =>
  (shown: number): void => {
    const before = part === 0 ? 0 : endOfPart(lookup, part - 1);
    useApp.getState().actions.setPlayback({ step: before + shown, playing: false, running: false });
  };

/** A DMA that crosses pages is translated page by page. */
function Parts({ lookup, index }: { readonly lookup: Lookup; readonly index: number }) {
  const setPlayback = useApp((state) => state.actions.setPlayback);
  return (
    <div className="parts" role="group" aria-label="Pages of this DMA">
      {lookup.parts.map((part, n) => (
        <button
          key={String(part.iova)}
          type="button"
          className="part"
          aria-pressed={n === index}
          data-outcome={outcomeOf(part)}
          data-tip={`${groupedHex(part.iova)}: ${outcomeOf(part)}`}
          onClick={() => setPlayback({ step: endOfPart(lookup, n), playing: false, running: false })}
        >
          {n + 1}
          <span className="sr-only"> {outcomeOf(part)}</span>
        </button>
      ))}
    </div>
  );
}

const OUTCOMES: Readonly<Record<LookupPart['from'], string>> = {
  bypass: 'untranslated',
  'device-tlb': 'device TLB hit',
  iotlb: 'IOTLB hit',
  peer: 'past the IOMMU',
  walk: 'walked',
};
const outcomeOf = (part: LookupPart): string => (part.fault === null ? OUTCOMES[part.from] : 'fault');

function Progress({ lookup, step }: { readonly lookup: Lookup; readonly step: number }) {
  const total = totalSteps(lookup);
  return (
    <Section>
      <p className="row">
        <span className="muted grow">
          Step {step} of {total}
        </span>
        <button
          type="button"
          className="link"
          onClick={() => useApp.getState().actions.setPlayback({ step: total, playing: false })}
        >
          show the end
        </button>
      </p>
    </Section>
  );
}

/** Before the first DMA, or at a line without one: what was looked up so far. */
function NothingOnStage() {
  const lookups = useApp((state) => state.lookups);
  const play = useApp((state) => state.actions.play);
  if (lookups.length === 0)
    return (
      <Section title="No look-up yet">
        <p className="prose">
          Select a device and fire a DMA: here you see every cache the IOMMU asks, every table entry it reads,
          and where the bytes end up.
        </p>
      </Section>
    );
  return (
    <Section title="Look-ups so far">
      <ul className="stack">
        {lookups.map((lookup, index) => (
          <li key={`${lookup.line}:${lookup.iova}`}>
            <button type="button" className="link" onClick={() => play(index)}>
              <code>
                {lookup.line}: {lookup.access} {groupedHex(lookup.iova)}
                {lookup.pasid !== undefined && ` PASID ${lookup.pasid}`}
              </code>
            </button>
            <span className="muted">
              {' '}
              {lookup.parts.some((part) => part.fault) ? 'fault' : 'reached memory'}
            </span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

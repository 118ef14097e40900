import { useApp } from '../../store';
import { endOfPart, positionAt, totalSteps } from '../../store/playback';
import { shortBdf } from '../../store/script';
import type { Lookup, LookupPart } from '../../engine/sim/batch';
import { count, groupedHex } from '../../ui/numbers';
import { Section } from '../../ui/Section';
import { ObjectLink } from '../shared/ObjectLink';
import { AddressBar } from './AddressBar';
import { ResultCard } from './ResultCard';
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
  const { part: index, shown, partDone } = positionAt(lookup, step);
  const part = lookup.parts[index];
  if (part === undefined) return <NothingOnStage />;
  const current = shown > 0 ? part.steps[shown - 1] : undefined;
  return (
    <>
      <Section
        title={`DMA ${lookup.access}, ${count(lookup.bytes, 'byte')}, from ${shortBdf(lookup.deviceId.replace(/^dev:/, ''))}`}
      >
        {lookup.parts.length > 1 && <Parts lookup={lookup} index={index} />}
        <AddressBar
          fields={part.address}
          reached={current?.kind === 'table' ? current.level : null}
          done={partDone}
        />
        <p className="iova-line">
          <code>IOVA {groupedHex(part.iova, 16)}</code>
          {lookup.parts.length > 1 && (
            <span className="muted"> {count(part.bytes, 'byte')} in this page</span>
          )}
        </p>
      </Section>
      <Section title={`Look-up · ${summaryOf(part)}`}>
        {part.steps.length === 0 ? (
          <p className="prose">
            Nothing was looked up: {part.fault === null ? 'the address passes as it is' : 'no table is asked'}
            .
          </p>
        ) : (
          <StepList steps={part.steps} shown={shown} access={lookup.access} onShow={stepTo(lookup, index)} />
        )}
      </Section>
      {partDone ? (
        <ResultCard part={part} iommuId={lookup.iommuId} />
      ) : (
        <Progress lookup={lookup} step={step} />
      )}
      <Section title="Through">
        <p className="row">
          <ObjectLink id={lookup.deviceId} /> <Arrow /> <ObjectLink id={lookup.iommuId} none="no IOMMU" />
          {lookup.hwptId !== null && (
            <>
              <Arrow /> <ObjectLink id={lookup.hwptId} />
            </>
          )}
          {lookup.ioasId !== null && (
            <>
              <Arrow /> <ObjectLink id={lookup.ioasId} />
            </>
          )}
          {lookup.processId !== null && (
            <>
              <Arrow /> <ObjectLink id={lookup.processId} />
            </>
          )}
        </p>
      </Section>
    </>
  );
}

const Arrow = () => (
  <span className="muted" aria-hidden="true">
    →
  </span>
);

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

const outcomeOf = (part: LookupPart): string =>
  part.fault !== null
    ? 'fault'
    : part.from === 'iotlb'
      ? 'IOTLB hit'
      : part.from === 'walk'
        ? 'walked'
        : 'untranslated';

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

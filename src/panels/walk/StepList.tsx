import type { WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { groupedHex, plainHex } from '../../ui/numbers';
import { listKeys } from '../shared/list-keys';
import { SpotItem } from '../shared/SpotItem';
import { STEP, WALK } from '../../words/panels/walk';
import { Chips } from './Chips';
import { isTable } from './columns';
import { levelColour, linkOf } from './links';
import { permissionChain } from './permissions';
import { kindOf, markOf, tagOf } from './step-words';
import './steps.css';

type Vendor = IommuObject['vendor'];

interface StepListProps {
  readonly vendor: Vendor;
  readonly steps: readonly WalkStep[];
  readonly shown: number;
  readonly access: 'read' | 'write';
  /** Indices of hits on what the tables no longer say. */
  readonly stale: ReadonlySet<number>;
  readonly onShow: (shown: number) => void;
}

/** The steps of one part as a log, a line each. One tab stop; a step brings the playback to it, and so opens its entry. */
export function StepList({ vendor, steps, shown, access, stale, onShow }: StepListProps) {
  const chain = permissionChain(steps);
  return (
    <ol className="steps" aria-label={WALK.steps} onKeyDown={listKeys('.step-head')}>
      {steps.map((step, index) => {
        const past = index < shown;
        const isStale = stale.has(index);
        return (
          <SpotItem
            key={index}
            className="step"
            spotIn={past && step.pa !== null ? 'memory' : null}
            start={step.pa ?? 0}
            bytes={step.words.length * 8}
            data-link={isTable(step) ? linkOf(step.level, step.stage) : undefined}
            data-now={index === shown - 1}
            style={{ ['--c' as string]: isTable(step) ? levelColour(step.level) : 'var(--iommu)' }}
          >
            <button
              type="button"
              className={past ? 'step-head' : 'step-head step-future'}
              aria-current={index === shown - 1 ? 'step' : undefined}
              aria-label={
                past
                  ? (isStale ? STEP.doneStale : STEP.done)(kindOf(step, vendor), tagOf(step), step.outcome)
                  : STEP.goOn(kindOf(step, vendor))
              }
              tabIndex={index === Math.max(0, shown - 1) ? 0 : -1}
              onClick={() => onShow(index + 1)}
            >
              <span className="step-mark">{markOf(step, vendor)}</span>
              {past ? (
                <>
                  <StepText step={step} kind={kindOf(step, vendor)} />
                  <span className="step-end">
                    <span className="step-outcome" data-outcome={step.outcome} data-stale={isStale}>
                      {isStale && `${STEP.stale} `}
                      {step.outcome}
                    </span>
                    <Chips permissions={chain[index] ?? []} access={access} />
                  </span>
                </>
              ) : (
                <span className="step-text">{kindOf(step, vendor)}</span>
              )}
            </button>
          </SpotItem>
        );
      })}
    </ol>
  );
}

function StepText({ step, kind }: { readonly step: WalkStep; readonly kind: string }) {
  const [word] = step.words;
  if (step.kind === 'cache' || word === undefined)
    return (
      <span className="step-text step-words">
        <b>{kind}</b> <span className="muted">{tagOf(step)}</span>
      </span>
    );
  if (!isTable(step)) return <span className="step-text step-words">{step.title}</span>;
  const hex = groupedHex(word);
  return (
    <span className="step-text">
      <code>
        {step.index !== null && <span className="muted">[{plainHex(step.index, 3)}] </span>}
        {hex.slice(0, -3)}
        <b>{hex.slice(-3)}</b>
      </code>
    </span>
  );
}

import { useState } from 'react';
import type { WalkStep } from '../../engine/sim/batch';
import type { IommuObject } from '../../engine/sim/world';
import { cacheWords, levelNumber, structureWords } from '../../ui/hardware-words';
import { groupedHex, plainHex } from '../../ui/numbers';
import { listKeys } from '../shared/list-keys';
import { MemoryLink } from '../shared/MemoryLink';
import { levelColour } from './AddressBar';
import { EntryDetail } from './EntryDetail';
import { Occupancy } from './Occupancy';
import { permissionChain, type Permission } from './summary';

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

/** The steps of one part. The last one that happened is open, or the one that was picked since. */
export function StepList({ vendor, steps, shown, access, stale, onShow }: StepListProps) {
  const [picked, setPicked] = useState({ shown: -1, index: -1 });
  const chain = permissionChain(steps);
  const needed = access === 'read' ? 'R' : 'W';
  const open = picked.shown === shown ? picked.index : shown - 1;
  return (
    <ol className="steps" aria-label="Steps" onKeyDown={listKeys('.step-head')}>
      {steps.map((step, index) => (
        <li
          key={index}
          className="step"
          data-level={isTable(step) ? step.level : undefined}
          data-stage={step.stage ?? undefined}
          data-now={index === shown - 1}
          style={{ ['--c' as string]: isTable(step) ? levelColour(step.level) : 'var(--iommu)' }}
        >
          {index >= shown ? (
            <FutureStep
              vendor={vendor}
              step={step}
              reachable={shown === 0 && index === 0}
              onShow={() => onShow(index + 1)}
            />
          ) : (
            <PastStep
              vendor={vendor}
              step={step}
              permissions={chain[index] ?? []}
              needed={needed}
              stale={stale.has(index)}
              reachable={index === shown - 1}
              open={index === open}
              onToggle={() => setPicked({ shown, index: index === open ? -1 : index })}
            />
          )}
        </li>
      ))}
    </ol>
  );
}

interface FutureStepProps {
  readonly vendor: Vendor;
  readonly step: WalkStep;
  /** By the Tab key; the others by arrows. */
  readonly reachable: boolean;
  readonly onShow: () => void;
}

/** What the hardware will do; what it will find is not known yet. */
function FutureStep({ vendor, step, reachable, onShow }: FutureStepProps) {
  return (
    <button
      type="button"
      className="step-head step-future"
      tabIndex={reachable ? 0 : -1}
      onClick={onShow}
      data-tip="Go on to here"
    >
      <span className="step-mark">{mark(step, vendor)}</span>
      {step.occupancy === null ? <span /> : <span className="occupancy-blank" />}
      <span className="step-text">{kindOf(step, vendor)}</span>
    </button>
  );
}

interface PastStepProps {
  readonly vendor: Vendor;
  readonly step: WalkStep;
  readonly permissions: readonly Permission[];
  readonly needed: 'R' | 'W';
  readonly stale: boolean;
  readonly reachable: boolean;
  readonly open: boolean;
  readonly onToggle: () => void;
}

function PastStep({ vendor, step, permissions, needed, stale, reachable, open, onToggle }: PastStepProps) {
  const entries = step.words.length > 0;
  return (
    <>
      <button
        type="button"
        className="step-head"
        aria-expanded={entries ? open : undefined}
        aria-label={`${kindOf(step, vendor)}: ${tagOf(step)}, ${step.outcome}${stale ? ', stale' : ''}`}
        tabIndex={reachable ? 0 : -1}
        onClick={onToggle}
      >
        <span className="step-mark">{mark(step, vendor)}</span>
        {step.occupancy === null ? <span /> : <Occupancy cells={step.occupancy} index={step.index} />}
        <StepText step={step} kind={kindOf(step, vendor)} />
        <Outcome permissions={permissions} needed={needed} outcome={step.outcome} stale={stale} />
      </button>
      {stale && (
        <p className="stale-note step-stale">
          Stale: the tables in memory say something else by now. The hardware goes by what it cached until it
          is told to drop it.
        </p>
      )}
      {open && entries && (
        <div className="step-detail">
          {step.pa !== null && (
            <p className="muted">
              {isTable(step) &&
                step.stage === 2 &&
                step.forLevel !== null &&
                `${forWhat(step.forLevel, vendor)}, `}
              entry {step.index !== null && <code>{plainHex(step.index, 3)}</code>} at{' '}
              <MemoryLink pa={step.pa} />
            </p>
          )}
          <EntryDetail step={step} />
        </div>
      )}
    </>
  );
}

const isTable = (step: WalkStep): boolean => step.kind === 'read' && step.structure === 'table';

/** `L3`, `2:L3` for a second stage under a first one. */
const mark = (step: WalkStep, vendor: Vendor): string =>
  step.kind === 'cache'
    ? cacheWords(step.structure).mark
    : isTable(step)
      ? `${step.stage === null ? '' : `${step.stage}:`}L${levelNumber(vendor, step.level)}`
      : structureWords(step.structure).mark;

const forWhat = (forLevel: number, vendor: Vendor): string =>
  forLevel === 0 ? 'for the page' : `for the level ${levelNumber(vendor, forLevel)} table`;

function kindOf(step: WalkStep, vendor: Vendor): string {
  if (step.kind === 'cache') return CACHE_TITLE.exec(step.title)?.[1] ?? cacheWords(step.structure).name;
  const { name } = structureWords(step.structure);
  if (!isTable(step)) return name;
  const stage = step.stage === null ? '' : `stage ${step.stage} `;
  const what = step.stage === 2 && step.forLevel !== null ? ` ${forWhat(step.forLevel, vendor)}` : '';
  return `${stage}${name}, level ${levelNumber(vendor, step.level)}${what}`;
}

/** A cache by its document's name, then what was asked: `IOTLB miss: did 4 …`, `IOTLB, domain 4 …`, `TLB: vmid 0 …` */
const CACHE_TITLE = /^([^:,]{2,40}?)(?: hit| miss)?[:,] (.*)$/;

const tagOf = (step: WalkStep): string =>
  (step.kind === 'cache' ? CACHE_TITLE.exec(step.title)?.[2] : undefined) ?? step.title;

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

interface OutcomeProps {
  readonly permissions: readonly Permission[];
  readonly needed: 'R' | 'W';
  readonly outcome: WalkStep['outcome'];
  readonly stale: boolean;
}

function Outcome({ permissions, needed, outcome, stale }: OutcomeProps) {
  return (
    <span className="step-end">
      <span className="step-outcome" data-outcome={outcome} data-stale={stale}>
        {outcome}
      </span>
      {permissions.map((permission) => (
        <span
          key={permission.name}
          className="permission"
          data-allowed={permission.allowed}
          data-cleared={permission.clearedHere}
          data-needed={permission.name === needed}
          data-tip={
            permission.clearedHere
              ? `${permission.name} ends here: this entry does not allow it`
              : `${permission.name} ${permission.allowed ? 'allowed so far' : 'was taken away above'}`
          }
        >
          {permission.name}
        </span>
      ))}
    </span>
  );
}

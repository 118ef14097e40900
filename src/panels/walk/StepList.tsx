import { useState } from 'react';
import type { LookupStep } from '../../engine/sim/batch';
import { groupedHex, plainHex } from '../../ui/numbers';
import { MemoryLink } from '../shared/MemoryLink';
import { levelColour } from './AddressBar';
import { EntryDetail } from './EntryDetail';
import { Occupancy } from './Occupancy';
import { permissionChain, type Permission } from './summary';

interface StepListProps {
  readonly steps: readonly LookupStep[];
  readonly shown: number;
  readonly access: 'read' | 'write';
  readonly onShow: (shown: number) => void;
}

/** The steps of one part. The last one that happened is open, or the one that was picked since. */
export function StepList({ steps, shown, access, onShow }: StepListProps) {
  const [picked, setPicked] = useState({ shown: -1, index: -1 });
  const chain = permissionChain(steps);
  const needed = access === 'read' ? 'R' : 'W';
  const open = picked.shown === shown ? picked.index : shown - 1;
  return (
    <ol className="steps">
      {steps.map((step, index) => (
        <li
          key={index}
          className="step"
          data-level={step.kind === 'table' ? step.level : undefined}
          data-now={index === shown - 1}
          style={{ ['--c' as string]: step.kind === 'table' ? levelColour(step.level) : 'var(--iommu)' }}
        >
          {index >= shown ? (
            <FutureStep step={step} onShow={() => onShow(index + 1)} />
          ) : (
            <PastStep
              step={step}
              permissions={chain[index] ?? []}
              needed={needed}
              open={index === open}
              onToggle={() => setPicked({ shown, index: index === open ? -1 : index })}
            />
          )}
        </li>
      ))}
    </ol>
  );
}

/** What the hardware will do; what it will find is not known yet. */
function FutureStep({ step, onShow }: { readonly step: LookupStep; readonly onShow: () => void }) {
  return (
    <button type="button" className="step-head step-future" onClick={onShow} data-tip="Go on to here">
      <span className="step-mark">{mark(step)}</span>
      {step.occupancy === null ? <span /> : <span className="occupancy-blank" />}
      <span className="step-text">{kindOf(step)}</span>
    </button>
  );
}

interface PastStepProps {
  readonly step: LookupStep;
  readonly permissions: readonly Permission[];
  readonly needed: 'R' | 'W';
  readonly open: boolean;
  readonly onToggle: () => void;
}

function PastStep({ step, permissions, needed, open, onToggle }: PastStepProps) {
  return (
    <>
      <button
        type="button"
        className="step-head"
        aria-expanded={open}
        aria-label={`${kindOf(step)}: ${tagOf(step)}, ${step.outcome}`}
        onClick={onToggle}
      >
        <span className="step-mark">{mark(step)}</span>
        {step.occupancy === null ? <span /> : <Occupancy cells={step.occupancy} index={step.index} />}
        <StepText step={step} />
        <Permissions permissions={permissions} needed={needed} outcome={step.outcome} />
      </button>
      {open && step.words.length > 0 && (
        <div className="step-detail">
          {step.pa !== null && (
            <p className="muted">
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

const mark = (step: LookupStep): string =>
  ({ 'context-cache': 'CC', iotlb: 'TLB', root: 'RT', context: 'CT', table: `L${step.level}` })[step.kind];

const KIND: Readonly<Record<LookupStep['kind'], string>> = {
  'context-cache': 'Context cache',
  iotlb: 'IOTLB',
  root: 'Root table',
  context: 'Context table',
  table: 'Page table',
};
const kindOf = (step: LookupStep): string =>
  step.kind === 'table' ? `Page table, level ${step.level}` : KIND[step.kind];

/** The engine's title may begin with what the row says anyway. */
const tagOf = (step: LookupStep): string => step.title.replace(/^(?:Context cache|IOTLB) (?:hit|miss): /, '');

function StepText({ step }: { readonly step: LookupStep }) {
  const word = step.words[0];
  if (word === undefined)
    return (
      <span className="step-text">
        <b>{KIND[step.kind]}</b> <span className="muted">{tagOf(step)}</span>
      </span>
    );
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

interface PermissionsProps {
  readonly permissions: readonly Permission[];
  readonly needed: 'R' | 'W';
  readonly outcome: LookupStep['outcome'];
}

function Permissions({ permissions, needed, outcome }: PermissionsProps) {
  return (
    <span className="step-end">
      <span className="step-outcome" data-outcome={outcome}>
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

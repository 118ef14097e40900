import type { ReactNode } from 'react';
import type { DeviceObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { shortBdf } from '../../store/script';
import { Section } from '../../ui/Section';
import { ISOLATING, missingBits, type Keeping, type Way, type WayStep } from './chain';
import { DeviceLine } from './DeviceLine';
import { groupOf } from './words';

interface ApartViewProps {
  readonly a: DeviceObject;
  readonly b: DeviceObject;
  readonly way: Way;
  readonly children: ReactNode;
}

/** Two devices of different groups: the way between them, and what the registers on it say. */
export function ApartView({ a, b, way, children }: ApartViewProps) {
  const objects = useApp((state) => state.objects);
  const [groupA, groupB] = [groupOf(objects, a), groupOf(objects, b)];
  if (groupA === null || groupB === null) {
    const without = groupA === null ? a : b;
    return (
      <Section title={`${shortBdf(without.bdf)} has no group`}>
        <p className="prose">{without.ungrouped ?? 'No kernel runs yet, so there are no groups.'}</p>
      </Section>
    );
  }
  return (
    <Section title={`Apart: group ${groupA.number} and group ${groupB.number}`}>
      {children}
      <p className="prose">{summaryOf(a, b, way)}</p>
      <ol className="chain way" aria-label="The way between them">
        {way.steps.map((step, at) => (
          <li key={step.device.id} data-boundary={step.boundary || undefined}>
            {way.top === null && at === way.up && <p className="way-top">root complex</p>}
            <div className="chain-device">
              <span className="chain-number">{at + 1}</span>
              <DeviceLine id={step.device.id} />
              <span className="way-group">group {groupOf(objects, step.device)?.number ?? 'none'}</span>
            </div>
            <p className="way-keeping">
              <Bits step={step} />
              {wordsOf(step)}
            </p>
          </li>
        ))}
      </ol>
    </Section>
  );
}

/** Only what the registers prove: which of the kernel's quirks counted is not in them. */
function summaryOf(a: DeviceObject, b: DeviceObject, { steps }: Way): string {
  const between = steps.filter(({ device }) => device.id !== a.id && device.id !== b.id);
  const keepers = between.filter(({ keeping }) => keeping === 'acs-on');
  if (between.length === 0)
    return `No bridge is between ${shortBdf(a.bdf)} and ${shortBdf(b.bdf)}. On a bus Linux joins only what shares a requester id, or functions of one slot that do not isolate.`;
  if (keepers.length === 0)
    return 'No port between them has all the ACS bits that Linux asks for: what keeps them apart is not in the registers. The kernel has a table of devices that isolate all the same.';
  const names = keepers.map(({ device }) => shortBdf(device.bdf)).join(', ');
  return `A request from one to the other would have to pass ${names}. There it is sent up to the IOMMU instead of across, so each can have a translation of its own.`;
}

const WORDS: Readonly<Record<Keeping, string>> = {
  'acs-on': 'has all that Linux asks for',
  'acs-off': 'lets requests pass',
  'no-acs': 'no ACS capability',
  'single-function': 'a single function: no ACS asked for',
};

function wordsOf({ device, keeping }: WayStep): string {
  const lacking = missingBits(device);
  return keeping === 'acs-off' && lacking.length > 0 ? `${lacking.join(', ')} off` : WORDS[keeping];
}

function Bits({ step: { device, keeping } }: { readonly step: WayStep }) {
  const { acs } = device;
  if (acs === null || keeping === 'single-function') return null;
  return ISOLATING.map((bit) => {
    const able = acs.cap.includes(bit);
    const on = acs.ctrl.includes(bit);
    return (
      <span
        key={bit}
        className="chip bit-chip"
        data-on={on || !able}
        data-lacking={(able && !on) || undefined}
        title={able ? undefined : `${bit} is not in the capability: it counts as always on`}
      >
        {bit}
        {able ? (on ? '+' : '−') : ''}
      </span>
    );
  });
}

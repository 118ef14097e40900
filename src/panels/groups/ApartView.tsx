import { useMemo, type ReactNode } from 'react';
import type { DeviceObject } from '../../engine/sim/world';
import { cmdlineOf } from '../../scenario/what-if/set-cmdline';
import { useApp } from '../../store';
import { sceneTitle, shortBdf } from '../../store/script';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import {
  ISOLATING,
  lacksAllBits,
  missingBits,
  redirectingOn,
  unaskedOn,
  type Keeping,
  type Way,
  type WayStep,
} from './chain';
import { withChange } from './changes';
import { withWord } from './cmdline';
import { DeviceLine } from './DeviceLine';
import { useGroupsUi } from './groups-ui';
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
  const script = useApp((state) => state.script);
  const overridden = useMemo(() => cmdlineOf(script).includes('pcie_acs_override='), [script]);
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
      <p className="prose">{summaryOf(a, b, way, overridden)}</p>
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
      <OnPurpose ports={redirectingOn(way)} />
    </Section>
  );
}

/** For those who want their devices to talk: which ports stand between them, and what that would cost. */
function OnPurpose({ ports }: { readonly ports: readonly DeviceObject[] }) {
  const script = useApp((state) => state.script);
  const showPanel = useApp((state) => state.actions.showPanel);
  if (ports.length === 0) return null;
  const tryIt = (): void => {
    const { changes, changesOf } = useGroupsUi.getState();
    const title = sceneTitle(script);
    const mine = changesOf === title ? changes : [];
    const planned = mine.find((change) => change.kind === 'cmdline');
    const word = `pci=disable_acs_redir=${ports.map(({ bdf }) => bdf).join(';')}`;
    const text = withWord(planned?.text ?? cmdlineOf(script), word);
    useGroupsUi.setState({ changes: withChange(mine, { kind: 'cmdline', text }), changesOf: title });
    showPanel('what-if');
  };
  return (
    <>
      <p className="prose after">
        For peer-to-peer DMA between them, {listed(ports)} would have to let requests across.
      </p>
      <div className="row">
        <Button onClick={tryIt}>What if {ports.length === 1 ? 'it does' : 'they do'}?</Button>
      </div>
    </>
  );
}

/** Only what the registers prove: which of the kernel's quirks counted is not in them. */
function summaryOf(a: DeviceObject, b: DeviceObject, way: Way, overridden: boolean): string {
  if (!way.steps.some(({ device: { id } }) => id !== a.id && id !== b.id))
    return `No bridge is between ${shortBdf(a.bdf)} and ${shortBdf(b.bdf)}. On a bus Linux joins only what shares a requester id, or functions of one slot that do not isolate.`;
  const redirecting = redirectingOn(way);
  const unasked = unaskedOn(way);
  if (redirecting.length > 0 && unasked.length > 0)
    return `Kept apart in one direction only. What comes in by ${listed(redirecting)} is sent up to the IOMMU; ${listed(unasked)} does not isolate, so what comes in by it may go straight across. ${UPWARD}`;
  if (unasked.length > 0)
    return `Nothing isolates where their ways meet: ${listed(unasked)} may send requests straight across. ${UPWARD}`;
  if (redirecting.length > 0)
    return `A request from one to the other would have to pass ${listed(redirecting)}. There it is sent up to the IOMMU instead of across, so each can have a translation of its own.`;
  if (overridden)
    return 'No port redirects where their ways meet. pcie_acs_override= on the command line has Linux take what has no ACS capability for isolating all the same: the groups are apart, the wires are not.';
  return 'No port has all the ACS bits that Linux asks for where their ways meet: what keeps them apart is not in the registers. The kernel has a table of devices that isolate all the same.';
}

/** Linux: drivers/iommu/iommu.c pci_device_group() */
const UPWARD =
  'Linux asks the bridges above each device alone, so one that does not isolate is joined with what is below it, and with nothing beside.';

const listed = (devices: readonly DeviceObject[]): string =>
  devices.map(({ bdf }) => shortBdf(bdf)).join(', ');

const WORDS: Readonly<Record<Keeping, string>> = {
  'acs-on': 'has all that Linux asks for',
  'acs-off': 'lets requests pass',
  'no-acs': 'no ACS capability',
  'single-function': 'a single function: no ACS asked for',
};

function wordsOf({ device, keeping }: WayStep): string {
  const lacking = missingBits(device);
  if (keeping === 'acs-on' && lacksAllBits(device))
    return 'its capability has none of these bits: they count as on for good';
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

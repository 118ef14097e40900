import { useMemo, type ReactNode } from 'react';
import type { DeviceObject, GroupObject } from '../../engine/sim/world';
import { cmdlineOf } from '../../scenario/what-if/set-cmdline';
import { useApp } from '../../store';
import { sceneTitle, shortBdf } from '../../store/script';
import { Button } from '../../ui/Button';
import { Section } from '../../ui/Section';
import { APART, WHY } from '../../words/panels/groups/why';
import {
  ISOLATING,
  lacksAllBits,
  missingBits,
  redirectingOn,
  unaskedOn,
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
      <Section title={WHY.noGroupOf(shortBdf(without.bdf))}>
        <p className="prose">{without.ungrouped ?? WHY.noKernel}</p>
      </Section>
    );
  }
  return (
    <Section title={APART.title(groupA.number, groupB.number)}>
      {children}
      <p className="prose">{summaryOf(a, b, way, overridden)}</p>
      <ol className="chain way" aria-label={APART.way}>
        {way.steps.map((step, at) => (
          <li key={step.device.id} data-boundary={step.boundary || undefined}>
            {way.top === null && at === way.up && <p className="way-top">{APART.rootComplex}</p>}
            <div className="chain-device">
              <span className="chain-number">{at + 1}</span>
              <DeviceLine id={step.device.id} />
              <span className="way-group">{groupWords(groupOf(objects, step.device))}</span>
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
      <p className="prose after">{APART.acrossFor(listed(ports))}</p>
      <div className="row">
        <Button onClick={tryIt}>{APART.whatIf(ports.length)}</Button>
      </div>
    </>
  );
}

/** Only what the registers prove: which of the kernel's quirks counted is not in them. */
function summaryOf(a: DeviceObject, b: DeviceObject, way: Way, overridden: boolean): string {
  if (!way.steps.some(({ device: { id } }) => id !== a.id && id !== b.id))
    return APART.noBridge(shortBdf(a.bdf), shortBdf(b.bdf));
  const redirecting = redirectingOn(way);
  const unasked = unaskedOn(way);
  if (redirecting.length > 0 && unasked.length > 0)
    return APART.oneDirection(listed(redirecting), listed(unasked));
  if (unasked.length > 0) return APART.open(listed(unasked));
  if (redirecting.length > 0) return APART.redirected(listed(redirecting));
  if (overridden) return APART.overridden;
  return APART.byTable;
}

const listed = (devices: readonly DeviceObject[]): string =>
  devices.map(({ bdf }) => shortBdf(bdf)).join(', ');

const groupWords = (group: GroupObject | null): string =>
  group === null ? APART.noGroup : APART.group(group.number);

function wordsOf({ device, keeping }: WayStep): string {
  const lacking = missingBits(device);
  if (keeping === 'acs-on' && lacksAllBits(device)) return APART.noBits;
  return keeping === 'acs-off' && lacking.length > 0
    ? APART.bitsOff(lacking.join(', '))
    : APART.keeping[keeping];
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
        title={able ? undefined : APART.bitMissing(bit)}
      >
        {bit}
        {able ? (on ? '+' : '−') : ''}
      </span>
    );
  });
}

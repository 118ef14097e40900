import type { DeviceObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Section } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { all, find } from '../shared/words';
import { INSPECTOR } from '../../words/panels/inspector/inspector';
import { DEVICE } from '../../words/panels/inspector/device';

/** The way of a device from its driver to an address space, as buttons: what can be done next stands first. */
export function DeviceActions({ device }: { readonly device: DeviceObject }) {
  const objects = useApp((state) => state.objects);
  const idev = find(objects, device.idevId, 'idev');
  const subject = [device.id];
  const first = all(objects, 'context').length === 0;
  return (
    <Section title={INSPECTOR.actions}>
      <div className="row">
        {idev === null ? (
          first ? (
            <CommandButton id="device.open" subject={subject} look="primary" />
          ) : (
            <CommandButton id="device.give" subject={subject} label={DEVICE.bind} />
          )
        ) : (
          <>
            <CommandButton id="device.attach" subject={subject} />
            <CommandButton id="device.replace" subject={subject} hideUnready />
            <CommandButton id="device.detach" subject={subject} hideUnready />
            <CommandButton id="device.hwpt" subject={subject} label={DEVICE.newHwpt} hideUnready />
            <CommandButton id="device.unbind" subject={subject} label={DEVICE.unbind} />
          </>
        )}
        <CommandButton id="device.driver" subject={subject} label={DEVICE.driver} />
      </div>
    </Section>
  );
}

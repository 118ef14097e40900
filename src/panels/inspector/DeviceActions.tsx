import type { DeviceObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Section } from '../../ui/Section';
import { CommandButton } from '../shared/CommandButton';
import { all, find } from '../shared/words';

/** The way of a device from its driver to an address space, as buttons: what can be done next stands first. */
export function DeviceActions({ device }: { readonly device: DeviceObject }) {
  const objects = useApp((state) => state.objects);
  const idev = find(objects, device.idevId, 'idev');
  const subject = [device.id];
  const first = all(objects, 'context').length === 0;
  return (
    <Section title="Actions">
      <div className="row">
        {idev === null ? (
          first ? (
            <CommandButton id="device.open" subject={subject} look="primary" />
          ) : (
            <CommandButton id="device.give" subject={subject} label="Bind to iommufd" />
          )
        ) : (
          <>
            <CommandButton id="device.attach" subject={subject} />
            <CommandButton id="device.replace" subject={subject} hideUnready />
            <CommandButton id="device.detach" subject={subject} hideUnready />
            <CommandButton id="device.hwpt" subject={subject} label="New HWPT" hideUnready />
            <CommandButton id="device.unbind" subject={subject} label="Unbind" />
          </>
        )}
        <CommandButton id="device.driver" subject={subject} label="Driver" />
      </div>
    </Section>
  );
}

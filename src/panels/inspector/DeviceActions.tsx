import type { DeviceObject, IdevObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { driverLine, isVfio, nativeDriver, scriptName, vfioDriver } from '../../store/script';
import { Button } from '../../ui/Button';
import { Menu, MenuGroup, MenuItem } from '../../ui/Menu';
import { Section } from '../../ui/Section';
import { all, find, HUE, titleOf } from '../shared/words';
import { AttachMenu } from './AttachMenu';
import { bindLines, newHwptLine } from './lines';

/** The way of a device from its driver to an address space, as buttons: what can be done next stands first. */
export function DeviceActions({ device }: { readonly device: DeviceObject }) {
  const objects = useApp((state) => state.objects);
  const idev = find(objects, device.idevId, 'idev');
  return (
    <Section title="Actions">
      <div className="row">
        {idev === null ? <Unbound device={device} /> : <Bound device={device} idev={idev} />}
        <DriverMenu device={device} />
      </div>
    </Section>
  );
}

function Unbound({ device }: { readonly device: DeviceObject }) {
  const objects = useApp((state) => state.objects);
  const script = useApp((state) => state.script);
  const { act } = useApp((state) => state.actions);
  const contexts = all(objects, 'context');
  const bind = (context: (typeof contexts)[number] | null) => () =>
    void act(bindLines(script, device, context));
  if (contexts.length === 0)
    return (
      <Button
        look="primary"
        onClick={bind(null)}
        data-tip={`Binds ${vfioDriver(device)}, opens /dev/iommu and binds the device to it`}
      >
        Open iommufd + bind
      </Button>
    );
  return (
    <Menu label="Bind to iommufd">
      {contexts.map((context) => (
        <MenuItem key={context.id} onClick={bind(context)}>
          <span className="dot" style={{ ['--k' as string]: HUE.context }} />
          {titleOf(context)}
          <code className="muted">{context.name}</code>
        </MenuItem>
      ))}
      <MenuItem onClick={bind(null)}>
        <span className="dot" style={{ ['--k' as string]: HUE.context }} />a new context
        <code className="muted">open /dev/iommu</code>
      </MenuItem>
    </Menu>
  );
}

function Bound({ device, idev }: { readonly device: DeviceObject; readonly idev: IdevObject }) {
  const { act, detach } = useApp((state) => state.actions);
  return (
    <>
      <AttachMenu device={device} idev={idev} />
      {idev.hwptId !== null && <Button onClick={() => void detach(device.id)}>Detach</Button>}
      <HwptMenu idev={idev} />
      <Button onClick={() => void act([`UNBIND ${scriptName(idev)}`])} data-tip="Closes the vfio device">
        Unbind
      </Button>
    </>
  );
}

function HwptMenu({ idev }: { readonly idev: IdevObject }) {
  const objects = useApp((state) => state.objects);
  const script = useApp((state) => state.script);
  const { act } = useApp((state) => state.actions);
  const ioases = all(objects, 'ioas').filter((ioas) => ioas.contextId === idev.contextId);
  if (ioases.length === 0) return null;
  const kinds = [
    { label: 'plain', options: { nestParent: false, dirty: false } },
    { label: 'nest parent', options: { nestParent: true, dirty: false } },
    { label: 'with dirty tracking', options: { nestParent: false, dirty: true } },
  ];
  return (
    <Menu label="New HWPT">
      {ioases.map((ioas) => (
        <MenuGroup key={ioas.id} label={`over ${titleOf(ioas)}${ioas.name === null ? '' : `, ${ioas.name}`}`}>
          {kinds.map(({ label, options }) => (
            <MenuItem key={label} onClick={() => void act([newHwptLine(script, idev, ioas, options)])}>
              <span className="dot" style={{ ['--k' as string]: HUE.hwpt }} />
              {label}
            </MenuItem>
          ))}
        </MenuGroup>
      ))}
    </Menu>
  );
}

function DriverMenu({ device }: { readonly device: DeviceObject }) {
  const script = useApp((state) => state.script);
  const { act } = useApp((state) => state.actions);
  const native = nativeDriver(script, device.bdf);
  const now = device.driver?.name ?? 'none';
  const known = native ?? (device.driver !== null && !isVfio(device.driver.name) ? device.driver.name : null);
  const vfio = vfioDriver(device);
  const stub = device.platform === undefined ? ['pci-stub'] : [];
  const choices = [vfio, ...(known === null ? [] : [known]), ...stub, 'none'];
  const say: Readonly<Record<string, string>> = {
    [vfio]: 'for a virtual machine or another program',
    'pci-stub': 'holds the device and does nothing',
    none: 'unbind only',
  };
  return (
    <Menu label="Driver">
      {choices.map((driver) => (
        <MenuItem key={driver} onClick={() => void act([driverLine(device, driver)])}>
          <span aria-hidden="true">{driver === now ? '✓' : ''}</span>
          <code>{driver}</code>
          {driver === now && <span className="sr-only">bound now</span>}
          <small>{say[driver] ?? 'its own driver, with the kernel’s DMA'}</small>
        </MenuItem>
      ))}
    </Menu>
  );
}

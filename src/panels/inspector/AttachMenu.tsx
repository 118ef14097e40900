import type { DeviceObject, IdevObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Menu, MenuGroup, MenuItem } from '../../ui/Menu';
import type { Target } from '../../worker/api';
import { find, HUE, titleOf } from '../shared/words';
import { attachToNewLines } from './lines';

/** Where the device may go: the same targets, and the same reasons, as when its edge is dragged. */
export function AttachMenu({ device, idev }: { readonly device: DeviceObject; readonly idev: IdevObject }) {
  const { startConnecting, stopConnecting, act } = useApp((state) => state.actions);
  const connecting = useApp((state) => state.connecting);
  const context = useApp((state) => find(state.objects, idev.contextId, 'context'));
  const script = useApp((state) => state.script);
  const targets = connecting?.deviceId === device.id ? connecting.targets : [];
  const legal = targets.filter((target) => target.ok);
  const illegal = targets.filter((target) => !target.ok);
  return (
    <Menu
      label={idev.hwptId === null ? 'Attach to…' : 'Replace with…'}
      onOpenChange={(open) => (open ? void startConnecting(device.id) : stopConnecting())}
    >
      {legal.map((target) => (
        <TargetItem key={target.targetId} target={target} />
      ))}
      {context !== null && (
        <MenuItem onClick={() => void act(attachToNewLines(script, idev, context))}>
          <span className="dot" style={{ ['--k' as string]: HUE.ioas }} />a new IOAS
        </MenuItem>
      )}
      {illegal.length > 0 && (
        <MenuGroup label="The kernel would refuse">
          {illegal.map((target) => (
            <TargetItem key={target.targetId} target={target} />
          ))}
        </MenuGroup>
      )}
    </Menu>
  );
}

function TargetItem({ target }: { readonly target: Target }) {
  const object = useApp((state) => state.objects[target.targetId]);
  const { act } = useApp((state) => state.actions);
  if (object === undefined) return null;
  return (
    <MenuItem onClick={() => void act(target.lines)}>
      <span className="dot" style={{ ['--k' as string]: HUE[object.type] }} />
      {titleOf(object)}
      <code className="muted">{object.name}</code>
      {!target.ok && (
        <small className="error-text">
          {target.errno} {target.why}
        </small>
      )}
    </MenuItem>
  );
}

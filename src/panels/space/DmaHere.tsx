import { useShallow } from 'zustand/react/shallow';
import type { DeviceObject, IoasObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import type { AppState } from '../../store/types';
import { Button } from '../../ui/Button';
import { Menu, MenuItem } from '../../ui/Menu';
import { dmaLine } from '../../commands/lines';
import { titleOf } from '../shared/words';

/** More devices than this are found on the canvas. */
const MOST = 20;

interface DmaHereProps {
  readonly ioas: IoasObject;
  readonly iova: bigint;
}

/** A DMA at this address by a device that has the space: fired, or put into the console to be completed. */
export function DmaHere({ ioas, iova }: DmaHereProps) {
  const { act, prefill } = useApp((state) => state.actions);
  const devices = useApp(useShallow((state) => devicesOf(state, ioas)));
  const [first] = devices;
  if (first === undefined) return null;
  const lineFor = (device: DeviceObject): string =>
    dmaLine(device, { access: 'write', iova: `0x${iova.toString(16)}`, length: '64' });
  return (
    <>
      {devices.length === 1 ? (
        <Button onClick={() => void act([lineFor(first)])}>DMA here</Button>
      ) : (
        <Menu label="DMA here…">
          {devices.slice(0, MOST).map((device) => (
            <MenuItem key={device.id} onClick={() => void act([lineFor(device)])}>
              {titleOf(device)}
            </MenuItem>
          ))}
        </Menu>
      )}
      <Button
        data-tip="Puts the line into the console, to be completed"
        onClick={() => prefill(lineFor(first).replace(' write ', ' read '))}
      >
        Look up this IOVA…
      </Button>
    </>
  );
}

function devicesOf({ objects }: AppState, ioas: IoasObject): readonly DeviceObject[] {
  const ids = new Set(
    ioas.hwptIds.flatMap((id) => {
      const hwpt = objects[id];
      return hwpt?.type === 'hwpt' ? hwpt.deviceIds : [];
    }),
  );
  return [...ids].flatMap((id) => {
    const device = objects[id];
    return device?.type === 'device' ? [device] : [];
  });
}

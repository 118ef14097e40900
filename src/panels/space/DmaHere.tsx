import { useShallow } from 'zustand/react/shallow';
import type { IoasObject } from '../../engine/sim/world';
import { useApp } from '../../store';
import { Button } from '../../ui/Button';
import { Menu, MenuItem } from '../../ui/Menu';
import { devicesOver, dmaAt } from '../../commands/space';
import { titleOf } from '../shared/words';
import { POINTED } from '../../words/panels/space';

/** More devices than this are found on the canvas. */
const MOST = 20;

interface DmaHereProps {
  readonly ioas: IoasObject;
  readonly iova: bigint;
}

/** A DMA at this address by a device that has the space: fired, or put into the console to be completed. */
export function DmaHere({ ioas, iova }: DmaHereProps) {
  const { act, prefill } = useApp((state) => state.actions);
  const devices = useApp(useShallow((state) => devicesOver(state, ioas)));
  const [first] = devices;
  if (first === undefined) return null;
  return (
    <>
      {devices.length === 1 ? (
        <Button onClick={() => void act([dmaAt(first, 'write', iova)])}>{POINTED.dmaHere}</Button>
      ) : (
        <Menu label={POINTED.dmaHereBy}>
          {devices.slice(0, MOST).map((device) => (
            <MenuItem key={device.id} onClick={() => void act([dmaAt(device, 'write', iova)])}>
              {titleOf(device)}
            </MenuItem>
          ))}
        </Menu>
      )}
      <Button data-tip={POINTED.lookUpTip} onClick={() => prefill(dmaAt(first, 'read', iova))}>
        {POINTED.lookUp}
      </Button>
    </>
  );
}

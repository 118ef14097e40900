import type { Target } from '../worker/api';
import type { Context } from './context';
import type { EngineLink } from './engine-actions';
import { scriptName } from './script';
import type { Actions } from './types';

type ConnectActions = Pick<Actions, 'startConnecting' | 'stopConnecting' | 'connectTo' | 'detach'>;

/** Attaching as one thing with a beginning and an end, the same for the mouse, the menu and the keyboard. */
export function connectActions({ get, set }: Context, link: EngineLink): ConnectActions {
  /** Targets on their way: a drop may come before they do. */
  let asked: Promise<readonly Target[] | null> = Promise.resolve(null);

  return {
    async startConnecting(deviceId) {
      set({ connecting: { deviceId, targets: [] }, refusal: null });
      asked = link.ask('Looking for targets', 'targets', deviceId);
      const targets = await asked;
      if (targets !== null && get().connecting?.deviceId === deviceId)
        set({ connecting: { deviceId, targets } });
    },

    stopConnecting: () => set({ connecting: null }),

    async connectTo(targetId) {
      const { connecting, actions } = get();
      if (connecting === null) return;
      const targets = (await asked) ?? [];
      set({ connecting: null });
      const target = targets.find((each) => each.targetId === targetId);
      if (target === undefined) {
        set({
          notice: { tone: 'info', text: 'A device attaches to an IOAS or to a HWPT; nothing was changed.' },
        });
      } else if (target.lines.length === 0) {
        set({ notice: { tone: 'info', text: target.why ?? 'Nothing was changed.' } });
      } else {
        await actions.act(target.lines);
      }
    },

    async detach(deviceId) {
      const { objects, actions } = get();
      const device = objects[deviceId];
      const idev = device?.type === 'device' && device.idevId !== null ? objects[device.idevId] : undefined;
      if (idev === undefined) {
        set({
          notice: {
            tone: 'info',
            text: 'This device is not bound to an iommufd context: nothing to detach.',
          },
        });
        return;
      }
      await actions.act([`DETACH ${scriptName(idev)}`]);
    },
  };
}

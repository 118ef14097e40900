import type { WorldId } from '../engine/sim/world';
import type { Target } from '../worker/api';
import type { Context } from './context';
import { dropsFrom, whyNotFrom } from './drops';
import type { EngineLink } from './engine-actions';
import { scriptName } from './script';
import type { Actions, AppState, Drop } from './types';
import * as says from '../words/store/connect';

type ConnectActions = Pick<
  Actions,
  'startConnecting' | 'startCarrying' | 'readTargets' | 'stopConnecting' | 'connectTo' | 'detach' | 'actWhole'
>;

/** More than this many places are told apart by their shape alone: each trial runs the whole script. */
const MOST_TRIALS = 16;

/** Attaching as one thing with a beginning and an end, the same for the mouse, the menu and the keyboard. */
export function connectActions({ get, set }: Context, link: EngineLink): ConnectActions {
  /** Targets on their way: a drop may come before they do. */
  let asked: Promise<readonly Target[] | null> = Promise.resolve(null);

  async function begin(
    deviceId: WorldId,
    known: readonly Target[],
    ask: () => Promise<readonly Target[] | null>,
  ): Promise<void> {
    set({ connecting: { deviceId, targets: known }, refusal: null });
    const mine = (asked = ask());
    const targets = await mine;
    if (targets !== null && asked === mine && get().connecting?.deviceId === deviceId)
      set({ connecting: { deviceId, targets } });
  }

  async function tried(drop: Drop): Promise<Target> {
    const target = openTarget(drop);
    if (drop.lines.length === 0) return target;
    const results = await link.ask(says.lookingForTargets, 'tryLines', drop.lines);
    const bad = results?.find((result) => !result.ok);
    if (bad === undefined) return target;
    const { errno, why, rule, culprit } = bad;
    return { ...target, ok: false, errno, why, rule, culprit };
  }

  const carry = (sourceId: WorldId, drops: readonly Drop[]): Promise<void> => {
    const known = drops.map(openTarget);
    const few = drops.filter(({ lines }) => lines.length > 0).length <= MOST_TRIALS;
    return begin(sourceId, known, async () => (few ? Promise.all(drops.map(tried)) : known));
  };

  return {
    startConnecting: (sourceId, part = null) => {
      const { objects } = get();
      const source = objects[sourceId];
      if (source === undefined || source.type === 'device')
        return begin(sourceId, [], () => link.ask(says.lookingForTargets, 'targets', sourceId));
      return carry(sourceId, dropsFrom(objects, source, part));
    },

    startCarrying: carry,

    readTargets: (deviceId) =>
      get().connecting?.deviceId === deviceId ? asked : link.ask(says.lookingForTargets, 'targets', deviceId),

    stopConnecting: () => set({ connecting: null }),

    async connectTo(targetId, more = []) {
      const { connecting, actions } = get();
      if (connecting === null) return;
      const targets = (await asked) ?? [];
      set({ connecting: null });
      const target = targets.find((each) => each.targetId === targetId);
      if (target === undefined) {
        set({
          notice: { tone: 'info', text: says.missedAndNothingWasChanged(missed(get(), connecting.deviceId)) },
        });
      } else if (target.lines.length === 0) {
        set({ notice: { tone: 'info', text: target.why ?? says.nothingWasChanged } });
      } else {
        await actions.act(target.ok ? [...target.lines, ...more] : target.lines);
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
            text: says.thisDeviceIsNotBound,
          },
        });
        return;
      }
      await actions.act([`DETACH ${scriptName(idev)}`]);
    },

    async actWhole(lines) {
      const results = await link.ask(says.trying, 'tryLines', lines);
      if (results === null) return false;
      const bad = results.find((result) => !result.ok);
      if (bad === undefined) {
        await get().actions.act(lines);
        return get().refusal === null;
      }
      if (bad.status === 'error') set({ notice: { tone: 'error', text: `${bad.text}: ${bad.why ?? ''}` } });
      else
        set({ refusal: { line: bad.text, result: bad, rest: lines.slice(results.length - 1), tried: true } });
      return false;
    },
  };
}

const openTarget = ({ targetId, action, lines, why }: Drop): Target => ({
  targetId,
  action,
  ok: lines.length > 0,
  lines,
  errno: null,
  why,
  rule: null,
  culprit: null,
});

/** It was let go where nothing takes it. */
function missed({ objects }: AppState, sourceId: WorldId): string {
  switch (objects[sourceId]?.type) {
    case 'access':
      return says.anAccessReachesAnIoas;
    case 'process':
      return says.memoryIsMappedIntoAnIoas;
    case 'device':
      return whyNotFrom(objects, sourceId) ?? says.aDeviceAttachesToAnIoas;
    default:
      return says.itCannotBeMadeThere;
  }
}

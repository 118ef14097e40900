import type { AreaObject, DeviceObject, IoasObject } from '../engine/sim/world';
import { titleOf } from '../store/object-words';
import type { AppState, Spot } from '../store/types';
import { onNothing, say, type Command } from './command';
import { dmaLine, mapLines, unmapLine } from './lines';

/** What can be done at addresses: of those that a person holds, on a strip or anywhere else. */

/** Whoever names none: above what interrupts and old devices use. */
const FIRST_IOVA = 0x10_0000n;

/** Devices whose DMA goes through tables over the space. */
export function devicesOver(
  { objects }: Pick<AppState, 'objects'>,
  ioas: IoasObject,
): readonly DeviceObject[] {
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

export const dmaAt = (device: DeviceObject, access: 'read' | 'write', iova: bigint): string =>
  dmaLine(device, { access, iova: `0x${iova.toString(16)}`, length: '64' });

/** A line that would map a buffer there, for a person to complete. */
export function mapAt(
  { objects, script }: AppState,
  ioas: IoasObject,
  start: bigint,
  last: bigint,
): string | null {
  const context = objects[ioas.contextId];
  const owner = context?.type === 'context' ? objects[context.processId] : undefined;
  const buffers = Object.values(objects).flatMap((object) =>
    object.type === 'process' ? object.buffers : [],
  );
  const iova = start === 0n && last > FIRST_IOVA ? FIRST_IOVA : start;
  const [line] = mapLines(script, ioas, {
    buffer: buffers.find(({ name }) => name !== null)?.name ?? 'buf',
    process: owner?.type === 'process' ? owner.title : 'qemu',
    size: '',
    pages: '',
    iova: `0x${iova.toString(16)}`,
    length: '',
    access: 'rw',
  });
  return line ?? null;
}

const held = ({ spot }: AppState): Spot | null => (spot?.held === true ? spot : null);

/** The space and the addresses that are held of it; null: none, or memory. */
function heldIn(app: AppState): { readonly ioas: IoasObject; readonly spot: Spot } | null {
  const spot = held(app);
  const ioas = spot === null ? undefined : app.objects[spot.space];
  return spot !== null && ioas?.type === 'ioas' ? { ioas, spot } : null;
}

function heldAreas(app: AppState): readonly AreaObject[] {
  const found = heldIn(app);
  if (found === null) return [];
  const { ioas, spot } = found;
  return ioas.areas.filter(({ iova, last }) => iova <= spot.last && spot.start <= last);
}

const HOLD = 'Nothing is held: press Enter or click on a strip of the Space panel.';
const HOLD_IOVAS = 'No addresses of an IOAS are held: press Enter or click on its strip in the Space panel.';

const devicesHere = (app: AppState): readonly DeviceObject[] => {
  const found = heldIn(app);
  return found === null ? [] : devicesOver(app, found.ioas);
};

export const SPACE_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'spot.show',
    menu: 'never',
    label: 'Show the held addresses on their strip',
    group: 'view',
    words: 'space IOVA range',
    against: (app) => (held(app) === null ? HOLD : null),
    show: (_none, { actions }) => actions.showPanel('space'),
  }),
  onNothing({
    id: 'spot.bytes',
    menu: 'never',
    label: 'Show the bytes that are held',
    group: 'view',
    words: 'memory hex',
    against: (app) => (held(app)?.space === 'memory' ? null : 'No physical memory is held.'),
    show: (_none, app) => {
      const spot = held(app);
      if (spot !== null) app.actions.showMemory(Number(spot.start));
    },
  }),
  onNothing({
    id: 'spot.dma',
    menu: 'never',
    label: 'Fire a DMA at the held addresses',
    verb: 'dma',
    group: 'dma',
    words: 'IOVA here',
    against: (app) =>
      heldIn(app) === null
        ? HOLD_IOVAS
        : devicesHere(app).length === 0
          ? 'No device goes through a table of this space.'
          : null,
    choices: (_none, app) => {
      const start = heldIn(app)?.spot.start ?? 0n;
      return devicesHere(app).map((device) => ({
        key: device.id,
        label: titleOf(device),
        type: 'device' as const,
        run: () => say(app, [dmaAt(device, 'write', start)]),
      }));
    },
  }),
  onNothing({
    id: 'spot.map',
    menu: 'never',
    label: 'Map memory at the held addresses',
    verb: 'IOAS_MAP',
    group: 'make',
    words: 'IOVA here',
    against: (app) =>
      heldIn(app) === null
        ? HOLD_IOVAS
        : heldAreas(app).length > 0
          ? 'Something is mapped there already.'
          : null,
    draft: (_none, app) => {
      const found = heldIn(app);
      return (found && mapAt(app, found.ioas, found.spot.start, found.spot.last)) ?? '';
    },
  }),
  onNothing({
    id: 'spot.unmap',
    menu: 'never',
    label: 'Unmap what is held',
    verb: 'IOAS_UNMAP',
    group: 'edit',
    words: 'IOVA area',
    against: (app) =>
      heldIn(app) === null ? HOLD_IOVAS : heldAreas(app).length === 0 ? 'Nothing is mapped there.' : null,
    lines: (_none, app) => {
      const ioas = heldIn(app)?.ioas;
      return ioas === undefined ? [] : heldAreas(app).map(({ iova, last }) => unmapLine(ioas, iova, last));
    },
  }),
  onNothing({
    id: 'spot.let-go',
    menu: 'never',
    label: 'Let go of the held addresses',
    group: 'view',
    words: 'clear mark range',
    against: (app) => (held(app) === null ? HOLD : null),
    show: (_none, { actions }) => actions.point(null),
  }),
];

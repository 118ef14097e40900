import type { AreaObject, DeviceObject, IoasObject } from '../engine/sim/world';
import { titleOf } from '../store/object-words';
import type { AppState, Spot } from '../store/types';
import { onNothing, say, type Command } from './command';
import { dmaLine, mapLines, unmapLine } from './lines';
import * as says from '../words/commands/space';

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

const HOLD = says.nothingIsHeldPressEnter;
const HOLD_IOVAS = says.noAddressesOfAnIoas;

const devicesHere = (app: AppState): readonly DeviceObject[] => {
  const found = heldIn(app);
  return found === null ? [] : devicesOver(app, found.ioas);
};

export const SPACE_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'spot.show',
    menu: 'never',
    label: says.showTheHeldAddressesOnTheirStrip,
    group: 'view',
    words: says.spaceIovaRangeFinds,
    against: (app) => (held(app) === null ? HOLD : null),
    show: (_none, { actions }) => actions.showPanel('space'),
  }),
  onNothing({
    id: 'spot.bytes',
    menu: 'never',
    label: says.showTheBytesThatAreHeld,
    group: 'view',
    words: says.memoryHexFinds,
    against: (app) => (held(app)?.space === 'memory' ? null : says.noPhysicalMemoryIsHeld),
    show: (_none, app) => {
      const spot = held(app);
      if (spot !== null) app.actions.showMemory(Number(spot.start));
    },
  }),
  onNothing({
    id: 'spot.dma',
    menu: 'never',
    label: says.fireADmaAtTheHeldAddresses,
    verb: 'dma',
    group: 'dma',
    words: says.iovaHereFinds,
    against: (app) =>
      heldIn(app) === null
        ? HOLD_IOVAS
        : devicesHere(app).length === 0
          ? says.noDeviceGoesThroughATable
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
    label: says.mapMemoryAtTheHeldAddresses,
    verb: 'IOAS_MAP',
    group: 'make',
    words: says.iovaHereFinds,
    against: (app) =>
      heldIn(app) === null
        ? HOLD_IOVAS
        : heldAreas(app).length > 0
          ? says.somethingIsMappedThereAlready
          : null,
    draft: (_none, app) => {
      const found = heldIn(app);
      return (found && mapAt(app, found.ioas, found.spot.start, found.spot.last)) ?? '';
    },
  }),
  onNothing({
    id: 'spot.unmap',
    menu: 'never',
    label: says.unmapWhatIsHeld,
    verb: 'IOAS_UNMAP',
    group: 'edit',
    words: says.iovaAreaFinds,
    against: (app) =>
      heldIn(app) === null ? HOLD_IOVAS : heldAreas(app).length === 0 ? says.nothingIsMappedThere : null,
    lines: (_none, app) => {
      const ioas = heldIn(app)?.ioas;
      return ioas === undefined ? [] : heldAreas(app).map(({ iova, last }) => unmapLine(ioas, iova, last));
    },
  }),
  onNothing({
    id: 'spot.let-go',
    menu: 'never',
    label: says.letGoOfTheHeldAddresses,
    group: 'view',
    words: says.clearMarkRangeFinds,
    against: (app) => (held(app) === null ? HOLD : null),
    show: (_none, { actions }) => actions.point(null),
  }),
];

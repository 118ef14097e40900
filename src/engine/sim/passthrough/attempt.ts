import type { Device } from '../../iommu/device';
import type { LineResult } from '../batch';
import type { Machine } from '../machine';
import { isVfioDriver } from '../../vfio/vfio';
import { toVfio } from './obstacles';
import type { Obstacle, PassthroughVerdict } from './verdict';

/** What a VMM does with a device, on names that the script has not used yet. */
export function openingLines(machine: Machine, device: Device): readonly string[] {
  const { names } = machine;
  const [ctx, dev, ioas] = ['ctx', 'dev', 'ioas'].map((stem) => names.fresh(`passthrough_${stem}`));
  return [
    `${ctx} = open /dev/iommu`,
    `${dev} = BIND ${ctx} ${device.name.replace(/^0000:/, '')}`,
    `${ioas} = IOAS_ALLOC ${ctx}`,
    `ATTACH ${dev} ${ioas}`,
  ];
}

/** What is known without a try. */
export interface Prospect {
  readonly device: Device;
  readonly obstacles: readonly Obstacle[];
  /** Lines that clear what can be cleared. */
  readonly clearing: readonly string[];
  /** Lines to try after them; empty: somebody uses it already. */
  readonly opening: readonly string[];
}

/** The verdict, after the lines were tried on a copy: first the opening alone, then with what clears the way before it. */
export function verdictOf(
  { device, obstacles, clearing }: Prospect,
  asIs: LineResult | null,
  cleared: LineResult | null,
): PassthroughVerdict {
  const name = device.name.replace(/^0000:/, '');
  const deviceId = device.worldId;
  if (asIs === null) {
    return {
      deviceId,
      state: 'ready',
      summary: obstacles.some(({ kind }) => kind === 'owned')
        ? `${name} is in the hands of a VMM now.`
        : `${name} can be given to a VM as things are.`,
      obstacles,
      lines: [],
    };
  }
  if (cleared === null) {
    const summary = `${name} can be given to a VM after ${clearing.length === 1 ? 'one driver has' : `${clearing.length} drivers have`} been changed.`;
    return { deviceId, state: 'needs-work', summary, obstacles, lines: clearing };
  }
  const told = obstacles.filter(
    ({ weight, lines, errno }) => weight === 'blocks' && lines.length === 0 && errno === cleared.errno,
  );
  const all = told.length > 0 ? obstacles : [...obstacles, unexplained(deviceId, cleared)];
  return {
    deviceId,
    state: 'blocked',
    summary: `${name} cannot be given to a VM: ${told[0]?.why ?? cleared.why ?? cleared.result}.`,
    obstacles: all,
    lines: [],
  };
}

const unexplained = (deviceId: string, { why, result, errno, rule }: LineResult): Obstacle => ({
  kind: 'refused',
  weight: 'blocks',
  why: why ?? result,
  errno,
  rule,
  deviceIds: [deviceId],
  remedy: null,
  lines: [],
});

/** vfio-pci is tried also where something of its own already speaks against it: then the kernel says so. */
function clearingLines(device: Device, obstacles: readonly Obstacle[]): readonly string[] {
  const lines = obstacles.flatMap((each) => each.lines);
  const bind = toVfio(device);
  return lines.includes(bind) || isVfioDriver(device.driver?.name ?? '') ? lines : [bind, ...lines];
}

export const prospectOf = (machine: Machine, device: Device, obstacles: readonly Obstacle[]): Prospect => ({
  device,
  obstacles,
  clearing: clearingLines(device, obstacles),
  opening: obstacles.some(({ kind, weight }) => kind === 'owned' && weight === 'warns')
    ? []
    : openingLines(machine, device),
});

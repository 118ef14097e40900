import { isVfioDriver } from '../vfio/vfio';
import { toVfio } from './passthrough/obstacles';
import type { Device } from '../iommu/device';
import type { IommufdCtx } from '../iommufd/ctx';
import type { AnyObject } from '../iommufd/object';
import type { Machine } from './machine';
import { indexIommufd } from './project/iommufd-index';
import type { WorldId } from './world';

/** What dropping a device's edge on an object would append to the script. Whether it works, only a try tells. */
export interface Plan {
  readonly targetId: WorldId;
  readonly action: 'attach' | 'replace';
  readonly lines: readonly string[];
}

/** One plan for each IOAS and HWPT: vfio driver, BIND and ATTACH as far as they are missing, or REPLACE. */
export function attachPlans(machine: Machine, deviceId: WorldId): readonly Plan[] {
  const device = machine.core.devices.get(deviceId.replace(/^dev:/, ''));
  if (device === undefined) return [];
  const plans: Plan[] = [];
  for (const ctx of machine.iommufd.contexts) {
    for (const object of ctx.objects.list()) {
      if (object.kind === 'ioas' || object.kind === 'hwpt-paging')
        plans.push(planFor(machine, device, ctx, object));
    }
  }
  return plans;
}

function planFor(machine: Machine, device: Device, ctx: IommufdCtx, target: AnyObject): Plan {
  const idev = indexIommufd(machine).idevOf.get(device) ?? null;
  const { names } = machine;
  const targetName = names.objectName(target) ?? target.worldId;
  const lines: string[] = [];
  // A device that another context holds is refused at BIND, which is the true answer.
  const bound = idev !== null && idev.ctx === ctx ? idev : null;
  if (bound === null && !isVfioDriver(device.driver?.name ?? '')) lines.push(toVfio(device));
  let dev = bound && (names.objectName(bound) ?? bound.worldId);
  if (dev === null) {
    dev = names.fresh('dev');
    lines.push(`${dev} = BIND ${names.contextName(ctx.number) ?? ctx.worldId} ${shortName(device)}`);
  }
  const action = bound?.hwpt ? 'replace' : 'attach';
  const name = target.kind === 'ioas' ? `${names.fresh('hwpt')} = ` : '';
  lines.push(`${name}${action === 'replace' ? 'REPLACE' : 'ATTACH'} ${dev} ${targetName}`);
  return { targetId: target.worldId, action, lines };
}

const shortName = (device: Device): string => device.name.replace(/^0000:/, '');

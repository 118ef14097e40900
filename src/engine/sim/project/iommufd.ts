import type { Area } from '../../iommufd/area';
import type { IommufdCtx } from '../../iommufd/ctx';
import type { IommufdDevice } from '../../iommufd/device';
import type { HwptPaging } from '../../iommufd/hwpt';
import type { Ioas } from '../../iommufd/ioas';
import type { ProcessMemory } from '../../memory/process-memory';
import type { Machine } from '../machine';
import type {
  AreaObject,
  ContextObject,
  HwptObject,
  IdevObject,
  IoasObject,
  ProcessObject,
  WorldId,
} from '../world';

export const processId = (name: string): WorldId => `mm:${name}`;

export function projectContext(machine: Machine, ctx: IommufdCtx): ContextObject {
  const name = machine.names.contextName(ctx.number);
  return {
    type: 'context',
    id: ctx.worldId,
    name,
    place: machine.names.placeOf(ctx.worldId, name),
    number: ctx.number,
    processId: processId(ctx.memory.name),
    objectIds: ctx.objects.list().map((object) => object.worldId),
  };
}

/** What every iommufd object shows. */
function base(machine: Machine, object: IommufdDevice | HwptPaging | Ioas) {
  const name = machine.names.objectName(object);
  return {
    id: object.worldId,
    name,
    place: machine.names.placeOf(object.worldId, name),
    contextId: object.ctx.worldId,
    objectId: object.id,
  };
}

export function projectIdev(machine: Machine, idev: IommufdDevice): IdevObject {
  return {
    ...base(machine, idev),
    type: 'idev',
    deviceId: idev.device.worldId,
    hwptId: idev.hwpt?.worldId ?? null,
  };
}

export function projectIoas(machine: Machine, ioas: Ioas): IoasObject {
  const { iopt } = ioas;
  return {
    ...base(machine, ioas),
    type: 'ioas',
    areas: iopt.areas.all.map((area) => projectArea(machine, area)),
    reserved: iopt.reserved.all.map(({ start, last, why }) => ({ start, last, why })),
    allowed: iopt.allowed.all.map(({ start, last }) => ({ start, last })),
    hwptIds: ioas.hwpts.map((hwpt) => hwpt.worldId),
    alignment: Number(iopt.alignment),
  };
}

function projectArea(machine: Machine, area: Area): AreaObject {
  const process = area.pages?.memory.name ?? '';
  const userVa = area.userVa ?? 0n;
  return {
    iova: area.start,
    last: area.last,
    read: area.prot.read,
    write: area.prot.write,
    processId: processId(process),
    buffer: machine.names.bufferAt(process, userVa)?.name ?? null,
    userVa,
    pinnedPages: area.pinnedPages,
  };
}

export function projectHwpt(machine: Machine, hwpt: HwptPaging): HwptObject | null {
  const { domain } = hwpt;
  const tables = domain && machine.unit?.tables(domain);
  if (!domain || !tables) return null;
  return {
    ...base(machine, hwpt),
    ...tables,
    type: 'hwpt',
    auto: hwpt.auto,
    nestParent: hwpt.nestParent,
    ioasId: hwpt.ioas.worldId,
    iommuId: domain.owner.unit,
    domain: domain.label,
    users: hwpt.users - 1,
    deviceIds: hwpt.devices.map((idev) => idev.device.worldId),
  };
}

export function projectProcess(machine: Machine, process: ProcessMemory): ProcessObject {
  const id = processId(process.name);
  return {
    type: 'process',
    id,
    name: null,
    place: machine.names.placeOf(id, null),
    title: process.name,
    pinnedPages: process.pinnedPages,
    buffers: process.mappings.map(({ userVa, bytes, pageSizeLg2, pa }) => ({
      name: machine.names.bufferAt(process.name, userVa)?.name ?? null,
      userVa,
      bytes,
      pageSizeLg2,
      pa,
    })),
  };
}

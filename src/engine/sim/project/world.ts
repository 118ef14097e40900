import type { AnyObject } from '../../iommufd/object';
import type { Machine } from '../machine';
import type { WorldId, WorldObject } from '../world';
import { projectHwpt, projectNested } from './hwpt';
import { projectIoas } from './ioas';
import { processId, projectContext, projectProcess } from './iommufd';
import { indexIommufd, type IommufdIndex } from './iommufd-index';
import {
  projectAccess,
  projectFaultQueue,
  projectHwQueue,
  projectIdev,
  projectSelftest,
  projectVdevice,
  projectVeventq,
  projectViommu,
} from './iommufd-objects';
import { projectMocks } from './mock';
import { projectDevice, projectGroup } from './pci';
import { projectPlatform } from './platform';
import { staleBy } from './stale-by';
import { projectTask } from './tasks';
import { projectTraffic } from './traffic';

/** More of them are counted in the kernel's log. */
const MOST_FAULTS = 64;

/** Reads the machine off into plain data: the whole of it, or one object. */
export function projectWorld(machine: Machine, only: WorldId | null = null): Map<WorldId, WorldObject> {
  const world = new Map<WorldId, WorldObject>();
  const wanted = (id: WorldId): boolean => only === null || id === only;
  const add = (object: WorldObject | null): void => {
    if (object !== null && wanted(object.id)) world.set(object.id, object);
  };
  const index = indexIommufd(machine);
  for (const fn of machine.topology.functions)
    if (wanted(`dev:${fn.name}`)) add(projectDevice(machine, index, fn));
  for (const spec of machine.platform.values())
    if (wanted(`dev:${spec.name}`)) add(projectPlatform(machine, index, spec));
  for (const group of machine.core.groups.values())
    if (wanted(group.worldId)) add(projectGroup(machine, index, group));
  for (const unit of machine.units) {
    if (!wanted(unit.id)) continue;
    const deviceIds = [...machine.core.devices.values()].filter((device) => device.ops?.unit === unit.id);
    const view = unit.hw.view();
    const stale = staleBy(view);
    add({
      ...unit.hw.summary(),
      type: 'iommu',
      id: unit.id,
      name: null,
      vendor: unit.vendor,
      title: unit.title,
      traits: unit.traits,
      faults: [...unit.hw.faultLog(), ...view.faults].slice(-MOST_FAULTS),
      place: machine.names.placeOf(unit.id, null),
      deviceIds: deviceIds.map((device) => device.worldId),
      ...(stale === null ? {} : { staleBy: stale }),
    });
  }
  for (const mock of projectMocks(machine, index)) add(mock);
  for (const ctx of machine.iommufd.contexts) {
    if (wanted(ctx.worldId)) add(projectContext(machine, ctx));
    for (const object of ctx.objects.list())
      if (wanted(object.worldId)) add(projectObject(machine, index, object));
  }
  for (const process of machine.processes.values())
    if (wanted(processId(process.name))) add(projectProcess(machine, process));
  for (const run of machine.scheduler.tasks) add(projectTask(machine, run));
  for (const stream of machine.traffic.streams) add(projectTraffic(machine, stream));
  return world;
}

function projectObject(machine: Machine, index: IommufdIndex, object: AnyObject): WorldObject | null {
  switch (object.kind) {
    case 'device':
      return projectIdev(machine, object);
    case 'ioas':
      return projectIoas(machine, index, object);
    case 'hwpt-paging':
      return projectHwpt(machine, object);
    case 'hwpt-nested':
      return projectNested(machine, object);
    case 'access':
      return projectAccess(machine, object);
    case 'fault':
      return projectFaultQueue(machine, object);
    case 'viommu':
      return projectViommu(machine, object);
    case 'vdevice':
      return projectVdevice(machine, object);
    case 'veventq':
      return projectVeventq(machine, object);
    case 'hw-queue':
      return projectHwQueue(machine, object);
    case 'selftest':
      return projectSelftest(machine, object);
  }
}

import type { AnyObject } from '../../iommufd/object';
import type { Machine } from '../machine';
import type { WorldId, WorldObject } from '../world';
import { projectHwpt, projectNested } from './hwpt';
import { projectIoas } from './ioas';
import { projectContext, projectProcess } from './iommufd';
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
import { projectTask } from './tasks';

/** More of them are counted in the kernel's log. */
const MOST_FAULTS = 64;

/** Reads the whole machine off into plain data. */
export function projectWorld(machine: Machine): Map<WorldId, WorldObject> {
  const world = new Map<WorldId, WorldObject>();
  const add = (object: WorldObject | null): void => {
    if (object !== null) world.set(object.id, object);
  };
  const index = indexIommufd(machine);
  for (const fn of machine.topology.functions) add(projectDevice(machine, index, fn));
  for (const spec of machine.platform.values()) add(projectPlatform(machine, index, spec));
  for (const group of machine.core.groups.values()) add(projectGroup(machine, index, group));
  for (const unit of machine.units) {
    const deviceIds = [...machine.core.devices.values()].filter((device) => device.ops?.unit === unit.id);
    add({
      ...unit.hw.summary(),
      type: 'iommu',
      id: unit.id,
      name: null,
      vendor: unit.vendor,
      title: unit.title,
      traits: unit.traits,
      faults: [...unit.hw.faultLog(), ...unit.hw.view().faults].slice(-MOST_FAULTS),
      place: machine.names.placeOf(unit.id, null),
      deviceIds: deviceIds.map((device) => device.worldId),
    });
  }
  for (const mock of projectMocks(machine, index)) add(mock);
  for (const ctx of machine.iommufd.contexts) {
    add(projectContext(machine, ctx));
    for (const object of ctx.objects.list()) add(projectObject(machine, index, object));
  }
  for (const process of machine.processes.values()) add(projectProcess(machine, process));
  for (const run of machine.scheduler.tasks) add(projectTask(machine, run));
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

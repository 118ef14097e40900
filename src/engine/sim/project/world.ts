import type { Machine } from '../machine';
import type { WorldId, WorldObject } from '../world';
import { projectContext, projectHwpt, projectIdev, projectIoas, projectProcess } from './iommufd';
import { indexIommufd } from './iommufd-index';
import { projectDevice, projectGroup } from './pci';

/** Reads the whole machine off into plain data. */
export function projectWorld(machine: Machine): Map<WorldId, WorldObject> {
  const world = new Map<WorldId, WorldObject>();
  const add = (object: WorldObject | null): void => {
    if (object !== null) world.set(object.id, object);
  };
  const index = indexIommufd(machine);
  for (const fn of machine.topology.functions) add(projectDevice(machine, index, fn));
  for (const group of machine.core.groups.values()) add(projectGroup(machine, index, group));
  const { unit } = machine;
  if (unit !== null) {
    const deviceIds = [...machine.core.devices.values()].filter((device) => device.ops?.unit === unit.id);
    add({
      ...unit.project(),
      type: 'iommu',
      id: unit.id,
      name: null,
      place: machine.names.placeOf(unit.id, null),
      deviceIds: deviceIds.map((device) => device.worldId),
    });
  }
  for (const ctx of machine.iommufd.contexts) {
    add(projectContext(machine, ctx));
    for (const object of ctx.objects.list()) {
      switch (object.kind) {
        case 'device':
          add(projectIdev(machine, object));
          break;
        case 'ioas':
          add(projectIoas(machine, object));
          break;
        case 'hwpt-paging':
          add(projectHwpt(machine, object));
          break;
      }
    }
  }
  for (const process of machine.processes.values()) add(projectProcess(machine, process));
  return world;
}

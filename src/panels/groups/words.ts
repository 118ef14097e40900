import type { DeviceObject, GroupObject, WorldId } from '../../engine/sim/world';
import { firmAndName, ownerWord } from '../../store/object-words';
import { shortBdf } from '../../store/script';
import { deviceName, find, titleOf, type Objects } from '../shared/words';
import { GROUPS } from '../../words/panels/groups/groups';

/** `01:00.0`, for a device that may not be there any more or not yet. */
export const addressOf = (id: WorldId): string => shortBdf(id.replace(/^dev:/, ''));

/** The device's name without its firm: lines are short. lspci calls one that it has no name for `Device`. */
export function shortName(device: DeviceObject): string {
  const { name } = firmAndName(deviceName(device));
  return name === 'Device' && device.className !== '' ? device.className : name;
}

/** Who has the group's DMA: a program, the kernel for its drivers, or nobody. */
export function ownerWords(objects: Objects, group: GroupObject): string {
  if (group.ownerId !== null) {
    const owner = objects[group.ownerId];
    return owner === undefined ? ownerWord(group.ownerId) : titleOf(owner);
  }
  return group.ownerCount > 0 ? GROUPS.kernel : GROUPS.free;
}

/** Drivers of a group's members, each once; bridges' go without saying. */
export function driversOf(members: readonly DeviceObject[]): readonly string[] {
  const names = members.flatMap(({ driver, isBridge }) => (driver === null || isBridge ? [] : [driver.name]));
  return [...new Set(names)];
}

export const groupOf = (objects: Objects, device: DeviceObject): GroupObject | null =>
  find(objects, device.groupId, 'group');

import type { DeviceObject, WorldId } from '../engine/sim/world';
import { all, detailOf, find, titleOf, type Objects } from '../store/object-words';
import type { AppState } from '../store/types';
import type { Choice } from './command';
import type { WorldObject } from '../engine/sim/world';

const PCI_NAME = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

export const isPci = (device: DeviceObject): boolean => PCI_NAME.test(device.bdf);

/** A device that makes DMA: no bridge, and no mock of the kernel's own tests. */
export const makesDma = (device: DeviceObject): boolean =>
  !device.isBridge && (isPci(device) || device.platform !== undefined);

export const idevOf = ({ objects }: Pick<AppState, 'objects'>, device: DeviceObject) =>
  find(objects, device.idevId, 'idev');

/** What a person has marked, or selected. A bound device is the device that it binds. */
export function subjectOf(app: AppState): readonly WorldId[] {
  const ids = app.marked.length > 0 ? app.marked : app.selection === null ? [] : [app.selection];
  return plainSubject(app.objects, ids);
}

/** Without what is gone, and with devices for what binds them. */
export function plainSubject(objects: Objects, ids: readonly WorldId[]): readonly WorldId[] {
  const plain = ids.flatMap((id) => {
    const object = objects[id];
    if (object === undefined) return [];
    return object.type === 'idev' && object.deviceId in objects ? [object.deviceId] : [id];
  });
  return [...new Set(plain)];
}

/** An object as something to choose. */
export const choiceOf = (
  object: WorldObject,
  run: Choice['run'],
  more: Partial<Pick<Choice, 'heading' | 'against' | 'current' | 'key' | 'label'>> = {},
): Choice => {
  const detail = detailOf(object);
  return {
    key: object.id,
    label: titleOf(object),
    ...(detail === null ? {} : { detail }),
    type: object.type,
    run,
    ...more,
  };
};

/** Devices that could be given to programs, in the order of their addresses. */
export const endpoints = (objects: Objects): readonly DeviceObject[] =>
  all(objects, 'device')
    .filter(makesDma)
    .toSorted((a, b) => (a.bdf < b.bdf ? -1 : 1));

import type { WorldId } from '../../engine/sim/world';
import type { TraceEvent } from '../../engine/trace/event';
import { shortBdf } from '../../store/script';
import { all, type Objects } from '../shared/words';

/** Every way in which events call an object, and what belongs to it: a group's devices, an IOAS' page tables. */
export function callsOf(objects: Objects, id: WorldId): ReadonlySet<string> {
  const object = objects[id];
  const calls = new Set<string>([id]);
  const device = (deviceId: WorldId): void => {
    const found = objects[deviceId];
    if (found?.type === 'device') calls.add(found.bdf).add(found.id);
  };
  switch (object?.type) {
    case 'device':
      device(id);
      break;
    case 'idev':
      device(object.deviceId);
      break;
    case 'group':
      object.deviceIds.forEach(device);
      break;
    case 'hwpt':
      calls.add(object.domain);
      break;
    case 'ioas':
      for (const hwpt of all(objects, 'hwpt')) if (hwpt.ioasId === id) calls.add(hwpt.domain).add(hwpt.id);
      break;
    case 'task':
      if (object.name !== null) calls.add(object.name);
      break;
    case 'vdevice':
      calls.add(object.viommuId);
      break;
    default:
  }
  return calls;
}

/** Whether an event has to do with what is called so. */
export function concerns(event: TraceEvent, calls: ReadonlySet<string>): boolean {
  if (event.kind === 'log')
    return [...calls].some((call) => event.text.includes(call) || event.text.includes(shortBdf(call)));
  return namesIn(event).some((name) => name !== null && calls.has(name));
}

/** What an event names: PCI names, world ids, and the labels of domains. */
export function namesIn(event: Exclude<TraceEvent, { kind: 'log' }>): readonly (string | null)[] {
  switch (event.kind) {
    case 'ioctl':
      return [event.file];
    case 'lock':
      return [event.of ?? null, event.task ?? null, ...(event.heldBy ?? [])];
    case 'ownership':
      return [event.group, event.owner];
    case 'domain':
      return [event.device, event.from, event.to];
    case 'map':
    case 'unmap':
      return [event.domain];
    case 'dma':
      return [event.device];
    case 'fault':
      return [event.unit, event.device];
    case 'register':
    case 'command':
    case 'read':
    case 'queue':
    case 'cache':
    case 'guest-error':
    case 'unimplemented':
      return [event.unit];
  }
}

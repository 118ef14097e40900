import type { AnyObject } from '../../iommufd/object';
import type { Machine } from '../machine';

/** What every object of a context's table shows. */
export function objectBase(machine: Machine, object: AnyObject) {
  const name = machine.names.objectName(object);
  return {
    id: object.worldId,
    name,
    place: machine.names.placeOf(object.worldId, name),
    contextId: object.ctx.worldId,
    objectId: object.id,
  };
}

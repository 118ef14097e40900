import type { WorldObject } from '../../engine/sim/world';
import { detailOf, titleOf, TYPE_NAME, type Objects } from '../shared/words';

/** Objects that hold every typed word in what the page says of them; the ones whose title begins with it come first. */
export function matching(objects: Objects, typed: string): readonly WorldObject[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean);
  const found = Object.values(objects).filter((object) => {
    const said = saidOf(object);
    return words.every((word) => said.includes(word));
  });
  const begins = (object: WorldObject): number =>
    Number(
      !titleOf(object)
        .toLowerCase()
        .startsWith(words[0] ?? ''),
    );
  return found.toSorted((a, b) => begins(a) - begins(b)); // stable: else as in the lists
}

function saidOf(object: WorldObject): string {
  const said = [TYPE_NAME[object.type], titleOf(object), detailOf(object)];
  if (object.type === 'device')
    said.push(object.bdf, object.className, object.driver?.name ?? null, idsOf(object));
  return said.join(' ').toLowerCase();
}

const idsOf = ({ vendorId, deviceId }: { readonly vendorId: number; readonly deviceId: number }): string =>
  [vendorId, deviceId].map((id) => id.toString(16).padStart(4, '0')).join(':');

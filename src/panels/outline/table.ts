import type { WorldId, WorldObject } from '../../engine/sim/world';
import { ownerWord } from '../../store/object-words';
import { find, titleOf, TYPE_NAME, type Objects } from '../shared/words';
import { OUTLINE } from '../../words/panels/outline';
import { LOCALE } from '../../words/locale';
import { shortTitle, targetOf } from './rows';

export const COLUMNS = ['kind', 'name', 'state', 'owner', 'attached', 'references'] as const;
export type Column = (typeof COLUMNS)[number];

/** An object as a row of the table; what does not apply is empty. */
export interface TableRow {
  readonly object: WorldObject;
  readonly kind: string;
  readonly name: string;
  readonly state: string;
  /** Who decides about it: a driver, a context, the kernel. */
  readonly owner: string;
  readonly attached: string;
  /** How many other objects name it. */
  readonly references: number;
}

export function tableOf(objects: Objects): readonly TableRow[] {
  const references = referencesIn(objects);
  return Object.values(objects).map((object) => ({
    object,
    kind: TYPE_NAME[object.type],
    name: titleOf(object),
    state: stateOf(object),
    owner: ownerOf(objects, object),
    attached: attachedTo(objects, object),
    references: references.get(object.id) ?? 0,
  }));
}

function stateOf(object: WorldObject): string {
  switch (object.type) {
    case 'device':
      return object.domain ?? '';
    case 'group':
      return object.domain.label;
    case 'hwpt':
      return object.domain;
    case 'task':
      return object.deadlocked ? OUTLINE.deadlock : object.state;
    case 'fault':
      return OUTLINE.waiting(object.queued.length + object.pending.length);
    case 'process':
      return OUTLINE.buffers(object.buffers.length);
    case 'ioas':
      return OUTLINE.areas(object.areas.length);
    default:
      return '';
  }
}

function ownerOf(objects: Objects, object: WorldObject): string {
  switch (object.type) {
    case 'device':
      return object.driver?.name ?? OUTLINE.noDriver;
    case 'group':
      return object.ownerId === null
        ? OUTLINE.kernel
        : (objects[object.ownerId] && shortTitle(objects, object.ownerId)) || ownerWord(object.ownerId);
    case 'traffic':
      return shortTitle(objects, object.deviceId);
    default: {
      const context = contextOf(objects, object.id);
      return context === null ? '' : shortTitle(objects, context);
    }
  }
}

const contextOf = (objects: Objects, id: WorldId): WorldId | null => {
  const number = /^[a-z]+:(\d+)\.\d+$/.exec(id)?.[1];
  return number !== undefined && objects[`ctx:${number}`] ? `ctx:${number}` : null;
};

function attachedTo(objects: Objects, object: WorldObject): string {
  if (object.type === 'device' || object.type === 'idev')
    return object.hwptId === null ? '' : shortTitle(objects, object.hwptId);
  if (object.type === 'group') {
    const hwpt = object.deviceIds.map((id) => find(objects, id, 'device')?.hwptId).find((id) => id != null);
    return hwpt == null ? '' : shortTitle(objects, hwpt);
  }
  return targetOf(objects, object);
}

/** How often each object is named by others, once by each. */
function referencesIn(objects: Objects): ReadonlyMap<WorldId, number> {
  const sums = new Map<WorldId, number>();
  for (const object of Object.values(objects)) {
    const named = new Set<WorldId>();
    collectIds(object, objects, named);
    named.delete(object.id);
    for (const id of named) sums.set(id, (sums.get(id) ?? 0) + 1);
  }
  return sums;
}

function collectIds(value: unknown, objects: Objects, into: Set<WorldId>): void {
  if (typeof value === 'string') {
    if (value in objects) into.add(value);
  } else if (typeof value === 'object' && value !== null && !ArrayBuffer.isView(value))
    for (const each of Object.values(value)) collectIds(each, objects, into);
}

export interface Sorting {
  readonly by: Column;
  readonly down: boolean;
}

const ORDER = new Intl.Collator(LOCALE, { numeric: true, sensitivity: 'base' });

/** Rows that are the same in a column stay as they were; an empty one stands last either way. */
export const sorted = (rows: readonly TableRow[], { by, down }: Sorting): readonly TableRow[] =>
  rows.toSorted((a, b) => {
    const [x, y] = [a[by], b[by]];
    if (x === '' || y === '') return Number(x === '') - Number(y === '');
    const order =
      typeof x === 'number' && typeof y === 'number' ? x - y : ORDER.compare(String(x), String(y));
    return down ? -order : order;
  });

import type { WorldId, WorldObject } from '../../engine/sim/world';
import { sameData } from '../../lib/same-data';
import { titleOf, type Objects } from '../shared/words';
import { SPELT, VALUES } from '../../words/panels/compare';

/** One field of an object that is another than before, in words. */
export interface FieldChange {
  readonly field: string;
  readonly before: string;
  readonly after: string;
}

export interface ChangedObject {
  readonly object: WorldObject;
  readonly fields: readonly FieldChange[];
}

export interface ObjectsDiff {
  readonly added: readonly WorldObject[];
  readonly removed: readonly WorldObject[];
  readonly changed: readonly ChangedObject[];
}

/** Identity, what only the canvas knows, and what is compared by itself. */
const LEFT_OUT = new Set(['id', 'type', 'place', 'areas']);

/** What came, what went, and of what stayed which fields are others. */
export function diffObjects(a: Objects, b: Objects): ObjectsDiff {
  const changed = Object.values(b).flatMap((after): readonly ChangedObject[] => {
    const before = a[after.id];
    if (before === undefined || before === after) return [];
    const fields = diffFields(before, after, a, b);
    return fields.length === 0 ? [] : [{ object: after, fields }];
  });
  return {
    added: Object.values(b).filter(({ id }) => a[id] === undefined),
    removed: Object.values(a).filter(({ id }) => b[id] === undefined),
    changed,
  };
}

function diffFields(before: WorldObject, after: WorldObject, a: Objects, b: Objects): readonly FieldChange[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keys].flatMap((key): readonly FieldChange[] => {
    const was: unknown = Reflect.get(before, key);
    const is: unknown = Reflect.get(after, key);
    if (LEFT_OUT.has(key) || sameData(was, is)) return [];
    return fieldChanges(fieldWords(key), was, is, a, b);
  });
}

/** Of a list what came and went; of a structure the parts that differ; else the two values. */
function fieldChanges(
  field: string,
  was: unknown,
  is: unknown,
  a: Objects,
  b: Objects,
): readonly FieldChange[] {
  if (Array.isArray(was) && Array.isArray(is)) {
    const gone = was.filter((each) => !is.some((other) => sameData(each, other)));
    const come = is.filter((each) => !was.some((other) => sameData(each, other)));
    return [{ field, before: listWords(gone, was.length, a), after: listWords(come, is.length, b) }];
  }
  if (isRecord(was) && isRecord(is)) {
    const keys = Object.keys({ ...was, ...is }).filter((key) => !sameData(was[key], is[key]));
    return keys.flatMap((key) => fieldChanges(`${field} ${fieldWords(key)}`, was[key], is[key], a, b));
  }
  return [{ field, before: valueWords(was, a), after: valueWords(is, b) }];
}

/** So many of a list are named. */
const NAMED = 4;

function listWords(own: readonly unknown[], length: number, objects: Objects): string {
  if (length === 0) return VALUES.none;
  if (own.length === 0) return VALUES.theOthers;
  const words = own.slice(0, NAMED).map((each) => valueWords(each, objects));
  return VALUES.listed(words.join(', '), own.length - NAMED);
}

function valueWords(value: unknown, objects: Objects): string {
  if (value === null || value === undefined || value === '') return VALUES.none;
  if (typeof value === 'boolean') return value ? VALUES.yes : VALUES.no;
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  if (typeof value === 'string') return nameOf(value, objects);
  if (Array.isArray(value)) return value.length === 0 ? VALUES.none : listWords(value, value.length, objects);
  if (isRecord(value))
    return Object.entries(value)
      .map(([key, each]) => `${fieldWords(key)} ${valueWords(each, objects)}`)
      .join(', ');
  return String(value);
}

/** An object by its title, whatever else as it is. */
const nameOf = (id: WorldId, objects: Objects): string => {
  const object = objects[id];
  return object === undefined ? id : titleOf(object);
};

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const SPELLINGS: Readonly<Record<string, string>> = SPELT;

/** `deviceIds` → `devices`, `hwptId` → `HWPT`. */
export function fieldWords(key: string): string {
  const plain = key.replace(/Ids$/, 's').replace(/(?<=.)Id$/, '');
  const words = plain.replace(/([a-z])([A-Z])/g, '$1 $2').toLowerCase();
  return words
    .split(' ')
    .map((word) => SPELLINGS[word] ?? word)
    .join(' ');
}

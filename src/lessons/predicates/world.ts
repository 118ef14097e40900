import type { HwptObject, WorldObject } from '../../engine/sim/world';
import { showValue, valueAt } from '../../lib/values';
import { parseNumber, parseRange } from '../../scenario/literal';
import { objectOf, type Evidence } from '../evidence';
import { unmet, verdict, type Args, type Predicate, type Verdict } from './predicate';
import * as says from '../../words/lesson-files';

/** What is so of an object: a field and the words behind it. */
function fieldIs(
  { objects }: Evidence,
  object: WorldObject,
  field: string,
  wanted: readonly string[],
): Verdict {
  const found = valueAt(object, field);
  if (!found.ok) return unmet(says.isNotThere(field));
  const { value } = found;
  const shown = says.is(field, nameOf(objects, value));
  const list: readonly unknown[] = Array.isArray(value) ? value : [value];
  const [first = '', ...rest] = wanted;
  const same = (one: unknown, word: string): boolean => equals(objects, one, word);
  switch (rest.length > 0 || first === 'absent' ? first : '') {
    case 'absent':
      return verdict(value === null || list.length === 0, shown);
    case 'contains':
      return verdict(
        rest.every((word) =>
          list.some((one) => same(one, word) || (typeof one === 'string' && one.includes(word))),
        ),
        shown,
      );
    case 'lacks':
      return verdict(!rest.some((word) => list.some((one) => same(one, word))), shown);
    case 'least':
      return verdict(Number(value) >= Number(parseNumber(rest[0] ?? '') ?? NaN), shown);
    default:
      return verdict(
        list.length === wanted.length && wanted.every((word, at) => same(list[at], word)),
        shown,
      );
  }
}

function equals(objects: Evidence['objects'], actual: unknown, word: string): boolean {
  if (typeof actual === 'number' || typeof actual === 'bigint') return parseNumber(word) === BigInt(actual);
  if (typeof actual === 'boolean') return word === String(actual);
  return typeof actual === 'string' && (actual === word || objectOf(objects, word)?.id === actual);
}

/** An id is shown by the name of what it is. */
function nameOf(objects: Evidence['objects'], value: unknown): string {
  if (Array.isArray(value))
    return value.length === 0 ? 'empty' : value.map((one) => nameOf(objects, one)).join(', ');
  if (value === null) return 'nothing';
  return typeof value === 'string'
    ? (objects[value]?.name ?? value.replace(/^dev:(0000:)?/, ''))
    : showValue(value);
}

/** The HWPT that serves a device, looked for by its address or by its name as a bound device. */
function hwptOf(
  { objects }: Evidence,
  word: string,
): { readonly object: WorldObject | null; readonly hwpt: HwptObject | null } {
  const object = objectOf(objects, word);
  const id = object?.type === 'device' || object?.type === 'idev' ? object.hwptId : null;
  const hwpt = id === null ? undefined : objects[id];
  return { object, hwpt: hwpt?.type === 'hwpt' ? hwpt : null };
}

const groupOf = ({ objects }: Evidence, word: string): string | null => {
  const object = objectOf(objects, word);
  return object?.type === 'device' ? object.groupId : null;
};

function together(met: (same: boolean) => boolean): Predicate['judge'] {
  return ({ words }, evidence) => {
    const groups = words.map((word) => groupOf(evidence, word));
    if (groups.some((group) => group === null)) {
      const lone = words.find((_, at) => groups[at] === null) ?? '';
      return unmet(says.isInNoGroup(lone));
    }
    const seen = words.map((word, at) => says.isIn(word, (groups[at] ?? '').replace(':', ' ')));
    return verdict(met(new Set(groups).size === 1), `${seen.join(', ')}.`);
  };
}

const missing = (word: string): Verdict => unmet(says.thereIsNoHere(word));

const is: Predicate = {
  usage: 'OBJECT FIELD VALUE… | OBJECT absent',
  words: [2, 12],
  options: [],
  judge({ words: [name = '', field = '', ...wanted] }, evidence) {
    const object = objectOf(evidence.objects, name);
    if (field === 'absent' && wanted.length === 0)
      return verdict(object === null, object === null ? says.isGone(name) : says.isThere(name));
    return object === null ? missing(name) : fieldIs(evidence, object, field, wanted);
  },
};

/** Of a kind, as many as wanted, whatever their names are. */
const some: Predicate = {
  usage: 'TYPE [FIELD VALUE…] [count=N]',
  words: [1, 12],
  options: ['count'],
  judge({ words: [type = '', field, ...wanted], options }, evidence) {
    const all = Object.values(evidence.objects).filter((object) => object.type === type);
    const verdicts = field === undefined ? [] : all.map((object) => fieldIs(evidence, object, field, wanted));
    const found = field === undefined ? all.length : verdicts.filter(({ met }) => met).length;
    if (all.length === 0) return unmet(says.thereIsNoYet(type));
    const unlike = verdicts.findIndex(({ met }) => !met);
    const first =
      unlike < 0
        ? undefined
        : `${nameOf(evidence.objects, all[unlike]?.id)}: ${verdicts[unlike]?.seen ?? ''}`;
    return verdict(
      found >= Number(options.count ?? 1),
      first ?? says.there(found === 1 ? 'is 1' : says.are(found)),
    );
  },
};

const attached: Predicate = {
  usage: 'DEVICE [to=HWPT|IOAS] [auto=true|false]',
  words: [1, 1],
  options: ['to', 'auto'],
  judge({ words: [name = ''], options }, evidence) {
    const { object, hwpt } = hwptOf(evidence, name);
    if (object === null) return missing(name);
    if (hwpt === null) return unmet(says.isAttachedToNothing(name));
    const ioas = evidence.objects[hwpt.ioasId];
    const where = says.isOnMadeFor(name, hwpt.name ?? says.anHwpt, ioas?.name ?? says.anIoas);
    const to = options.to === undefined ? null : objectOf(evidence.objects, options.to);
    if (options.to !== undefined && to === null) return missing(options.to);
    const right = to === null || to.id === hwpt.id || to.id === hwpt.ioasId;
    return verdict(right && (options.auto ?? String(hwpt.auto)) === String(hwpt.auto), where);
  },
};

const detached: Predicate = {
  usage: 'DEVICE',
  words: [1, 1],
  options: [],
  judge({ words: [name = ''] }, evidence) {
    const { object, hwpt } = hwptOf(evidence, name);
    if (object === null) return missing(name);
    return verdict(
      hwpt === null,
      hwpt === null ? says.isAttachedToNothing(name) : says.isStillAttached(name),
    );
  },
};

const bound: Predicate = {
  usage: 'DEVICE',
  words: [1, 1],
  options: [],
  judge({ words: [name = ''] }, { objects }) {
    const object = objectOf(objects, name);
    if (object?.type !== 'device') return missing(name);
    const met = object.idevId !== null;
    return verdict(
      met,
      met ? says.isBound(name) : says.hasTheDriverAndIsNotBound(name, object.driver?.name ?? 'none'),
    );
  },
};

const mapped: Predicate = {
  usage: 'IOAS|any [RANGE] [access=r|w|rw]',
  words: [1, 2],
  options: ['access'],
  problem: ({ words }: Args) =>
    words[1] === undefined || parseRange(words[1]) !== null ? null : says.isNoRangeStartLast(words[1]),
  judge({ words: [name = '', range], options }, { objects }) {
    const spaces = Object.values(objects).flatMap((object) =>
      object.type === 'ioas' && (name === 'any' || objectOf(objects, name)?.id === object.id) ? [object] : [],
    );
    if (spaces.length === 0) return name === 'any' ? unmet(says.thereIsNoIoasYet) : missing(name);
    const areas = spaces.flatMap((space) => space.areas);
    const wanted = range === undefined ? null : parseRange(range);
    const fits = areas.filter(
      ({ iova, last, read, write }) =>
        (wanted === null || (iova <= wanted.start && last >= wanted.last)) &&
        (options.access ?? permission(read, write)) === permission(read, write),
    );
    const seen = areas.map(
      (area) =>
        `0x${area.iova.toString(16)}-0x${area.last.toString(16)} ${permission(area.read, area.write)}`,
    );
    return verdict(fits.length > 0, seen.length === 0 ? says.nothingIsMapped : `Mapped: ${seen.join(', ')}.`);
  },
};

const permission = (read: boolean, write: boolean): string => `${read ? 'r' : ''}${write ? 'w' : ''}`;

/** Tasks that have a lock of that name, each perhaps another one. */
const holding: Predicate = {
  usage: 'LOCK tasks=N',
  words: [1, 1],
  options: ['tasks'],
  judge({ words: [lock = ''], options }, { objects }) {
    const tasks = Object.values(objects).flatMap((object) => (object.type === 'task' ? [object] : []));
    const holders = tasks.filter(({ holds }) => holds.some((held) => held.lock === lock));
    const seen = tasks.map(({ name, holds }) =>
      says.has(name ?? 'a task', holds.map((held) => held.lock).join(', ') || says.noLock),
    );
    return verdict(
      holders.length >= Number(options.tasks ?? 1),
      seen.length === 0 ? says.noTaskIsOnItsWay : `${seen.join('; ')}.`,
    );
  },
};

export const WORLD_PREDICATES = {
  is,
  some,
  attached,
  detached,
  bound,
  mapped,
  holding,
  'same-group': { usage: 'DEVICE DEVICE…', words: [2, 8], options: [], judge: together((same) => same) },
  apart: { usage: 'DEVICE DEVICE', words: [2, 2], options: [], judge: together((same) => !same) },
} as const satisfies Readonly<Record<string, Predicate>>;

import type { LineResult, Lookup } from '../engine/sim/batch';
import type { WorldObject } from '../engine/sim/world';
import type { AppState } from '../store/types';

/**
 * What a scene came to, in twelve letters that a link carries: whoever opens it with another version of the engine is told
 * when that one answers otherwise. Only answers count (outcomes of lines, where DMA went, who has whom), never words.
 *
 *   state = world (4 letters) and, at each eighth of the lines, all outcomes up to there (1 letter each)
 *
 * One letter is enough to find where two runs part, since all after the first difference differ too.
 */
const EIGHTHS = 8;
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

type Ran = Pick<AppState, 'results' | 'lookups' | 'traffic' | 'objects' | 'cursor'>;

export function stateOf(ran: Ran): string {
  const lookupsOf = inTurn(ran.lookups);
  const trafficOf = inTurn(ran.traffic);
  let hash = EMPTY;
  let letters = '';
  for (let line = 1; line <= ran.cursor; line++) {
    const result = ran.results[line - 1];
    if (result !== undefined) hash = mixed(hash, outcomeOf(result));
    for (const lookup of lookupsOf(line)) hash = mixed(hash, wayOf(lookup));
    for (const { accesses, blocked } of trafficOf(line)) hash = mixed(hash, `${accesses} ${blocked}`);
    while (letters.length < EIGHTHS && line >= endOf(letters.length, ran.cursor)) letters += letter(hash);
  }
  let world = hash;
  for (const object of Object.values(ran.objects).toSorted(byId)) world = mixed(world, factsOf(object));
  return `${[24, 16, 8, 0].map((shift) => letter(world >>> shift)).join('')}${letters}`;
}

/** What belongs to a line, asked for line by line: all are in the order of their lines. */
function inTurn<T extends { readonly line: number }>(all: readonly T[]): (line: number) => readonly T[] {
  let at = 0;
  return (line) => {
    const from = at;
    while ((all[at]?.line ?? Infinity) <= line) at++;
    return all.slice(from, at);
  };
}

export type Differs =
  | { readonly kind: 'lines'; readonly from: number; readonly to: number }
  /** The lines answer the same, and yet something else is there at the end. */
  | { readonly kind: 'world' };

/** Where two states of the same script part; null: nowhere, or it cannot be told. */
export function whereDiffers(theirs: string, ours: string, cursor: number): Differs | null {
  if (theirs === ours || theirs.length !== ours.length) return null;
  for (let eighth = 0; eighth < ours.length - 4; eighth++)
    if (theirs[eighth + 4] !== ours[eighth + 4])
      return {
        kind: 'lines',
        from: eighth === 0 ? 1 : endOf(eighth - 1, cursor) + 1,
        to: endOf(eighth, cursor),
      };
  return { kind: 'world' };
}

/** The last line of an eighth. */
const endOf = (eighth: number, lines: number): number => Math.ceil(((eighth + 1) * lines) / EIGHTHS);

const outcomeOf = ({ status, errno }: LineResult): string => `${status} ${errno ?? ''}`;

const wayOf = ({ parts }: Lookup): string =>
  parts.map(({ pa, fault, peer }) => `${pa ?? ''} ${fault?.reason ?? ''} ${peer?.deviceId ?? ''}`).join(',');

/** What is so whatever words it is told in. A fixed list: what later versions tell more of an object is no difference. */
function factsOf(object: WorldObject): string {
  switch (object.type) {
    case 'device':
      return `${object.id} ${object.groupId} ${object.hwptId} ${object.iommuId}`;
    case 'group':
      return `${object.id} ${object.ownerId} ${object.defaultType} ${object.domain.type} ${object.hwptId}`;
    case 'ioas':
      return `${object.id} ${object.areas.map(({ iova, last, read, write }) => `${iova}-${last}${read}${write}`).join()}`;
    case 'hwpt':
      return `${object.id} ${object.ioasId} ${object.parentId} ${object.auto} ${object.users}`;
    case 'process':
      return `${object.id} ${object.pinnedPages}`;
    default:
      return object.id;
  }
}

const byId = (a: WorldObject, b: WorldObject): number => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** FNV-1a, 32 bits (draft-eastlake-fnv, section 2): a tag to compare by, not a seal. */
const EMPTY = 0x811c9dc5;
function mixed(hash: number, text: string): number {
  let next = hash;
  for (let at = 0; at < text.length; at++) next = Math.imul(next ^ text.charCodeAt(at), 0x01000193);
  return Math.imul(next ^ 10, 0x01000193) >>> 0;
}

const letter = (hash: number): string => LETTERS.charAt((hash ^ (hash >>> 6) ^ (hash >>> 13)) & 63);

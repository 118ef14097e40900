import type { WorldId, WorldObject } from '../engine/sim/world';
import { detailOf, titleOf, TYPE_NAME } from '../store/object-words';
import type { AppState } from '../store/types';
import type { Command, CommandGroup } from './command';
import { commandsFor, type Offer } from './index';
import { plainSubject } from './objects';
import * as says from '../words/commands/search';

/** Finds commands by their words, the kernel's names, and the objects that they are about. */

export type Item =
  | ({ readonly kind: 'command'; readonly key: string; readonly subject: readonly WorldId[] } & Offer)
  | { readonly kind: 'object'; readonly key: string; readonly object: WorldObject };

export interface Section {
  readonly heading: string;
  readonly items: readonly Item[];
}

/** A command that was run, and what it was about. */
export interface Recent {
  readonly id: string;
  readonly subject: readonly WorldId[];
}

/** What one came for stands first. */
export const GROUP_ORDER: readonly CommandGroup[] = [
  'attach',
  'dma',
  'make',
  'edit',
  'arrange',
  'time',
  'open',
  'view',
];

const HEADINGS: Readonly<Record<CommandGroup, string>> = {
  attach: says.attachAndBind,
  dma: 'DMA',
  make: says.make,
  edit: says.change,
  arrange: says.arrange,
  time: says.time,
  open: says.askAndOpen,
  view: says.view,
};
const LINES = says.linesOfTheScript;
const GO_TO = says.goTo;

export const headingOf = (command: Command): string =>
  command.id.startsWith('line.') ? LINES : HEADINGS[command.group];

const MOST = 40;
/** Objects whose commands are looked through. */
const OBJECTS = 12;

/** Without words: what was done last, what can be done with the selection, then the rest. */
export function suggestions(
  app: AppState,
  subject: readonly WorldId[],
  recent: readonly Recent[],
): readonly Section[] {
  const seen = new Set<string>();
  const fresh = (items: readonly Item[]): readonly Item[] =>
    items.filter(({ key }) => !seen.has(key) && seen.add(key));
  const again = recent.flatMap(({ id, subject: about }) => {
    const present = plainSubject(app.objects, about);
    if (present.length !== about.length) return [];
    const offer = commandsFor(app, about).find(({ command }) => command.id === id);
    return offer?.readiness === 'ready' ? [itemOf(offer, about)] : [];
  });
  const mine = subject.length === 0 ? [] : offers(app, subject);
  return [
    { heading: says.recent, items: fresh(again.slice(0, 4)) },
    { heading: subjectName(app, subject), items: fresh(mine) },
    ...bySection(inOrderOfGroups(fresh(offers(app, []))).map((item) => ({ item, score: 0 }))),
  ].filter(({ items }) => items.length > 0);
}

const inOrderOfGroups = (items: readonly Item[]): readonly Item[] =>
  items.toSorted((a, b) => placeOf(a) - placeOf(b));

const placeOf = (item: Item): number =>
  item.kind === 'object' ? 0 : GROUP_ORDER.indexOf(item.command.group);

export const subjectName = ({ objects }: AppState, subject: readonly WorldId[]): string => {
  const [first] = subject;
  const object = first === undefined ? undefined : objects[first];
  if (object === undefined) return says.machine;
  return subject.length === 1 ? titleOf(object) : says.objects(subject.length);
};

const offers = (app: AppState, subject: readonly WorldId[]): readonly Item[] =>
  commandsFor(app, subject)
    .filter(({ command }) => !command.id.startsWith('line.'))
    .map((offer) => itemOf(offer, subject));

const itemOf = (offer: Offer, subject: readonly WorldId[]): Item => ({
  kind: 'command',
  key: `${offer.command.id} ${subject.join(' ')}`,
  subject,
  ...offer,
});

interface Scored {
  readonly item: Item;
  readonly score: number;
}

/** With words: each of them must be found, in the command or in the object that it is about. */
export function search(app: AppState, query: string, subject: readonly WorldId[]): readonly Section[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  if (words.length === 0) return [];
  const scored: Scored[] = [];

  for (const about of [subject, ...(subject.length === 0 ? [] : [[]])])
    for (const offer of commandsFor(app, about)) {
      const score = matchAll(words, commandText(offer.command));
      if (score > 0)
        scored.push({ item: itemOf(offer, about), score: score + bonus(offer, about.length > 0) });
    }

  for (const { object, found } of objectsFor(app, words)) {
    const rest = words.filter((word) => !found.has(word));
    const whole = [...found.values()].reduce((sum, score) => sum + score, 0);
    if (rest.length === 0)
      scored.push({ item: { kind: 'object', key: object.id, object }, score: whole + 4 });
    const [id] = plainSubject(app.objects, [object.id]);
    if (id === undefined || (subject.length === 1 && subject[0] === id)) continue;
    for (const offer of commandsFor(app, [id])) {
      const text = commandText(offer.command);
      const score = rest.length === 0 ? 0.5 : matchAll(rest, text);
      if (score > 0)
        scored.push({
          item: itemOf(offer, [id]),
          score: score + (rest.length === 0 ? 0 : whole) + bonus(offer, false),
        });
    }
  }
  scored.sort((a, b) => b.score - a.score);
  return bySection(scored.slice(0, MOST));
}

/** What can be done now stands before what cannot, and what the selection offers before the rest. */
const bonus = ({ command, readiness }: Offer, selected: boolean): number =>
  (readiness === 'ready' ? 1 : -2) + (selected ? 2 : 0) - (command.id.startsWith('line.') ? 5 : 0);

/** Headings in the order of the best that stands below them. */
function bySection(scored: readonly Scored[]): readonly Section[] {
  const sections = new Map<string, Item[]>();
  for (const { item } of scored) {
    const heading = item.kind === 'object' ? GO_TO : headingOf(item.command);
    const items = sections.get(heading);
    if (items === undefined) sections.set(heading, [item]);
    else items.push(item);
  }
  return [...sections].map(([heading, items]) => ({ heading, items }));
}

interface FoundObject {
  readonly object: WorldObject;
  /** Words that it was found by. */
  readonly found: ReadonlyMap<string, number>;
}

function objectsFor({ objects }: AppState, words: readonly string[]): readonly FoundObject[] {
  const found = Object.values(objects).flatMap((object): readonly FoundObject[] => {
    // What binds a device is shown as the device.
    if (object.type === 'idev' && object.deviceId in objects) return [];
    const text = wordsOf(objectText(object));
    const hits = new Map(
      words.flatMap((word) => {
        const score = match(word, text, false);
        return score > 0 ? [[word, score] as const] : [];
      }),
    );
    return hits.size === 0 ? [] : [{ object, found: hits }];
  });
  return found.toSorted((a, b) => sum(b) - sum(a)).slice(0, OBJECTS);
}

const sum = ({ found }: FoundObject): number =>
  [...found.values()].reduce((total, score) => total + score, 0);

const objectText = (object: WorldObject): string =>
  [
    titleOf(object),
    object.name,
    detailOf(object),
    TYPE_NAME[object.type],
    object.type === 'device' ? object.bdf : null,
  ]
    .filter((part) => part !== null)
    .join(' ');

const commandText = ({ label, verb, words, help, id }: Command): readonly string[] =>
  wordsOf([label, verb, words, id.startsWith('line.') ? null : help].filter(Boolean).join(' '));

/** Names with underscores are found whole, and by their parts. */
const wordsOf = (text: string): readonly string[] => {
  const whole = text.toLowerCase().split(/\s+/);
  return [...whole, ...whole.flatMap((word) => (word.includes('_') ? word.split('_') : []))];
};

/** Zero: a word is nowhere. */
function matchAll(words: readonly string[], text: readonly string[]): number {
  let total = 0;
  for (const word of words) {
    const score = match(word, text, true);
    if (score === 0) return 0;
    total += score;
  }
  return total;
}

/** A whole word is worth more than its beginning, that more than a part, and that more than letters in their order. */
function match(word: string, text: readonly string[], loose: boolean): number {
  let best = 0;
  for (const [index, each] of text.entries()) {
    const early = index < 3 ? 0.5 : 0;
    if (each === word) return 10 + early;
    if (each.startsWith(word)) best = Math.max(best, 6 + early);
    else if (word.length > 1 && each.includes(word)) best = Math.max(best, 3 + early);
    else if (loose && word.length > 2 && inOrder(word, each)) best = Math.max(best, 1);
  }
  return best;
}

/** `atch` in `attach`: the letters, beginning with the first. */
function inOrder(word: string, text: string): boolean {
  if (word[0] !== text[0] || text.length > word.length * 3) return false;
  let at = 0;
  for (const letter of text) if (letter === word[at]) at++;
  return at === word.length;
}

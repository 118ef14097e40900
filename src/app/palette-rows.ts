import { commandById, type Choice, type Command } from '../commands';
import { search, subjectName, suggestions, type Item, type Recent, type Section } from '../commands/search';
import type { WorldId } from '../engine/sim/world';
import { detailOf, titleOf, TYPE_NAME } from '../store/object-words';
import type { AppState, PaletteAt } from '../store/types';
import { kindOf, type Kind } from '../ui/kinds';

/** One line of the palette, whatever it stands for. */
export interface Row {
  readonly key: string;
  readonly label: string;
  /** What it is about, when that is not the selection. */
  readonly about: string | null;
  readonly kind: Kind | null;
  /** The kernel's name for it. */
  readonly verb: string | null;
  readonly keys: string | null;
  readonly detail: string | null;
  /** Why it cannot be done now. */
  readonly why: string | null;
  /** Why the kernel would refuse it. */
  readonly against: string | null;
  readonly current: boolean;
  /** Another step follows. */
  readonly more: boolean;
  readonly pick:
    { readonly kind: 'item'; readonly item: Item } | { readonly kind: 'choice'; readonly choice: Choice };
}

export interface RowSection {
  /** Base UI calls the rows of a group its items. */
  readonly items: readonly Row[];
  readonly heading: string;
}

/** The first step: commands and objects. */
export function firstRows(
  app: AppState,
  query: string,
  subject: readonly WorldId[],
  recent: readonly Recent[],
): readonly RowSection[] {
  const sections = query.trim() === '' ? suggestions(app, subject, recent) : search(app, query, subject);
  return sections.map((section) => sectionOf(app, section, subject));
}

const sectionOf = (app: AppState, { heading, items }: Section, subject: readonly WorldId[]): RowSection => ({
  heading,
  items: items.map((item) =>
    item.kind === 'object' ? objectRow(item) : commandRow(app, item, subject, heading),
  ),
});

const PLAIN = {
  about: null,
  kind: null,
  verb: null,
  keys: null,
  detail: null,
  why: null,
  against: null,
  current: false,
  more: false,
};

const objectRow = (item: Extract<Item, { kind: 'object' }>): Row => ({
  ...PLAIN,
  key: item.key,
  label: titleOf(item.object),
  kind: kindOf(item.object),
  detail: detailOf(item.object) ?? TYPE_NAME[item.object.type],
  pick: { kind: 'item', item },
});

function commandRow(
  app: AppState,
  item: Extract<Item, { kind: 'command' }>,
  subject: readonly WorldId[],
  heading: string,
): Row {
  const { command, readiness } = item;
  const [id] = item.subject;
  const object = id === undefined ? undefined : app.objects[id];
  const isMine = item.subject.join() === subject.join();
  const isLine = command.id.startsWith('line.');
  return {
    ...PLAIN,
    key: item.key,
    label: command.label,
    about: object === undefined || (isMine && heading !== 'Recent') ? null : subjectName(app, item.subject),
    kind: object === undefined ? null : kindOf(object),
    verb: command.verb === command.label ? null : command.verb,
    keys: command.keys,
    detail: isLine ? (command.help ?? null) : null,
    why: readiness === 'ready' ? null : readiness.why,
    more: command.choices !== undefined,
    pick: { kind: 'item', item },
  };
}

/** The second step: what a command may be done with. Headings come in the order of their first choice. */
export function choiceRows(choices: readonly Choice[], query: string): readonly RowSection[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const sections = new Map<string, Row[]>();
  for (const choice of choices) {
    const text = `${choice.label} ${choice.detail ?? ''} ${choice.heading ?? ''}`.toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    const heading = choice.heading ?? '';
    sections.set(heading, [...(sections.get(heading) ?? []), choiceRow(choice)]);
  }
  return [...sections].map(([heading, items]) => ({ heading, items }));
}

const choiceRow = (choice: Choice): Row => ({
  ...PLAIN,
  key: choice.key,
  label: choice.label,
  kind: choice.type ?? null,
  detail: choice.detail ?? null,
  against: choice.against ?? null,
  current: choice.current ?? false,
  pick: { kind: 'choice', choice },
});

/** `Attach to, 01:00.0` */
export function stepTitle(app: AppState, { commandId, subject }: PaletteAt): string | null {
  const command: Command | null = commandId === null ? null : commandById(commandId);
  if (command === null) return null;
  return subject.length === 0 ? command.label : `${command.label} · ${subjectName(app, subject)}`;
}

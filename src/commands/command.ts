import type { WorldId, WorldObject, WorldType } from '../engine/sim/world';
import { appendLines } from '../scenario/edit';
import type { AppState } from '../store/types';

/** Everything that a person can do, once: palette, menus, buttons, keys and help read the same rows. */

export type CommandGroup = 'make' | 'attach' | 'dma' | 'edit' | 'arrange' | 'view' | 'time' | 'open';

/** What stands against doing it now, in words; `hidden`: it makes no sense for this subject. */
export type Readiness = 'hidden' | 'ready' | { readonly why: string };

export interface Command {
  readonly id: string;
  /** `Detach` */
  readonly label: string;
  /** How the kernel or the script calls it, searched too: `IOAS_ALLOC`. */
  readonly verb: string | null;
  readonly group: CommandGroup;
  /** As people read them; several with ` or ` between. */
  readonly keys: string | null;
  /** More words by which it may be looked for. */
  readonly words?: string;
  /** One sentence more than the label. */
  readonly help?: string;
  /** The only sort of object that it is about; `any`: whatever is selected; null: about none. */
  readonly on: WorldType | 'any' | null;
  readonly readiness: (app: AppState, subject: readonly WorldId[]) => Readiness;
  /** Does it; where there is something to choose, opens the choice. */
  readonly run: (app: AppState, subject: readonly WorldId[]) => void | Promise<void>;
  /** What it may be done with. Menus show them as a menu of its own, the palette as its second step. */
  readonly choices?: (
    app: AppState,
    subject: readonly WorldId[],
  ) => readonly Choice[] | Promise<readonly Choice[]>;
  /** Shown on the canvas while somebody chooses. */
  readonly preview?: Preview;
  /** In menus: `always` unless said; `ready`: while it can be done; `never`: it is rare, and found by its words. */
  readonly menu?: 'ready' | 'never';
}

export interface Preview {
  readonly show: (app: AppState, subject: readonly WorldId[]) => void;
  readonly hide: (app: AppState) => void;
}

export interface Choice {
  readonly key: string;
  readonly label: string;
  readonly detail?: string;
  /** Gives it the colour of its kind. */
  readonly type?: WorldType;
  /** Choices of one heading stand together. */
  readonly heading?: string;
  /** It is so already. */
  readonly current?: boolean;
  /** Why the kernel would refuse it: it is offered all the same, since the refusal is worth seeing. */
  readonly against?: string | null;
  readonly run: () => unknown;
}

export const READY: Readiness = 'ready';
export const HIDDEN: Readiness = 'hidden';

export type Of<T extends WorldType> = Extract<WorldObject, { type: T }>;

interface About {
  readonly id: string;
  readonly label: string;
  readonly verb?: string;
  readonly group: CommandGroup;
  readonly words?: string;
  readonly help?: string;
  readonly preview?: Preview;
  readonly menu?: Command['menu'];
}

/** How a command ends: as lines, as a line begun in the console, as a change of the view, or as a choice. */
interface Ends<Subject> {
  /** Script lines; each object is asked with the lines of those before it already written. */
  readonly lines?: (subject: Subject, app: AppState) => readonly string[];
  /** The line that the console is given to complete. */
  readonly draft?: (subject: Subject, app: AppState) => string;
  readonly show?: (subject: Subject, app: AppState) => unknown;
  readonly choices?: (subject: Subject, app: AppState) => readonly Choice[] | Promise<readonly Choice[]>;
}

type OnObject<T extends WorldType> = About &
  Ends<Of<T>> & {
    /** Whether it makes sense for this one at all. */
    readonly fits?: (object: Of<T>, app: AppState) => boolean;
    /** Why not now. */
    readonly against?: (object: Of<T>, app: AppState) => string | null;
  };

type OnNothing = About &
  Ends<null> & {
    readonly fits?: (app: AppState) => boolean;
    readonly against?: (app: AppState) => string | null;
  };

/** A command about objects of one kind. What ends in lines does it for each object that is ready. */
export function onObject<T extends WorldType>(type: T, spec: OnObject<T>): Command {
  const { fits, against, lines, draft, show, choices, ...about } = spec;
  const subjects = (app: AppState, ids: readonly WorldId[]): readonly Of<T>[] =>
    ids.flatMap((id) => {
      const object = app.objects[id];
      return object?.type === type && (fits?.(object as Of<T>, app) ?? true) ? [object as Of<T>] : [];
    });
  const isReady = (app: AppState, object: Of<T>): boolean => (against?.(object, app) ?? null) === null;
  const readiness = (app: AppState, ids: readonly WorldId[]): Readiness => {
    const found = subjects(app, ids);
    const [first] = found;
    if (first === undefined || found.length !== ids.length) return HIDDEN;
    if (lines === undefined && found.length > 1) return HIDDEN;
    if (found.some((object) => isReady(app, object))) return READY;
    return { why: against?.(first, app) ?? '' };
  };
  return {
    ...plain(about),
    on: type,
    readiness,
    ...(choices === undefined
      ? {}
      : {
          choices: (app, ids) => {
            const [object] = subjects(app, ids);
            return object === undefined ? [] : choices(object, app);
          },
        }),
    async run(app, ids) {
      const ready = subjects(app, ids).filter((object) => isReady(app, object));
      const [object] = ready;
      if (object === undefined) return;
      if (lines !== undefined) await say(app, linesForEach(app, ready, lines));
      else if (draft !== undefined) app.actions.prefill(draft(object, app));
      else if (show !== undefined) await show(object, app);
      else await choose(app, spec.id, ids, choices?.(object, app));
    },
  };
}

/** A command that needs no object. */
export function onNothing(spec: OnNothing): Command {
  const { fits, against, lines, draft, show, choices, ...about } = spec;
  return {
    ...plain(about),
    on: null,
    readiness(app) {
      if (!(fits?.(app) ?? true)) return HIDDEN;
      const why = against?.(app) ?? null;
      return why === null ? READY : { why };
    },
    ...(choices === undefined ? {} : { choices: (app) => choices(null, app) }),
    async run(app, ids) {
      if (lines !== undefined) await say(app, lines(null, app));
      else if (draft !== undefined) app.actions.prefill(draft(null, app));
      else if (show !== undefined) await show(null, app);
      else await choose(app, spec.id, ids, choices?.(null, app));
    },
  };
}

/** Where there is one way only, there is nothing to ask. */
async function choose(
  app: AppState,
  commandId: string,
  subject: readonly WorldId[],
  choices: readonly Choice[] | Promise<readonly Choice[]> | undefined,
): Promise<void> {
  const [only, ...more] = choices instanceof Promise ? [] : (choices ?? []);
  if (only !== undefined && more.length === 0) await only.run();
  else app.actions.openPalette({ commandId, subject });
}

const plain = ({ id, label, verb, group, words, help, preview, menu }: About) => ({
  id,
  label,
  verb: verb ?? null,
  group,
  keys: null,
  ...(words === undefined ? {} : { words }),
  ...(help === undefined ? {} : { help }),
  ...(preview === undefined ? {} : { preview }),
  ...(menu === undefined ? {} : { menu }),
});

/** A command about whatever is selected, all of it together. */
export function onSelection(
  spec: About & {
    readonly against?: (ids: readonly WorldId[], app: AppState) => string | null;
    readonly fits?: (ids: readonly WorldId[], app: AppState) => boolean;
    readonly show: (ids: readonly WorldId[], app: AppState) => unknown;
  },
): Command {
  const { against, fits, show, ...about } = spec;
  return {
    ...plain(about),
    on: 'any',
    readiness(app, ids) {
      if (ids.length === 0 || !(fits?.(ids, app) ?? true)) return HIDDEN;
      const why = against?.(ids, app) ?? null;
      return why === null ? READY : { why };
    },
    async run(app, ids) {
      await show(ids, app);
    },
  };
}

/** Names that one line gives are taken for the next. */
function linesForEach<T>(
  app: AppState,
  objects: readonly T[],
  lines: (object: T, app: AppState) => readonly string[],
): readonly string[] {
  let { script } = app;
  return objects.flatMap((object) => {
    const made = lines(object, { ...app, script });
    script = appendLines(script, made);
    return made;
  });
}

/** Runs lines; nothing to say is nothing to do. */
export async function say(app: AppState, lines: readonly string[]): Promise<void> {
  if (lines.length > 0) await app.actions.act(lines);
}

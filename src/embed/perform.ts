import { useApp } from '../store';
import { figureOf } from './figure';
import type { Command, EmbedState } from './protocol';
import { readScene } from './read-scene';
import { isMoving, stateFor } from './state';
import { EMBED } from '../words/embed/embed';

/** What came of a command: a value for the host, or why there is none. */
export type Performed =
  { readonly ok: true; readonly value: EmbedState | string } | { readonly ok: false; readonly why: string };

const refused = (why: string): Performed => ({ ok: false, why });

/** Does what a host asks for, by the same actions as a hand on the page. */
export async function perform(command: Command): Promise<Performed> {
  const { actions, objects, playback } = useApp.getState();
  switch (command.type) {
    case 'load': {
      const why = await load(command);
      if (why !== null) return refused(why);
      break;
    }
    case 'seek':
      if (isMoving({ playback })) actions.stop();
      await actions.seek(command.line);
      break;
    case 'play':
      if (!isMoving({ playback })) actions.togglePlay();
      break;
    case 'pause':
      if (isMoving({ playback })) actions.stop();
      break;
    case 'step':
      await actions.step(command.direction ?? 1);
      break;
    case 'setTheme':
      actions.setTheme(command.theme);
      break;
    case 'select':
      if (command.object !== null && !Object.hasOwn(objects, command.object))
        return refused(EMBED.noObject(command.object));
      actions.select(command.object);
      break;
    case 'exportSvg': {
      const svg = await figureOf(useApp.getState(), command.theme);
      return svg.ok ? svg : refused(svg.why);
    }
    case 'getState':
      break;
  }
  return { ok: true, value: stateFor(useApp.getState()) };
}

/** Null, or why the present scene stays. */
async function load(command: Extract<Command, { type: 'load' }>): Promise<string | null> {
  const { actions } = useApp.getState();
  const line = command.line ?? null;
  if ('script' in command) return (await actions.replaceScript(command.script, line)) ? null : lastTrouble();
  const { scene, why } = await readScene(command.link.slice(Math.max(0, command.link.indexOf('#'))));
  if (scene === null) return why ?? EMBED.notShown;
  const { script, cursor, selection } = scene;
  if (!(await actions.replaceScript(script, line ?? cursor))) return lastTrouble();
  if (selection !== null && Object.hasOwn(useApp.getState().objects, selection)) actions.select(selection);
  return null;
}

const lastTrouble = (): string => useApp.getState().notice?.text ?? EMBED.notShown;

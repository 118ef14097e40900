import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import type { WorldId } from '../engine/sim/world';
import { parseLine } from '../scenario/parse';
import { VERBS } from '../scenario/verbs';
import { createAppStore } from '../store/create';
import { KEY_MAP } from '../store/shortcuts';
import type { Actions, AppState } from '../store/types';
import { FakeWorker } from '../testing/fake-worker';
import type { EngineApi } from '../worker/api';
import { createEngineClient } from '../worker/client';
import { createEngine } from '../worker/engine';
import { commandById, COMMANDS, commandsFor, type Command } from './index';
import { plainSubject } from './objects';

/** Scenes that together have an object of every kind. */
const SCENES = [
  'scenes/gpu-and-its-audio',
  'scenes/a-guests-iommu',
  'iommus/vtd-4-pasids-and-sva',
  'iommus/vtd-6-page-requests',
  'iommus/smmu-2-nested',
  'rows/c17-where-page-numbers-are',
  'rows/d5-unplug-while-allocating',
  'groups/groups-9-platform',
];

async function open(script: string): Promise<{ app: AppState; engine: EngineApi }> {
  const engine = createEngine();
  const store = createAppStore(createEngineClient(() => new FakeWorker(engine)));
  await store.getState().actions.start({ script, cursor: null, selection: null });
  return { app: store.getState(), engine };
}

const scene = (name: string): string =>
  readFileSync(new URL(`../gallery/${name}.iommu`, import.meta.url), 'utf8').trimEnd();

/** What a command would say and show, without doing it. */
async function wishes(app: AppState, command: Command, subject: readonly WorldId[]) {
  const said: (readonly string[])[] = [];
  const begun: string[] = [];
  const touched = new Set<string>();
  const actions = Object.fromEntries(
    Object.entries(app.actions).map(([name, action]) => [
      name,
      (...args: unknown[]) => {
        touched.add(name);
        if (name === 'act' || name === 'actWhole') said.push(args[0] as readonly string[]);
        else if (name === 'prefill') begun.push(args[0] as string);
        else if (name === 'readTargets') return (action as (id: WorldId) => unknown)(args[0] as WorldId);
        return Promise.resolve(null);
      },
    ]),
  ) as unknown as Actions;
  const pretended = { ...app, actions };
  command.preview?.show(pretended, subject);
  const choices = await command.choices?.(pretended, subject);
  if (choices === undefined) await command.run(pretended, subject);
  for (const choice of choices ?? []) await choice.run();
  return { said, begun, touched, choices };
}

describe('every command', () => {
  it('has an id of its own', () => {
    const ids = COMMANDS.map(({ id }) => id);
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  });

  it('is begun by no key that is not in the key map, and every key runs one that exists', () => {
    const missing = KEY_MAP.filter(({ command }) => command !== null && commandById(command) === null);
    expect(missing).toEqual([]);
  });
});

it('every verb of the script can be begun from the palette', () => {
  const verbs = COMMANDS.filter(({ id }) => id.startsWith('line.')).map(({ verb }) => verb);
  expect(verbs).toEqual([...VERBS.keys()]);
});

describe.each(SCENES)('in %s', (name) => {
  let app: AppState;
  let engine: EngineApi;
  /** Objects of every kind, and none. */
  let subjects: readonly (readonly WorldId[])[];

  beforeAll(async () => {
    ({ app, engine } = await open(scene(name)));
    const plain = [...new Set(Object.keys(app.objects).flatMap((id) => plainSubject(app.objects, [id])))];
    const ofType = (id: WorldId) => app.objects[id]?.type;
    // The first and the last of a kind.
    const some = plain.filter((id, index) => {
      const same = plain.filter((each) => ofType(each) === ofType(id));
      return [same[0], same.at(-1)].includes(plain[index]);
    });
    subjects = [[], ...some.map((id) => [id])];
  });

  it('a command that cannot be done now says why, as a sentence', () => {
    const reasons = subjects.flatMap((subject) =>
      commandsFor(app, subject).flatMap(({ readiness }) => (readiness === 'ready' ? [] : [readiness.why])),
    );
    expect(reasons.filter((why) => !/^[A-Z0-9].*\.$/.test(why))).toEqual([]);
  });

  it('what can be done makes sense to the engine, whatever the kernel says to it', async () => {
    const mistakes: string[] = [];
    for (const subject of subjects) {
      for (const { command, readiness } of commandsFor(app, subject)) {
        if (readiness !== 'ready' || /^(?:line|edit)\./.test(command.id)) continue;
        const { said, begun } = await wishes(app, command, subject);
        for (const lines of said) {
          const results = await engine.tryLines(lines);
          const bad = results.find(({ status }) => status === 'error');
          if (bad !== undefined) mistakes.push(`${command.id}: ${bad.text}: ${bad.why ?? ''}`);
          else if (results.length === 0) mistakes.push(`${command.id}: says nothing`);
        }
        for (const line of begun) {
          const { error } = line === '' ? { error: null } : parseLine(line, 1);
          if (error !== null) mistakes.push(`${command.id}: ${line}: ${error.message}`);
        }
      }
    }
    expect(mistakes).toEqual([]);
  }, 60_000);

  it('a choice is offered where there is something to choose, each once', async () => {
    for (const subject of subjects) {
      for (const { command, readiness } of commandsFor(app, subject)) {
        if (readiness !== 'ready' || command.choices === undefined) continue;
        const keys = (await command.choices(app, subject)).map(({ key }) => key);
        expect([command.id, keys.length > 0, new Set(keys).size]).toEqual([command.id, true, keys.length]);
      }
    }
  }, 60_000);
});

/** What else changes the world, and where a person does it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  replaceScript: 'the dialogs: gallery, import, editor',
  start: 'the page, when it opens',
  actWhole: 'the clipboard’s commands, which ask the page’s own store',
  connectTo: 'dropping, and the choice of a device where there are many',
  place: 'dragging and the arrow keys',
  detach: 'dragging the end of an edge off; the command says the line itself',
  startCarrying: 'dragging',
  stopConnecting: 'ends what another began',
  stepEvent: 'the view within a line',
};
const CHANGES =
  /^(?:act|actWhole|replaceScript|undo|redo|seek|runTo|start|place|placeAll|unplace|detach|connectTo|startConnecting|startCarrying|openBranch|step|togglePlay|setBreakpoints|restartEngine)$/;

it('every action that changes the world is reached by some command', async () => {
  const { app } = await open(`${scene('scenes/gpu-and-its-audio')}\nplace ctx 10 10`);
  const reached = new Set<string>();
  const everywhere: readonly (readonly WorldId[])[] = [[], ...Object.keys(app.objects).map((id) => [id])];
  const past: AppState = {
    ...app,
    cursor: 3,
    undo: [''],
    redo: [''],
    branches: [{ id: 1, script: '', forkedAt: 1, cursor: 1, lines: 1 }],
    engine: { status: 'crashed', why: '', restarting: false },
  };
  for (const state of [app, past])
    for (const subject of [...everywhere, everywhere.flat().slice(0, 6)])
      for (const { command, readiness } of commandsFor(state, subject)) {
        if (readiness !== 'ready' || /^(?:line|edit)\./.test(command.id)) continue;
        for (const action of (await wishes(state, command, subject)).touched) reached.add(action);
      }
  const all = Object.keys(app.actions).filter((name) => CHANGES.test(name));
  expect(all.filter((name) => !reached.has(name) && !(name in ELSEWHERE))).toEqual([]);
});

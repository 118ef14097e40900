import { useApp } from '../store';
import { linesOf } from '../store/script';
import type { AppState, PanelId } from '../store/types';
import { isDone, useLesson, type Current } from './current';
import { begunWith, evidenceOf, objectOf } from './evidence';
import { judge, wishOf } from './judge';
import { scriptAt, solvedAt, type Lesson, type Step } from './lesson';
import { keepProgress, readProgress, type Progress } from './progress';
import { WORDS } from '../words/lessons';

/** What can be done in a lesson. Each ends in the store's own actions, so that undo takes it back like all else. */

const app = (): AppState => useApp.getState();
const change = (part: Partial<Current>): void =>
  useLesson.setState(({ current }) => ({ current: current && { ...current, ...part } }));

export const stepOf = ({ lesson, at }: Pick<Current, 'lesson' | 'at'>): Step | null =>
  lesson.steps[at] ?? null;

/** Opens a lesson at a step, or where the learner left it. False: its machine could not be made. */
export async function startLesson(lesson: Lesson, step: number | null): Promise<boolean> {
  const progress = readProgress();
  const kept = progress[lesson.id];
  const before = useLesson.getState().current;
  const { script, cursor } = app();
  useLesson.setState({
    progress,
    current: { ...nowhere(lesson), own: before?.own ?? (script === '' ? null : { script, cursor }) },
  });
  follow();
  // It can be read while its machine is being made, or the engine itself.
  app().actions.showPanel('lesson');
  if (step === null && kept !== undefined && kept.at < lesson.steps.length && kept.script !== null)
    return resume(lesson, kept, kept.script);
  return begin(Math.min(step ?? 0, lesson.steps.length - 1), 'as-told');
}

const nowhere = (lesson: Lesson): Current => ({
  lesson,
  at: 0,
  begun: null,
  verdicts: [],
  met: [],
  hints: 0,
  strayed: false,
  own: null,
});

/** The learner's own script, as it was left. */
async function resume(lesson: Lesson, { at, begun, done }: Progress, script: string): Promise<boolean> {
  change({ at, begun: null });
  if (!(await app().actions.replaceScript(script))) return false;
  settle(at, begun ?? begunWith({ script: scriptAt(lesson, at).join('\n'), results: [] }));
  if (done.includes(at)) change({ met: (lesson.steps[at]?.checks ?? []).map(() => true) });
  return true;
}

/** `as-told`: with the script that the lesson's file leads to. `going-on`: behind what the learner has made. */
async function begin(at: number, how: 'as-told' | 'going-on'): Promise<boolean> {
  const { current } = useLesson.getState();
  const step = current?.lesson.steps[at];
  if (current === null || step === undefined) return false;
  ownScript = null;
  change({ at, begun: null, verdicts: [], met: [], hints: 0, strayed: false });
  const { actions } = app();
  const goesOn = how === 'going-on' && !step.fresh;
  if (!goesOn || !(await added(step.setup))) {
    if (!(await actions.replaceScript(scriptAt(current.lesson, at).join('\n')))) return false;
    if (goesOn) actions.notify({ tone: 'info', text: WORDS.ownWay });
  }
  settle(at, begunWith(app()));
  return true;
}

/** Lines behind the learner's; false: they do not fit what the learner has made, and nothing was changed. */
async function added(lines: readonly string[]): Promise<boolean> {
  const { actions } = app();
  if (lines.length === 0 || (await actions.actWhole(lines))) return true;
  actions.dismissRefusal();
  actions.notify(null);
  return false;
}

/** The step's machine stands: from here on counts what the learner does. */
function settle(at: number, begun: NonNullable<Current['begun']>): void {
  const { current } = useLesson.getState();
  const step = current?.lesson.steps[at];
  if (step === undefined) return;
  const { actions, objects } = app();
  const look = step.looks.find(({ kind }) => kind === 'select');
  const object = look?.kind === 'select' ? objectOf(objects, look.name) : null;
  if (object !== null) actions.select(object.id);
  actions.showPanel('lesson');
  change({ at, begun, verdicts: [], met: step.checks.map(() => false), hints: 0, strayed: false });
  judgeNow();
  remember();
}

/** The learner's lines in the lesson, as they were before anything else was opened. */
let ownScript: string | null = null;

/** Looks at all checks again: once met since the step began stays met. */
function judgeNow(): void {
  const { current } = useLesson.getState();
  const step = current && stepOf(current);
  if (current === null || step === null || current.begun === null) return;
  const state = app();
  const evidence = evidenceOf(state, current.begun);
  const verdicts = step.checks.map((check) => judge(check, evidence));
  const strayed = isElsewhere(linesOf(state.script), current.begun.lines);
  if (strayed) return change({ strayed, verdicts });
  ownScript = state.script;
  const met = verdicts.map((each, at) => each.met || current.met[at] === true);
  const news = isDone({ met }) && !isDone(current);
  change({ strayed, verdicts, met });
  if (news) remember();
}

/** Another machine altogether. */
const isElsewhere = (lines: readonly string[], begun: readonly string[]): boolean =>
  begun.length > 0 && !lines.some((line) => /^\s*machine\s/.test(line) && begun.includes(line));

let stop: (() => void) | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;

const LOOKED_AT = ['objects', 'results', 'script', 'panel', 'selection'] as const;
const REST_MS = 600;

function follow(): void {
  stop?.();
  stop = useApp.subscribe((state, before) => {
    if (LOOKED_AT.every((key) => state[key] === before[key])) return;
    judgeNow();
    if (state.script === before.script) return;
    clearTimeout(timer);
    timer = setTimeout(remember, REST_MS);
  });
}

/** Keeps where the learner is, in memory and in the browser. */
function remember(): void {
  const { current, progress } = useLesson.getState();
  if (current === null) return;
  const { lesson, at, begun } = current;
  const before = progress[lesson.id];
  const done = new Set(before?.done ?? []);
  if (isDone(current) && current.begun !== null && (stepOf(current)?.checks.length ?? 0) > 0) done.add(at);
  const mine = { at, done: [...done].sort((a, b) => a - b), script: ownScript, begun };
  const next = { ...progress, [lesson.id]: mine };
  useLesson.setState({ progress: next });
  keepProgress(next);
}

/** On to the next step: behind the learner's own lines where this one was done, else from where the lesson stands. */
export async function nextStep(): Promise<void> {
  const { current, progress } = useLesson.getState();
  if (current === null) return;
  const { lesson, at } = current;
  const done = isDone(current) && !current.strayed;
  if (done) {
    const before = progress[lesson.id];
    const all = [...new Set([...(before?.done ?? []), at])];
    useLesson.setState({
      progress: { ...progress, [lesson.id]: { at, script: null, begun: null, ...before, done: all } },
    });
  }
  if (at + 1 < lesson.steps.length) return void (await begin(at + 1, done ? 'going-on' : 'as-told'));
  change({ at: lesson.steps.length, begun: null, verdicts: [], met: [], hints: 0 });
  app().actions.showPanel('lesson');
  remember();
}

export async function goToStep(at: number): Promise<void> {
  await begin(at, 'as-told');
}

export async function previousStep(): Promise<void> {
  const { current } = useLesson.getState();
  if (current !== null && current.at > 0) await begin(current.at - 1, 'as-told');
}

export async function restartStep(): Promise<void> {
  const { current } = useLesson.getState();
  if (current !== null) await begin(Math.min(current.at, current.lesson.steps.length - 1), 'as-told');
}

/** From something else that was opened meanwhile: to the learner's own lines in the lesson, where they are known. */
export async function backToLesson(): Promise<void> {
  const { current, progress } = useLesson.getState();
  if (current === null) return;
  const kept = progress[current.lesson.id];
  const script = ownScript;
  if (script === null || kept?.at !== current.at) await restartStep();
  else await resume(current.lesson, kept, script);
}

export function showHint(): void {
  const { current } = useLesson.getState();
  const most = (current && stepOf(current)?.hints.length) ?? 0;
  if (current !== null) change({ hints: Math.min(current.hints + 1, most) });
  app().actions.showPanel('lesson');
}

/** Does what the step asks for: as lines that undo takes away again, or by looking there. */
export async function showSolution(): Promise<void> {
  const { current } = useLesson.getState();
  const step = current && stepOf(current);
  if (current === null || step === null || current.begun === null) return;
  const { actions } = app();
  if (step.rewrites) await actions.replaceScript(step.solution.join('\n'));
  else if (step.solution.length > 0 && (current.strayed || !(await actions.actWhole(step.solution)))) {
    // The learner's machine has gone another way: the lesson's own has what the lines need.
    actions.dismissRefusal();
    if (!(await begin(current.at, 'as-told'))) return;
    await actions.replaceScript(solvedAt(current.lesson, current.at).join('\n'));
  }
  for (const check of step.checks) {
    const wish = wishOf(check);
    const object = wish?.select === undefined ? null : objectOf(app().objects, wish.select);
    if (object !== null) actions.select(object.id);
    if (wish?.panel !== undefined) actions.showPanel(wish.panel as PanelId);
  }
}

/** Back to what was there before the lesson. */
export async function leaveLesson(): Promise<void> {
  const { current } = useLesson.getState();
  if (current === null) return;
  remember();
  clearTimeout(timer);
  stop?.();
  stop = null;
  useLesson.setState({ current: null });
  const { actions, panel } = app();
  if (panel === 'lesson') actions.showPanel('object');
  // Whoever has opened something else meanwhile wants that.
  if (current.own !== null && !current.strayed)
    await actions.replaceScript(current.own.script, current.own.cursor);
}

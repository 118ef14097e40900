import { describe, expect, it } from 'vitest';
import type { RunReply } from '../worker/api';
import { createEngine } from '../worker/engine';
import { LESSONS, MISTAKES } from './all';
import { begunWith, evidenceOf, objectOf, type Begun, type Evidence } from './evidence';
import { judge, wishOf } from './judge';
import { scriptAt, solvedAt, type Lesson, type Step } from './lesson';

/**
 * Every lesson, played through the engine as the page plays it. What is expected are the lesson's own checks: none may hold
 * before the learner has done anything, all must hold after the file's solution; and the kernel and the hardware must do at
 * every line what the line says.
 */
it('no file has a mistake', () => {
  expect(MISTAKES).toEqual([]);
});

it('each has an id, a place and a title of its own', () => {
  for (const key of ['id', 'order', 'title'] as const)
    expect(new Set(LESSONS.map((lesson) => lesson[key])).size).toBe(LESSONS.length);
});

interface Run {
  readonly begun: Begun;
  readonly wrong: readonly string[];
  readonly evidence: (
    since: Begun,
    view?: { readonly panel?: string; readonly selection?: string | null },
  ) => Evidence;
  readonly idOf: (name: string) => string | null;
}

async function play(lines: readonly string[]): Promise<Run> {
  const script = lines.join('\n');
  const reply: RunReply = await createEngine().load(script, null);
  if (reply.status !== 'ok') throw new Error(reply.why);
  const { set, results, lookups, traffic, events } = reply.batch;
  const objects = Object.fromEntries(set.map((object) => [object.id, object]));
  return {
    begun: begunWith({ script, results }),
    wrong: results
      .filter(({ ok }) => !ok)
      .map(({ line, text, result, why }) => `${line}: ${text}: ${why ?? result}`),
    evidence: (since, { panel = 'lesson', selection = null } = {}) =>
      evidenceOf({ objects, script, results, lookups, traffic, events, panel, selection }, since),
    idOf: (name) => objectOf(objects, name)?.id ?? null,
  };
}

const unmetIn = (step: Step, evidence: Evidence): readonly string[] =>
  step.checks.flatMap((check) => {
    const { met, seen } = judge(check, evidence);
    return met ? [] : [`${check.goal}: ${seen}`];
  });

/** What the learner looks at when the step begins, and after doing what its checks of the view want. */
const lookedAt = (step: Step, run: Run): string | null => {
  const look = step.looks.find(({ kind }) => kind === 'select');
  return look?.kind === 'select' ? run.idOf(look.name) : null;
};
function wished(step: Step, run: Run): { panel?: string; selection?: string | null } {
  const wishes = step.checks.flatMap((check) => wishOf(check) ?? []);
  const panel = wishes.find((wish) => wish.panel !== undefined)?.panel;
  const select = wishes.find((wish) => wish.select !== undefined)?.select;
  return {
    ...(panel === undefined ? {} : { panel }),
    ...(select === undefined ? {} : { selection: run.idOf(select) }),
  };
}

describe.each(LESSONS.map((lesson) => [lesson.id, lesson] as const))('%s', (_id, lesson: Lesson) => {
  it('has five to nine steps, one of which at least asks for something', () => {
    expect(lesson.steps.length).toBeGreaterThanOrEqual(5);
    expect(lesson.steps.length).toBeLessThanOrEqual(9);
    expect(lesson.steps.filter(({ checks }) => checks.length > 0).length).toBeGreaterThan(
      lesson.steps.length / 2,
    );
  });

  it.each(lesson.steps.map((step, at) => [at + 1, step.title, step] as const))(
    'step %i, %s: nothing is met before, and all of it after the solution',
    async (number, _title, step) => {
      const begins = scriptAt(lesson, number - 1);
      const before = await play(begins);
      expect(before.wrong).toEqual([]);
      const held = before.evidence(before.begun, { selection: lookedAt(step, before) });
      expect(step.checks.filter((check) => judge(check, held).met).map(({ goal }) => goal)).toEqual([]);
      for (const look of step.looks)
        if (look.kind === 'select') expect(before.idOf(look.name)).not.toBeNull();

      const after = await play(solvedAt(lesson, number - 1));
      expect(after.wrong).toEqual([]);
      expect(unmetIn(step, after.evidence(before.begun, wished(step, after)))).toEqual([]);
    },
  );
});

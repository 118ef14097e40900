import { parseScript } from '../scenario/parse';
import { parseCheck, type Check } from './check';
import { DIFFICULTIES, isDifficulty, tagsOf } from '../gallery/about';
import type { Lesson, Look, Step } from './lesson';
import { parseProse, type Block } from './prose';
import * as says from '../words/lesson-files';

/**
 * A lesson's file, which a person reads as it is:
 *
 *   ---
 *   title: Who owns DMA
 *   summary: One sentence.
 *   tags: group, ownership
 *   difficulty: beginner | intermediate | expert
 *   minutes: 10
 *   order: 4
 *   ---
 *   # The title of a step
 *   Narration: see prose.ts.
 *   ```fresh       script lines: the step begins with this machine; the first step has one
 *   ```setup       script lines that are added when the step begins
 *   ```solution    script lines that meet the checks
 *   ```rewrite     a whole script that meets them, where what was there has to change
 *   ```            any other fence is shown
 *   @look select 02:00.0 | panel walk | line 4 | look-up
 *   @check fault device=02:00.0 cause=permission "What is wanted, in words"
 *   @hint One more help.
 */
export type Parsed =
  | { readonly ok: true; readonly lesson: Lesson }
  | { readonly ok: false; readonly errors: readonly FileError[] };

export interface FileError {
  /** 1-based. */
  readonly line: number;
  readonly message: string;
}

interface Draft {
  readonly title: string;
  readonly line: number;
  readonly blocks: Block[];
  readonly setup: string[];
  readonly solution: string[];
  readonly looks: Look[];
  readonly checks: Check[];
  readonly hints: string[];
  fresh: boolean;
  rewrites: boolean;
  prose: string[];
}

const FENCE = /^```\s*(\S*)\s*$/;
const SCRIPTS = ['fresh', 'setup', 'solution', 'rewrite'] as const;
const SOLVES: readonly string[] = ['solution', 'rewrite'];

export function parseLesson(id: string, text: string): Parsed {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const errors: FileError[] = [];
  const wrong = (line: number, message: string): void => void errors.push({ line, message });
  const front = readFront(lines, wrong);
  const drafts: Draft[] = [];

  let at = front.end;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const number = ++at;
    const heading = /^#\s+(.+?)\s*$/.exec(line);
    if (heading?.[1] !== undefined) {
      drafts.push(draftOf(heading[1], number));
      continue;
    }
    const step = drafts.at(-1);
    if (step === undefined) {
      if (line.trim() !== '') wrong(number, says.aStepBeginsWithALineTitle);
      continue;
    }
    const fence = FENCE.exec(line);
    if (fence !== null) {
      const end = lines.findIndex((each, index) => index >= at && /^```\s*$/.test(each));
      if (end < 0) wrong(number, says.thisIsNeverClosed);
      const body = lines.slice(at, end < 0 ? lines.length : end);
      takeFence(step, fence[1] ?? '', body, number, wrong);
      at = end < 0 ? lines.length : end + 1;
    } else if (line.startsWith('@')) takeDirective(step, line, number, wrong);
    else step.prose.push(line);
  }

  if (drafts.length === 0) wrong(lines.length, says.aLessonHasAtLeastOneStep);
  drafts.forEach((step, index) => judgeStep(step, index, wrong));
  if (errors.length > 0) return { ok: false, errors };
  return { ok: true, lesson: { id, ...front.about, steps: drafts.map(stepOf) } };
}

type About = Omit<Lesson, 'id' | 'steps'>;
type Wrong = (line: number, message: string) => void;

const KEYS = ['title', 'summary', 'tags', 'difficulty', 'minutes', 'order'];

function readFront(lines: readonly string[], wrong: Wrong): { readonly about: About; readonly end: number } {
  const end = lines.indexOf('---', 1);
  const found = new Map<string, string>();
  if (lines[0] !== '---' || end < 0) wrong(1, says.aLessonBeginsWithItsTitle);
  else
    lines.slice(1, end).forEach((line, index) => {
      const match = /^([a-z]+):\s*(.*?)\s*$/.exec(line);
      if (match?.[1] === undefined || !KEYS.includes(match[1]))
        wrong(index + 2, says.thisMustBe(KEYS.join(', ')));
      else found.set(match[1], match[2] ?? '');
    });
  const value = (key: string): string => {
    const text = found.get(key) ?? '';
    if (text === '' && end >= 0) wrong(1, says.thereIsNoBetweenTheLines(key));
    return text;
  };
  const count = (key: string): number => {
    const text = value(key);
    if (text !== '' && !/^\d+$/.test(text)) wrong(1, says.isANumberNot(key, text));
    return Number(text);
  };
  const difficulty = value('difficulty');
  if (difficulty !== '' && !isDifficulty(difficulty))
    wrong(1, says.difficultyIsOneOfNot(DIFFICULTIES.join(', '), difficulty));
  return {
    about: {
      title: value('title'),
      summary: value('summary'),
      tags: tagsOf(value('tags')),
      difficulty: isDifficulty(difficulty) ? difficulty : 'beginner',
      minutes: count('minutes'),
      order: count('order'),
    },
    end: Math.max(0, end + 1),
  };
}

const draftOf = (title: string, line: number): Draft => ({
  title,
  line,
  blocks: [],
  setup: [],
  solution: [],
  looks: [],
  checks: [],
  hints: [],
  fresh: false,
  rewrites: false,
  prose: [],
});

function endProse(step: Draft): void {
  step.blocks.push(...parseProse(step.prose));
  step.prose = [];
}

function takeFence(step: Draft, word: string, body: readonly string[], number: number, wrong: Wrong): void {
  const script = SCRIPTS.find((each) => each === word);
  if (script === undefined) {
    if (word !== '') wrong(number, says.mayBeFollowedByOrNothing(SCRIPTS.join(', ')));
    endProse(step);
    step.blocks.push({ kind: 'code', text: body.join('\n') });
    return;
  }
  const solves = SOLVES.includes(script);
  if (!solves && step.setup.length > 0) wrong(number, says.aStepBeginsOnceOneFresh);
  for (const { number: line, error } of parseScript(body.join('\n')).lines)
    if (error !== null) wrong(number + line, error.message);
  step[solves ? 'solution' : 'setup'].push(...body);
  step.fresh ||= script === 'fresh';
  step.rewrites ||= script === 'rewrite';
}

function takeDirective(step: Draft, line: string, number: number, wrong: Wrong): void {
  const [, word = '', rest = ''] = /^@(\S*)\s*(.*?)\s*$/.exec(line) ?? [];
  if (word === 'hint') step.hints.push(rest);
  else if (word === 'check') {
    const check = parseCheck(rest);
    if (check.ok) step.checks.push(check.check);
    else wrong(number, check.message);
  } else if (word === 'look') {
    const look = parseLook(rest);
    if (look === null) wrong(number, says.lookIsFollowedBySelectName);
    else step.looks.push(look);
  } else wrong(number, says.thereIsNoItIsCheck(word));
}

function parseLook(text: string): Look | null {
  const [kind, value, more] = text.split(/\s+/);
  if (more !== undefined) return null;
  if (kind === 'look-up' && value === undefined) return { kind };
  if (value === undefined) return null;
  if (kind === 'select') return { kind, name: value };
  if (kind === 'panel') return { kind, panel: value };
  return kind === 'line' && /^\d+$/.test(value) ? { kind, line: Number(value) } : null;
}

function judgeStep(step: Draft, index: number, wrong: Wrong): void {
  endProse(step);
  if (index === 0 && !step.fresh) wrong(step.line, says.theFirstStepHasAFresh);
  if (step.blocks.length === 0) wrong(step.line, says.nothingIsToldIn(step.title));
  if (step.checks.length > 0 && step.hints.length === 0)
    wrong(step.line, says.hasACheckAndNoHint(step.title));
}

const stepOf = ({
  title,
  line,
  blocks,
  setup,
  solution,
  looks,
  checks,
  hints,
  fresh,
  rewrites,
}: Draft): Step => ({
  ...{ title, line, blocks, setup, solution, looks, checks, hints, fresh, rewrites },
});

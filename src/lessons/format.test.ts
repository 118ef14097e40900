import { describe, expect, it } from 'vitest';
import { parseLesson } from './format';
import { parseProse, parseSpans } from './prose';
import { scriptAt, solvedAt } from './lesson';

const HEAD = `---
title: A lesson
summary: What it is.
tags: groups, acs
difficulty: beginner
minutes: 7
order: 1
---
`;
const STEP = `# One
\`\`\`fresh
machine m
boot
\`\`\`
Text.
`;

function errorsOf(text: string): readonly string[] {
  const parsed = parseLesson('x', text);
  return parsed.ok ? [] : parsed.errors.map(({ line, message }) => `${line}: ${message}`);
}

describe('a lesson’s file', () => {
  it('is a head and steps with narration, lines, looks, checks and hints', () => {
    const parsed = parseLesson(
      'groups',
      `${HEAD}${STEP}@look panel walk\n@check some ioas "An IOAS"\n@hint Make one.\n\`\`\`solution\nctx = open /dev/iommu\nioas = IOAS_ALLOC ctx\n\`\`\`\n# Two\nMore.\n`,
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    const { lesson } = parsed;
    expect(lesson).toMatchObject({
      id: 'groups',
      title: 'A lesson',
      tags: ['groups', 'acs'],
      difficulty: 'beginner',
      minutes: 7,
    });
    expect(
      lesson.steps.map(({ title, fresh, checks, hints, looks }) => [
        title,
        fresh,
        checks.length,
        hints,
        looks,
      ]),
    ).toEqual([
      ['One', true, 1, ['Make one.'], [{ kind: 'panel', panel: 'walk' }]],
      ['Two', false, 0, [], []],
    ]);
    expect(scriptAt(lesson, 0)).toEqual(['machine m', 'boot']);
    expect(scriptAt(lesson, 1)).toEqual([
      'machine m',
      'boot',
      'ctx = open /dev/iommu',
      'ioas = IOAS_ALLOC ctx',
    ]);
    expect(solvedAt(lesson, 0)).toEqual(scriptAt(lesson, 1));
  });

  it('a step that rewrites the script leaves that behind, and a fresh one forgets what was', () => {
    const parsed = parseLesson(
      'x',
      `${HEAD}${STEP}\`\`\`rewrite\nmachine other\n\`\`\`\n# Two\nT.\n\`\`\`setup\nboot\n\`\`\`\n# Three\nT.\n\`\`\`fresh\nmachine third\n\`\`\`\n`,
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.errors));
    expect(scriptAt(parsed.lesson, 1)).toEqual(['machine other', 'boot']);
    expect(scriptAt(parsed.lesson, 2)).toEqual(['machine third']);
  });

  it.each([
    ['no head', STEP, /^1: a lesson begins with its title/],
    ['a key that there is not', `---\ntitel: x\n---\n${STEP}`, /^2: this must be one of title/],
    ['no minutes', HEAD.replace('minutes: 7\n', '') + STEP, /^1: there is no "minutes/],
    ['minutes in words', HEAD.replace('7', 'seven') + STEP, /^1: minutes is a number, not "seven"/],
    ['another difficulty', HEAD.replace('beginner', 'easy') + STEP, /^1: difficulty is one of .* not "easy"/],
    ['no step', HEAD, /: a lesson has at least one step/],
    ['text before the first step', `${HEAD}Hello\n${STEP}`, /^9: a step begins with a line "# Title"/],
    ['a first step without a machine', `${HEAD}# One\nText.\n`, /^9: the first step has a ```fresh/],
    ['a fence that is not closed', `${HEAD}${STEP}\`\`\`solution\nboot\n`, /^15: this ``` is never closed/],
    [
      'a fence of another kind',
      `${HEAD}${STEP}\`\`\`bash\nls\n\`\`\`\n`,
      /^15: ``` may be followed by fresh/,
    ],
    ['a line that is no script', `${HEAD}${STEP}\`\`\`solution\nboot\nfly away\n\`\`\`\n`, /^17: /],
    ['two beginnings', `${HEAD}${STEP}\`\`\`setup\nboot\n\`\`\`\n`, /^15: a step begins once/],
    ['another directive', `${HEAD}${STEP}@chekc some ioas "x"\n`, /^15: there is no @chekc/],
    [
      'a check of another name',
      `${HEAD}${STEP}@check sum ioas "x"\n@hint y\n`,
      /^15: a check is one of is, some/,
    ],
    [
      'a check without words',
      `${HEAD}${STEP}@check some ioas\n@hint y\n`,
      /^15: a check ends with what is wanted/,
    ],
    [
      'a check with another option',
      `${HEAD}${STEP}@check fault devise=x "x"\n@hint y\n`,
      /^15: write: check fault/,
    ],
    [
      'a cause that there is not',
      `${HEAD}${STEP}@check fault cause=bad "x"\n@hint y\n`,
      /^15: cause is one of permission/,
    ],
    ['a check without a hint', `${HEAD}${STEP}@check some ioas "x"\n`, /^9: "One" has a @check and no @hint/],
    ['a look at nothing', `${HEAD}${STEP}@look away\n`, /^15: @look is followed by/],
    ['a step that tells nothing', `${HEAD}${STEP}# Two\n`, /^15: nothing is told in "Two"/],
  ])('%s: says so, with the line', (_what, text, expected) => {
    expect(errorsOf(text).join('\n')).toMatch(new RegExp(expected.source, 'm'));
  });
});

describe('narration', () => {
  it('has paragraphs, lists, code, emphasis and links', () => {
    expect(parseProse(['One', 'line.', '', '- a', '- b', '  c'])).toEqual([
      { kind: 'paragraph', spans: [{ kind: 'text', text: 'One line.' }] },
      { kind: 'list', items: [[{ kind: 'text', text: 'a' }], [{ kind: 'text', text: 'b c' }]] },
    ]);
    expect(parseSpans('a `b*c` *d* **e** [f](#lesson=g:2)')).toEqual([
      { kind: 'text', text: 'a ' },
      { kind: 'code', text: 'b*c' },
      { kind: 'text', text: ' ' },
      { kind: 'emphasis', text: 'd' },
      { kind: 'text', text: ' ' },
      { kind: 'strong', text: 'e' },
      { kind: 'text', text: ' ' },
      { kind: 'link', text: 'f', href: '#lesson=g:2' },
    ]);
  });

  it.each(['javascript:alert(1)', 'http://x.example', 'data:text/html,x', '//x.example', '#s1:abc'])(
    'a link to %s stays text',
    (href) => {
      const spans = parseSpans(`[x](${href})`);
      expect(spans.filter(({ kind }) => kind !== 'text')).toEqual([]);
      expect(spans.map(({ text }) => text).join('')).toBe(`[x](${href})`);
    },
  );
});

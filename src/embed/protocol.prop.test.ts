import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFromEmbed, parseRequest } from './protocol';

/** Commands as a host may write them, and everything else that can come through a port. */
const types = [
  'load',
  'seek',
  'play',
  'pause',
  'step',
  'setTheme',
  'select',
  'getState',
  'exportSvg',
  'constructor',
  '',
];
const fields = ['id', 'line', 'script', 'link', 'direction', 'theme', 'object', '__proto__', 'toString'];
const garbage = fc.anything({ withBigInt: true, withDate: true, withMap: true, withTypedArray: true });
const nearly = fc
  .tuple(fc.constantFrom(...types), fc.dictionary(fc.constantFrom(...fields), garbage))
  .map(([type, rest]) => ({ ...rest, type }));

describe('messages of a host', () => {
  it('never throw, and are a command of the list or a reason', () => {
    fc.assert(
      fc.property(fc.oneof(garbage, nearly), (message) => {
        const parsed = parseRequest(structuredClone(message));
        if (!parsed.ok) {
          expect(parsed.why).toMatch(/\S/);
          return;
        }
        const { value } = parsed;
        expect(types.slice(0, 9)).toContain(value.type);
        if ('line' in value && value.line !== undefined)
          expect(Number.isSafeInteger(value.line) && value.line >= 0).toBe(true);
        if ('script' in value) expect(typeof value.script).toBe('string');
        if ('object' in value) expect(value.object === null || typeof value.object === 'string').toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('take nothing that the message only inherits', () => {
    expect(parseRequest(Object.create({ type: 'play' })).ok).toBe(false);
  });

  it.each([
    [
      { type: 'seek', line: 3, id: 1, more: true },
      { type: 'seek', line: 3, id: 1 },
    ],
    [{ type: 'step' }, { type: 'step', direction: 1 }],
    [
      { type: 'load', script: 'boot', line: 0 },
      { type: 'load', script: 'boot', line: 0 },
    ],
    [
      { type: 'select', object: null, id: 0 },
      { type: 'select', object: null, id: 0 },
    ],
  ])('keep what they say: %j', (message, value) => {
    expect(parseRequest(message)).toEqual({ ok: true, value });
  });

  it.each([
    [{ type: 'seek', line: -1 }],
    [{ type: 'seek', line: '3' }],
    [{ type: 'load' }],
    [{ type: 'load', script: 'boot', link: '#s1:A' }],
    [{ type: 'load', script: 'boot', line: 1.5 }],
    [{ type: 'step', direction: 2 }],
    [{ type: 'setTheme', theme: 'pink' }],
    [{ type: 'select' }],
    [{ type: 'select', object: 'x'.repeat(201) }],
    [{ type: 'exportSvg', theme: 'auto' }],
    [{ type: 'eval', script: '1' }],
  ])('are refused with a reason and their id: %j', (message) => {
    expect(parseRequest({ ...message, id: 7 })).toEqual({
      ok: false,
      id: 7,
      why: expect.stringMatching(/\w+ \w+/),
    });
  });
});

describe('messages of an embed', () => {
  it('never throw', () => {
    const replies = fc
      .tuple(
        fc.constantFrom('answer', 'ready', 'height', 'fault', 'x'),
        fc.dictionary(fc.constantFrom('id', 'ok', 'value', 'why', 'height'), garbage),
      )
      .map(([type, rest]) => ({ ...rest, type }));
    fc.assert(
      fc.property(fc.oneof(garbage, replies), (message) => {
        const parsed = parseFromEmbed(message);
        if (parsed?.type === 'height')
          expect(Number.isSafeInteger(parsed.height) && parsed.height >= 0).toBe(true);
        if (parsed?.type === 'answer') expect(Number.isSafeInteger(parsed.id)).toBe(true);
      }),
    );
  });
});

// Another language: what a build says where it has a file of its own, and where it has none.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'vite';
import { afterAll, expect, test } from 'vitest';
import { language } from './language.ts';
import { REFUSAL } from '../src/words/panels/refusal.ts';

const languages = mkdtempSync(join(tmpdir(), 'languages-'));
afterAll(() => rmSync(languages, { recursive: true }));

/** What a file of the page comes to, in a language. */
async function built(code) {
  const result = await build({
    configFile: false,
    logLevel: 'silent',
    plugins: [language(code, `${languages}/`)],
    build: {
      write: false,
      minify: false,
      lib: { entry: 'src/panels/refusal/errno-words.ts', formats: ['es'] },
    },
  });
  return [result].flat()[0].output[0].code;
}

test('a file of the language takes the place of the English one', async () => {
  mkdirSync(join(languages, 'xx/panels'), { recursive: true });
  writeFileSync(
    join(languages, 'xx/panels/refusal.ts'),
    "export const REFUSAL = { probeDefer: 'noch nicht' };\n",
  );
  const code = await built('xx');
  expect(code).toContain('noch nicht');
  expect(code).not.toContain(REFUSAL.probeDefer);
});

test('a file that the language has not yet is English', async () => {
  mkdirSync(join(languages, 'yy'), { recursive: true });
  expect(await built('yy')).toContain(REFUSAL.probeDefer);
});

test('a language that is not there is no language', () => {
  expect(() => language('zz', `${languages}/`)).toThrow('no language “zz”');
});

test('the page says which language it is in', () => {
  expect(language('xx', `${languages}/`).transformIndexHtml('<html lang="en" class="a">')).toBe(
    '<html lang="xx" class="a">',
  );
});

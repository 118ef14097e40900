import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const css = readFileSync(new URL('./tokens.css', import.meta.url), 'utf8');

type Tokens = ReadonlyMap<string, string>;

/** Declarations of the first rule with that selector after `from`. */
function rule(selector: string, from = 0): Tokens {
  const begin = css.indexOf(`${selector} {`, from);
  const body = css.slice(css.indexOf('{', begin) + 1, css.indexOf('}', begin));
  return new Map([...body.matchAll(/(--[\w-]+):\s*([^;]+);/g)].map(([, name, value]) => [name!, value!]));
}
const over = (...layers: readonly Tokens[]): Tokens => new Map(layers.flatMap((layer) => [...layer]));

const more = css.indexOf('(prefers-contrast: more)');
const themes = {
  light: over(rule(':root')),
  dark: over(rule(':root'), rule("[data-theme='dark']")),
  'light, more contrast': over(rule(':root'), rule(':root', more)),
  'dark, more contrast': over(rule(':root'), rule("[data-theme='dark']", more)),
};

type Rgb = readonly [number, number, number];

/** Linear light of an oklch() colour. https://www.w3.org/TR/css-color-4/#color-conversion-code */
function linear(oklch: string): Rgb {
  const [, l, c, h] = /^oklch\(([\d.]+)% ([\d.]+) ([\d.]+)\)$/.exec(oklch)!.map(Number);
  const [a, b] = [c! * Math.cos((h! * Math.PI) / 180), c! * Math.sin((h! * Math.PI) / 180)];
  const cube = (n: number): number => n * n * n;
  const [L, M, S] = [
    cube(l! / 100 + 0.3963377774 * a + 0.2158037573 * b),
    cube(l! / 100 - 0.1055613458 * a - 0.0638541728 * b),
    cube(l! / 100 - 0.0894841775 * a - 1.291485548 * b),
  ];
  const clip = (n: number): number => Math.max(0, Math.min(1, n));
  return [
    clip(4.0767416621 * L - 3.3077115913 * M + 0.2309699292 * S),
    clip(-1.2684380046 * L + 2.6097574011 * M - 0.3413193965 * S),
    clip(-0.0041960863 * L - 0.7034186147 * M + 1.707614701 * S),
  ];
}
const encode = (n: number): number => (n <= 0.0031308 ? 12.92 * n : 1.055 * n ** (1 / 2.4) - 0.055);
const decode = (n: number): number => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
const luminance = ([r, g, b]: Rgb): number => 0.2126 * r + 0.7152 * g + 0.0722 * b;

/** https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio */
function contrast(one: Rgb, other: Rgb): number {
  const [a, b] = [luminance(one), luminance(other)];
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

/** color-mix(in srgb, hue share, surface) */
const tinted = (hue: Rgb, surface: Rgb, share: number): Rgb =>
  hue.map((h, i) => decode(encode(h) * share + encode(surface[i]!) * (1 - share))) as unknown as Rgb;

const SURFACES = ['--bg', '--surface', '--sunken'];
const INKS = ['--ink', '--ink-2', '--ink-3'];
const HUES = [
  '--device',
  '--group',
  '--iommu',
  '--hwpt',
  '--ioas',
  '--memory',
  '--fault',
  '--stale',
  '--focus',
];
const LEVELS = ['--lv5', '--lv4', '--lv3', '--lv2', '--lv1', '--off'];

describe.each(Object.entries(themes))('%s', (name, tokens) => {
  const at = (token: string): Rgb => linear(tokens.get(token)!);
  const least = name.endsWith('more contrast') ? 7 : 4.5;

  test.each([...INKS, ...HUES, ...LEVELS])(
    `%s carries text on every surface: ${String(least)} : 1`,
    (token) => {
      for (const surface of SURFACES) expect(contrast(at(token), at(surface))).toBeGreaterThanOrEqual(least);
    },
  );

  test.each([...HUES, ...LEVELS])('%s carries text on its own tint', (hue) => {
    const share = parseFloat(tokens.get('--tint')!) / 100;
    expect(contrast(at(hue), tinted(at(hue), at('--surface'), share))).toBeGreaterThanOrEqual(4.5);
  });

  test('the page’s own dark surface carries text: buttons, tips, verdicts', () => {
    expect(contrast(at('--bg'), at('--ink'))).toBeGreaterThanOrEqual(7);
  });
});

test('more contrast means that borders are seen too: 3 : 1', () => {
  for (const theme of ['light, more contrast', 'dark, more contrast'] as const) {
    const at = (token: string): Rgb => linear(themes[theme].get(token)!);
    for (const line of ['--line', '--line-strong'])
      expect(contrast(at(line), at('--surface')), `${line}, ${theme}`).toBeGreaterThanOrEqual(3);
  }
});

test('every colour of the light theme has a value in the others', () => {
  const colours = [...rule(':root')].filter(([, value]) => value.startsWith('oklch')).map(([name]) => name);
  const forced = rule("[data-theme='dark']", css.indexOf('(forced-colors: active)'));
  for (const name of colours) {
    expect(rule("[data-theme='dark']").has(name), `${name}, dark`).toBe(true);
    expect(rule(':root', more).has(name), `${name}, more contrast`).toBe(true);
    expect(rule("[data-theme='dark']", more).has(name), `${name}, dark and more contrast`).toBe(true);
    expect(forced.has(name), `${name}, forced colours`).toBe(true);
  }
});

test('black on white is 21 : 1', () => {
  expect(contrast(linear('oklch(0% 0 0)'), linear('oklch(100% 0 0)'))).toBeCloseTo(21, 5);
});

describe('one file has the values', () => {
  const root = new URL('../', import.meta.url);
  const styles = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
    // Pieces for other people's pages cannot know our tokens.
    (path) => path.endsWith('.css') && !path.endsWith('tokens.css') && !path.startsWith('docs-sites'),
  );
  const linesOf = (path: string): readonly string[] =>
    readFileSync(new URL(path, root), 'utf8')
      .replace(/\/\*[^]*?\*\//g, '')
      .split('\n');
  const offences = (paths: readonly string[], pattern: RegExp): readonly string[] =>
    paths.flatMap((path) =>
      linesOf(path).flatMap((line) => (pattern.test(line) ? [`${path}: ${line}`] : [])),
    );

  test('styles are found', () => {
    expect(styles.length).toBeGreaterThan(20);
  });

  test('no colour is written anywhere else', () => {
    expect(offences(styles, /#[0-9a-f]{3,8}\b|\b(rgba?|hsla?|oklch|oklab|lab)\((?!from)/i)).toEqual([]);
  });

  test('the canvas and what all share have sizes of type and corners by name', () => {
    const shared = styles.filter((path) => /^(canvas|ui)[/\\]/.test(path));
    // The one exception: smaller letters in a field make phones zoom in.
    expect(
      offences(shared, /font(-size)?:[^;/]*\b\d+(\.\d+)?px(?! makes)/).filter((at) => !/: 16px;/.test(at)),
    ).toEqual([]);
    expect(offences(shared, /border-radius: (3|4|10|12|999)px/)).toEqual([]);
  });
});

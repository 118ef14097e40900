import type { ClassMark } from './cards';

/** A hue, and what a surface in it looks like. */
export interface Hue {
  readonly hue: string;
  readonly tint: string;
}

/** Colours and fonts from the tokens: a canvas cannot read CSS variables by itself. */
export interface Paint {
  readonly bg: string;
  readonly surface: string;
  readonly sunken: string;
  readonly line: string;
  readonly strong: string;
  readonly ink: string;
  readonly ink2: string;
  readonly ink3: string;
  readonly device: string;
  readonly hwpt: string;
  readonly stale: string;
  readonly fault: string;
  readonly focus: string;
  readonly bridge: Hue;
  /** Marks of kinds. */
  readonly marks: { readonly device: Hue; readonly bridge: Hue; readonly group: Hue };
  /** A bridge from afar. */
  readonly trunk: Hue;
  readonly classes: Readonly<Record<ClassMark, Hue>>;
  /** Inside the frame of a group of several. */
  readonly shared: string;
  readonly font: string;
  readonly mono: string;
}

export function readPaint(element: Element): Paint {
  const style = getComputedStyle(element);
  const token = (name: string): string => style.getPropertyValue(name).trim();
  const bg = token('--bg');
  const surface = token('--surface');
  const strong = token('--line-strong');
  const device = token('--device');
  const ink = token('--ink');
  const mix = (a: string, percent: number, b: string): string => `color-mix(in srgb, ${a} ${percent}%, ${b})`;
  const hueOf = (name: string): Hue => ({ hue: token(name), tint: mix(token(name), 30, surface) });
  const share = parseFloat(token('--tint'));
  const markOf = (name: string): Hue => ({ hue: token(name), tint: mix(token(name), share, surface) });
  return {
    bg,
    surface,
    sunken: token('--sunken'),
    line: token('--line'),
    strong,
    ink,
    ink2: token('--ink-2'),
    ink3: token('--ink-3'),
    device,
    hwpt: token('--hwpt'),
    stale: token('--stale'),
    fault: token('--fault'),
    focus: token('--focus'),
    bridge: { hue: mix(device, 45, strong), tint: mix(surface, 55, bg) },
    marks: { device: markOf('--device'), bridge: markOf('--device'), group: markOf('--group') },
    trunk: { hue: strong, tint: mix(strong, 45, bg) },
    classes: {
      storage: hueOf('--lv1'),
      network: hueOf('--lv3'),
      display: hueOf('--lv4'),
      other: hueOf('--off'),
    },
    shared: mix(ink, 6, bg),
    font: style.fontFamily,
    mono: token('--font-mono'),
  };
}

/** Calls back when the tokens may have other values; returns how to stop it. */
export function onThemeChange(changed: () => void): () => void {
  const queries = ['(prefers-color-scheme: dark)', '(prefers-contrast: more)', '(forced-colors: active)'].map(
    (each) => matchMedia(each),
  );
  for (const query of queries) query.addEventListener('change', changed);
  const theme = new MutationObserver(changed);
  theme.observe(document.documentElement, { attributes: true, attributeFilter: ['data-theme', 'class'] });
  return () => {
    for (const query of queries) query.removeEventListener('change', changed);
    theme.disconnect();
  };
}

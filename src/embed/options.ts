/** How an embed looks and behaves: in the query of its address, never in the hash, which holds the scene. */
export interface EmbedOptions {
  readonly theme: 'light' | 'dark' | 'auto';
  /** Lines executed when it opens; null: where the link stands. */
  readonly step: number | null;
  /** Plays by itself once it is there. */
  readonly autoplay: boolean;
  /** Below the picture: nothing; play and the scrubber; and single steps, the walk and the way to the playground. */
  readonly controls: 'none' | 'play' | 'full';
  /** The reader can change the scene, with gestures and a line to type. */
  readonly editable: boolean;
  /** What the wheel does over the picture: scrolls the page around it, or moves the picture. */
  readonly wheel: 'page' | 'canvas';
  /** `reduce`: nothing travels, whatever the system says. */
  readonly motion: 'auto' | 'reduce';
  /** Pixels of the frame; null: as high as the scene needs. It is the host's business, the embed only tells. */
  readonly height: number | null;
}

export const DEFAULT_OPTIONS: EmbedOptions = {
  theme: 'auto',
  step: null,
  autoplay: false,
  controls: 'full',
  editable: false,
  wheel: 'page',
  motion: 'auto',
  height: null,
};

export const HEIGHT = { least: 160, most: 2000 } as const;

const CHOICES = {
  theme: ['light', 'dark', 'auto'],
  controls: ['none', 'play', 'full'],
  wheel: ['page', 'canvas'],
  motion: ['auto', 'reduce'],
} as const;

/** The query that makes a page an embed. */
export const isEmbed = (query: URLSearchParams): boolean => query.has('embed');

/** What a query asks for; a word that means nothing leaves its default. */
export function parseOptions(query: URLSearchParams): EmbedOptions {
  return {
    theme: chosen('theme', query),
    step: whole(query.get('step'), 0, 1e9),
    autoplay: flag(query.get('autoplay')),
    controls: chosen('controls', query),
    editable: flag(query.get('editable')),
    wheel: chosen('wheel', query),
    motion: chosen('motion', query),
    height: whole(query.get('height'), HEIGHT.least, HEIGHT.most),
  };
}

/** The query of an embed, without its question mark: what differs from the defaults, always in the same order. */
export function formatOptions(options: EmbedOptions): string {
  const words = (Object.keys(DEFAULT_OPTIONS) as (keyof EmbedOptions)[]).flatMap((key) => {
    const value = options[key];
    if (value === DEFAULT_OPTIONS[key] || value === null) return [];
    return [value === true ? key : `${key}=${String(value)}`];
  });
  return ['embed', ...words].join('&');
}

type ChoiceKey = keyof typeof CHOICES;

function chosen<K extends ChoiceKey>(key: K, query: URLSearchParams): EmbedOptions[K] {
  const value = query.get(key);
  const found = CHOICES[key].find((choice) => choice === value);
  return (found ?? DEFAULT_OPTIONS[key]) as EmbedOptions[K];
}

/** As in HTML: a word that stands there alone is meant. */
const flag = (value: string | null): boolean => value !== null && value !== '0' && value !== 'false';

function whole(value: string | null, least: number, most: number): number | null {
  if (value === null || !/^[0-9]{1,9}$/.test(value)) return null;
  return Math.max(least, Math.min(most, Number(value)));
}

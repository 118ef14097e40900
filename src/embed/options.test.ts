import { describe, expect, it } from 'vitest';
import { DEFAULT_OPTIONS, formatOptions, isEmbed, parseOptions, type EmbedOptions } from './options';

const parsed = (query: string): EmbedOptions => parseOptions(new URLSearchParams(query));

describe('options of an embed', () => {
  it('are what README.md says where the query says nothing', () => {
    expect(parsed('embed')).toEqual({
      theme: 'auto',
      step: null,
      autoplay: false,
      controls: 'full',
      editable: false,
      wheel: 'page',
      motion: 'auto',
      height: null,
    });
    expect(isEmbed(new URLSearchParams('embed'))).toBe(true);
    expect(isEmbed(new URLSearchParams('theme=dark'))).toBe(false);
  });

  it('leave a word that means nothing at its default', () => {
    expect(
      parsed('embed&theme=pink&step=-1&controls=&wheel=PAGE&motion=1&height=12.5&autoplay=false'),
    ).toEqual(DEFAULT_OPTIONS);
  });

  it('keep heights within what a page can show', () => {
    expect(parsed('height=1').height).toBe(160);
    expect(parsed('height=999999').height).toBe(2000);
  });

  it('say only what differs, and come back the same', () => {
    expect(formatOptions(DEFAULT_OPTIONS)).toBe('embed');
    const themes = ['light', 'dark', 'auto'] as const;
    for (const theme of themes)
      for (const controls of ['none', 'play', 'full'] as const)
        for (const flag of [true, false])
          for (const step of [null, 0, 12]) {
            const options: EmbedOptions = {
              theme,
              controls,
              step,
              autoplay: flag,
              editable: !flag,
              wheel: flag ? 'canvas' : 'page',
              motion: flag ? 'reduce' : 'auto',
              height: step === 12 ? 500 : null,
            };
            expect(parsed(formatOptions(options))).toEqual(options);
          }
  });
});

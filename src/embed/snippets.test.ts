import { describe, expect, it } from 'vitest';
import { DEFAULT_OPTIONS } from './options';
import { elementSnippet, frameSnippet, type Embedded } from './snippets';

const embedded: Embedded = {
  page: 'https://play.example/v1/',
  hash: '#s2:AAAA',
  title: 'A <script>"DMA"</script> & more',
  options: { ...DEFAULT_OPTIONS, theme: 'dark', step: 3, autoplay: true },
  start: 'visible',
};

describe('snippets', () => {
  it('make an element with its script and a link for readers without scripts', () => {
    expect(elementSnippet(embedded)).toBe(
      [
        '<script type="module" src="https://play.example/v1/embed/iommu-playground.js"></script>',
        '<iommu-playground',
        '  link="https://play.example/v1/#s2:AAAA"',
        '  title="A &lt;script&gt;&quot;DMA&quot;&lt;/script&gt; &amp; more"',
        '  theme="dark"',
        '  step="3"',
        '  autoplay',
        '  start="visible"',
        '>',
        '  <a href="https://play.example/v1/#s2:AAAA">A &lt;script&gt;&quot;DMA&quot;&lt;/script&gt; &amp; more</a>',
        '</iommu-playground>',
      ].join('\n'),
    );
  });

  it('make a frame that asks for what it needs', () => {
    const snippet = frameSnippet({ ...embedded, options: { ...embedded.options, height: 300 } });
    expect(snippet).toContain(
      'src="https://play.example/v1/?embed&amp;theme=dark&amp;step=3&amp;autoplay#s2:AAAA"',
    );
    expect(snippet).toContain('height="300"');
    expect(snippet).not.toContain('<script>');
  });
});

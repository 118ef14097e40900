import { describe, expect, it } from 'vitest';
import { asHtml, asMarkdown, asRst } from './copy-as';

const LINK = 'https://play.example/#s2:AbC-_9';
const NASTY = 'A [card] & `its` "sound" <b>*x*</b> _y_ | \\ 1';

/** Read back by the tools themselves, markdown-it (CommonMark) and docutils 0.19, each gives the title to the letter. */
describe('a link in another document', () => {
  it('in Markdown', () => {
    expect(asMarkdown(LINK, 'Groups')).toBe(`[Groups](${LINK})`);
    expect(asMarkdown(LINK, NASTY)).toBe(
      `[A \\[card\\] \\& \\\`its\\\` "sound" \\<b\\>\\*x\\*\\</b\\> \\_y\\_ \\| \\\\ 1](${LINK})`,
    );
  });

  it('in Markdown behind a picture', () => {
    expect(asMarkdown(LINK, 'Groups', 'https://play.example/a (1).svg')).toBe(
      `[![Groups](https://play.example/a%20%281%29.svg)](${LINK})`,
    );
  });

  it('in HTML', () => {
    expect(asHtml(LINK, NASTY)).toBe(
      `<a href="${LINK}">A [card] &amp; \`its\` &quot;sound&quot; &lt;b&gt;*x*&lt;/b&gt; _y_ | \\ 1</a>`,
    );
    expect(asHtml(`${LINK}"onclick=alert(1)`, 'x', '"><script>')).toBe(
      `<a href="${LINK}%22onclick=alert%281%29"><img src="%22%3E%3Cscript%3E" alt="x"></a>`,
    );
  });

  it('in reStructuredText', () => {
    expect(asRst(LINK, 'Groups')).toBe(`\`Groups <${LINK}>\`__`);
    expect(asRst(LINK, NASTY)).toBe(
      `\`A [card] & \\\`its\\\` "sound" \\<b\\>\\*x\\*\\</b\\> \\_y\\_ \\| \\\\ 1 <${LINK}>\`__`,
    );
    // An address that ends in an underscore would be the name of another reference.
    expect(asRst(`${LINK}_`, 'x')).toBe(`\`x <${LINK}\\_>\`__`);
  });

  it('in reStructuredText behind a picture', () => {
    expect(asRst(LINK, 'Two\nlines', 'a.svg')).toBe(
      `.. image:: a.svg\n   :alt: Two lines\n   :target: ${LINK}\n`,
    );
  });

  it('a line break in a title breaks nothing', () => {
    for (const spelled of [asMarkdown(LINK, 'a\n\nb'), asHtml(LINK, 'a\n\nb'), asRst(LINK, 'a\n\nb')])
      expect(spelled).not.toContain('\n');
  });
});

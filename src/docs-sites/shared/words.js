// What an author writes after ```iommu: `step=6 height=380 title="One mapping" figure=/figures/one.svg autoplay`, with blanks or
// commas between.

/** Options that stand alone. */
const FLAGS = ['autoplay', 'editable'];
const NAMED = [
  'title',
  'figure',
  'figure-dark',
  'alt',
  'step',
  'height',
  'theme',
  'controls',
  'wheel',
  'motion',
  'start',
];

/** As properties of a component: `figure-dark` is `figureDark`. A word that means nothing is told, with the place of the fence. */
export function wordsOf(text = '', place = 'a fence of a page') {
  const options = {};
  for (const [word, name, quoted, plain] of text.matchAll(/([\w-]+)(?:=(?:"([^"]*)"|([^\s,]*)))?|[^\s,]+/g)) {
    const value = quoted ?? plain;
    const known = value === undefined ? FLAGS.includes(name) : NAMED.includes(name);
    if (!known) console.warn(`iommu-playground: “${word}” in ${place} is no option`);
    else options[name.replace(/-(.)/, (_, letter) => letter.toUpperCase())] = value ?? true;
  }
  return options;
}

/** `# title: …` among the script's first lines. */
export const titleOf = (script = '') =>
  /^#\s*title:\s*(\S.*)$/m.exec(script)?.[1].trim() ?? 'IOMMU Playground';

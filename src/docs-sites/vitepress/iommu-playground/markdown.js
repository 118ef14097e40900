// ```iommu fences, and <<< @/file.iommu, become <IommuPlayground>. In .vitepress/config.js: `markdown: { config: iommuFences }`
import { readFileSync } from 'node:fs';
import { wordsOf } from './words.js';

const escaped = (text) =>
  text.replace(/[&<>"]/g, (char) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[char]);

export function iommuFences(md) {
  const { fence } = md.renderer.rules;
  md.renderer.rules.fence = (tokens, index, options, env, renderer) => {
    const token = tokens[index];
    // Between the two, VitePress has lines to highlight and a title: {1,3}[file name]
    const [, language, words] = /^\s*([^\s[{]*)(?:\{.*?\})?(?:\[.*?\])?\s*(.*)$/s.exec(token.info);
    if (language !== 'iommu') return fence(tokens, index, options, env, renderer);
    const [file] = token.src ?? [];
    if (file !== undefined) env.includes?.push(file); // it is watched as the page is
    const given = {
      ...wordsOf(words, env.relativePath),
      script: file === undefined ? token.content : readFileSync(file, 'utf8'),
    };
    const attributes = Object.entries(given).map(([name, value]) =>
      value === true ? name : `${name}="${escaped(value)}"`,
    );
    return `<IommuPlayground ${attributes.join(' ')} />\n`;
  };
}

/** For `vue: { template: { compilerOptions: { isCustomElement } } }`. */
export const isCustomElement = (tag) => tag === 'iommu-playground';

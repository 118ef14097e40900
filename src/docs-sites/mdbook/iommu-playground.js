// Embeds in an mdBook: ```iommu fences become the element, and its module is loaded on pages that have one. In book.toml:
//   [output.html]
//   additional-js = ["iommu-playground.js", "iommu-site-theme.js"]
//   additional-css = ["iommu-playground.css"]
(() => {
  const PLAYGROUND = 'https://PLAYGROUND/';

  /** mdBook writes what follows the language as classes: ```iommu,height=380,step=6,autoplay */
  const OPTION = /^(step|height|theme|controls|wheel|motion|start)=(.*)$|^(autoplay|editable)$/;
  const FIGURE = /^(figure|figure-dark|alt)=(.*)$/;

  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

  /** The poster, if a fence names one: a picture beside the page's source, light or dark as the book is. */
  function picture(words, title) {
    const { figure, 'figure-dark': dark, alt } = words;
    if (figure === undefined) return null;
    const image = make('img', { src: figure, alt: alt ?? title });
    if (dark === undefined) return image;
    const both = make('picture', {});
    both.append(make('source', { srcset: dark, media: '(prefers-color-scheme: dark)' }), image);
    return both;
  }

  for (const code of document.querySelectorAll('pre > code.language-iommu')) {
    const script = code.textContent.trim();
    const title = /^#\s*title:\s*(\S.*)$/m.exec(script)?.[1].trim() ?? 'IOMMU Playground';
    const embed = make('iommu-playground', { title });
    const words = {};
    for (const word of code.classList) {
      const [, option, value, flag] = OPTION.exec(word) ?? [];
      if (option ?? flag) embed.setAttribute(option ?? flag, value ?? '');
      const [, name, path] = FIGURE.exec(word) ?? [];
      if (name !== undefined) words[name] = path;
    }
    const poster = picture(words, title);
    embed.append(
      ...(poster === null ? [] : [poster]),
      make('pre', { textContent: script, hidden: poster !== null }),
    );
    code.parentElement.replaceWith(embed);
  }

  if (document.querySelector('iommu-playground') !== null)
    document.head.append(make('script', { type: 'module', src: `${PLAYGROUND}embed/iommu-playground.js` }));
})();

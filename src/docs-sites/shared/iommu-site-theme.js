// Embeds without a theme of their own become as light or dark as the page around them, now and whenever its reader changes that.
// It asks the page what it looks like, not the tool that made it. A classic script, for the end of a page or with `defer`.
(() => {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const following = new WeakSet();

  /** Red, green, blue and opacity of any colour that style sheets can name. */
  const pixel = (colour) => {
    const context = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return context.getImageData(0, 0, 1, 1).data;
  };

  const isDark = () => {
    const { colorScheme } = getComputedStyle(document.body);
    const [dark, light] = [/\bdark\b/.test(colorScheme), /\blight\b/.test(colorScheme)];
    if (dark !== light) return dark;
    for (const each of [document.body, document.documentElement]) {
      const [red, green, blue, opacity] = pixel(getComputedStyle(each).backgroundColor);
      if (opacity > 127) return 0.299 * red + 0.587 * green + 0.114 * blue < 128;
    }
    return dark && system.matches;
  };

  const follow = () => {
    const dark = isDark();
    for (const embed of document.querySelectorAll('iommu-playground')) {
      if (!embed.hasAttribute('theme')) following.add(embed);
      if (!following.has(embed)) continue;
      embed.setAttribute('theme', dark ? 'dark' : 'light');
      // A <picture> asks the system; here the site decides.
      for (const source of embed.querySelectorAll('source[media*="dark"], source[data-dark]')) {
        source.dataset.dark = '';
        source.media = dark ? 'all' : 'not all';
      }
    }
  };

  const begin = () => {
    follow();
    system.addEventListener('change', follow);
    const changes = new MutationObserver(follow);
    // Where the tools write it: a class of <html>, data-theme of <html> or <body>.
    for (const each of [document.documentElement, document.body])
      changes.observe(each, { attributeFilter: ['class', 'style', 'data-theme', 'data-mode'] });
  };
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
})();

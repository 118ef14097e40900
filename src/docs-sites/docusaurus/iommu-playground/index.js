// A Docusaurus theme with embeds. In docusaurus.config.js:
//   themes: [['./iommu-playground', { playground: 'https://PLAYGROUND/' }]]
const path = require('node:path');

module.exports = function iommuPlayground(_context, { playground }) {
  return {
    name: 'iommu-playground',
    getThemePath: () => path.join(__dirname, 'theme'),
    getClientModules: () => [path.join(__dirname, 'iommu-playground.css')],
    async contentLoaded({ actions }) {
      actions.setGlobalData({ playground: playground.replace(/\/*$/, '/') });
    },
    // `import script from './scene.iommu'` is its text.
    configureWebpack: () => ({ module: { rules: [{ test: /\.iommu$/, type: 'asset/source' }] } }),
  };
};

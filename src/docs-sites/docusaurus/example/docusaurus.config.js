module.exports = {
  title: 'A manual made by Docusaurus',
  url: 'https://manual.example',
  baseUrl: '/',
  onBrokenLinks: 'throw',
  plugins: [['@docusaurus/plugin-content-docs', { routeBasePath: '/', sidebarPath: undefined }]],
  themes: ['@docusaurus/theme-classic', ['./iommu-playground', { playground: 'https://PLAYGROUND/' }]],
  themeConfig: {
    navbar: { title: 'A manual made by Docusaurus' },
    colorMode: { respectPrefersColorScheme: true },
  },
};

import { iommuFences, isCustomElement } from './iommu-playground/markdown.js';

export default {
  title: 'A manual made by VitePress',
  themeConfig: {
    sidebar: [
      { text: 'A packet that comes too late', link: '/' },
      { text: 'Other ways to name a scene', link: '/more' },
    ],
  },
  markdown: { config: iommuFences },
  vue: { template: { compilerOptions: { isCustomElement } } },
};

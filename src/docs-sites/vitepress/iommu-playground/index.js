// A theme with embeds: `export default withIommuPlayground(DefaultTheme, 'https://PLAYGROUND/')` in .vitepress/theme/index.js
import IommuPlayground from './IommuPlayground.vue';
import './iommu-playground.css';

export const withIommuPlayground = (theme, playground) => ({
  extends: theme,
  enhanceApp({ app }) {
    app.provide('iommu-playground', playground.replace(/\/*$/, '/'));
    app.component('IommuPlayground', IommuPlayground);
  },
});

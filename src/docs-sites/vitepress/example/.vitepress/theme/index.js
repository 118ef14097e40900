import DefaultTheme from 'vitepress/theme';
import { withIommuPlayground } from '../iommu-playground/index.js';

export default withIommuPlayground(DefaultTheme, 'https://PLAYGROUND/');

import MDXComponents from '@theme-init/MDXComponents';
import IommuPlayground from '@theme/IommuPlayground';

export default { ...MDXComponents, IommuPlayground };

// ```iommu fences become embeds; all others are what they were.
import React from 'react';
import CodeBlock from '@theme-init/CodeBlock';
import IommuPlayground from '@theme/IommuPlayground';
import { wordsOf } from '../../words.js';

export default function CodeBlockOrScene(props) {
  const { className = '', language, metastring, children } = props;
  const isScene = language === 'iommu' || /(?:^|\s)language-iommu(?:\s|$)/.test(className);
  if (!isScene || typeof children !== 'string') return <CodeBlock {...props} />;
  return <IommuPlayground {...wordsOf(metastring)} script={children} />;
}

import React, { useEffect } from 'react';
import { useColorMode } from '@docusaurus/theme-common';
import { useBaseUrlUtils } from '@docusaurus/useBaseUrl';
import { usePluginData } from '@docusaurus/useGlobalData';
import useIsBrowser from '@docusaurus/useIsBrowser';
import ThemedImage from '@theme/ThemedImage';
import { loadElement } from '../../load-element.js';
import { titleOf } from '../../words.js';

/**
 * A scene: `script`, `link` or `scene`; its poster `figure` and `figureDark` (of the folder static/, with a slash in front); and the
 * element's options by their own names.
 */
export default function IommuPlayground({
  script,
  link,
  scene,
  figure,
  figureDark = figure,
  alt,
  ...options
}) {
  const { playground } = usePluginData('iommu-playground');
  const { withBaseUrl } = useBaseUrlUtils();
  const { colorMode } = useColorMode();
  // Pages are rendered before anybody reads them: what depends on the reader comes afterwards.
  const isBrowser = useIsBrowser();
  useEffect(() => loadElement(playground), [playground]);

  const text = script?.trim();
  const { title = titleOf(text), step, start, theme, autoplay, editable, ...looks } = options;
  const linked = link?.startsWith('#') ? playground + link : link;
  const address = scene === undefined ? linked : `${playground}#scene=${scene}`;
  return (
    <iommu-playground
      {...looks}
      src={playground}
      link={scene === undefined ? linked : undefined}
      scene={scene}
      title={title}
      theme={theme ?? (isBrowser ? colorMode : undefined)}
      autoplay={autoplay ? '' : undefined}
      editable={editable ? '' : undefined}
      // The element has methods of these names, which React would overwrite; to HTML, capitals are the same attribute.
      STEP={step}
      START={start}
    >
      {figure && (
        <ThemedImage
          alt={alt ?? title}
          sources={{ light: withBaseUrl(figure), dark: withBaseUrl(figureDark) }}
        />
      )}
      {text && <pre hidden={Boolean(figure)}>{text}</pre>}
      {address && (
        <a className={figure ? 'iommu-open' : undefined} href={address}>
          {title}
        </a>
      )}
    </iommu-playground>
  );
}

// The module of the element, once for all pages of a site. Where it is out of reach, the posters stay.
export function loadElement(playground) {
  const src = `${playground}embed/iommu-playground.js`;
  if ([...document.scripts].some((script) => script.src === src)) return;
  document.head.append(Object.assign(document.createElement('script'), { type: 'module', src }));
}

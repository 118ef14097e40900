/** What the element says before, and instead of, the embed in it. */
export const ELEMENT = {
  frameTitle: 'IOMMU Playground',
  start: 'Start',
  starting: 'Starting…',
  open: 'Open in playground',
  notAnswered: (origin: string) =>
    `The playground at ${origin} did not answer. It may be out of reach, or its server forbids being framed here (frame-ancestors, X-Frame-Options).`,
  frameForbidden: (origin: string) =>
    `This page’s Content-Security-Policy forbids the frame: it needs frame-src ${origin}`,
  noScripts: 'The sandbox attribute of this embed forbids scripts: it needs allow-scripts.',
  loadedAnew: 'The embed was loaded anew.',
  isClosed: 'The connection is closed.',
  wasClosed: 'The connection was closed.',
  badSource: (src: string) => `This is no address of a playground: ${src.slice(0, 120)}`,
} as const;

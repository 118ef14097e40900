/** What a page and its service worker say to each other. */
export type ToWorker =
  /** The person agrees: the version that waits becomes the one that runs. */
  | { readonly type: 'take-over' }
  /** A page has started: files of versions that nobody runs any more can go. */
  | { readonly type: 'tidy' }
  /** Answered on the port that comes along, with a string. */
  | { readonly type: 'version' };

export interface ToPage {
  readonly type: 'failed';
  /** A version could not be stored: there is no room, or else not all of it could be had. */
  readonly why: 'no-room' | 'incomplete';
}

/** What a page holds as long as it runs, so that files which it may still ask for stay. */
export const lockOfVersion = (scope: string, version: string): string =>
  `iommu-playground-version:${scope}:${version}`;

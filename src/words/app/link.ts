import type { Differs } from '../../app/link-state';

/** What the page says of links. */
export const LINK_WORDS = {
  kept: (why: string) => `${why} Your present scene is as it was.`,
  fetching: (host: string) => `Fetching the script from ${host}…`,
  openRaw: 'Open the file itself',
  fetched: (name: string, host: string) => `${name} of ${host} is open.`,
  noScene: (id: string) => `The gallery has no scene named ${id}.`,
  noFigure: (name: string) => `${name} carries no scene: only figures and reports that this page made do.`,
  otherVersion: (differs: Differs) =>
    differs.kind === 'world'
      ? 'This link was made with another version. Every line answers as it did there; what is there at the end differs.'
      : `This link was made with another version, and not every line answers as it did there. The first that differs is ${
          differs.from === differs.to
            ? `line ${differs.from}`
            : `between line ${differs.from} and line ${differs.to}`
        }.`,
} as const;

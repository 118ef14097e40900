/** What a host is answered whose message cannot be understood. */
export const PROTOCOL = {
  noLine: 'seek needs a line: a whole number, 0 or more',
  badLine: 'a line is a whole number, 0 or more',
  badDirection: 'step goes in direction 1 or -1',
  badTheme: 'a theme is light, dark or auto',
  badFigureTheme: 'a figure is light or dark',
  noObject: 'select needs an object: its id, or null',
  oneScene: 'load needs a script or a link, and not both',
  noCommand: (type: string) => `there is no command ${type}`,
  noMessage: 'a message is an object with a type',
} as const;

/** Of texts and files on their way in: said before the import dialog is there. */
export const OFFER = {
  pasted: 'Pasted text',
  typed: 'Typed text',
  opened: (name: string) => `${name} is open. Undo brings back what you had.`,
  tooLong: (name: string, size: string, most: string) =>
    `${name} has ${size}; more than ${most} is not read.`,
  notText: (name: string, at: number) =>
    `${name} is not text: byte ${at} is zero. Unpack it first if it is compressed.`,
  unreadable: (name: string) => `${name} could not be read.`,
  noFile: 'No file came along.',
  aScenario: (name: string) => `${name} is a scenario: it is opened alone, not with other files.`,
} as const;

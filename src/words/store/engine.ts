/** What the engine is asked for: said while it takes long, and when it fails. */

export const theEngineStoppedNothingWasChanged = (what: string): string =>
  `${what}: the engine stopped, nothing was changed.`;
export const lineOf = (what: string, at: number, total: number): string => `${what}: line ${at} of ${total}`;
export const startingTheEngine = 'Starting the engine';
export const readingMemory = 'Reading memory';
export const readingTheHardware = 'Reading the hardware';
export const readingTheTable = 'Reading the table';
export const readingTheCalls = 'Reading the calls';
export const readingSysfs = 'Reading sysfs';
export const readingTheOrderOfLocks = 'Reading the order of locks';
export const readingTheNotes = 'Reading the notes';
export const groupingTheMachine = 'Grouping the machine';
export const tryingTheDevice = 'Trying the device';
export const readingTheText = 'Reading the text';
export const theEngineStoppedWhile = 'The engine stopped while it was reading this text.';
export const readingTheKernelsLines = 'Reading the kernel’s lines';

export const placing = 'Placing';

export const goingBack = 'Going back';
export const running = 'Running';
export const runningTheScript = 'Running the script';
export const openingTheBranch = 'Opening the branch';
export const thisLineMakesNoSense = 'this line makes no sense';
export const column = (column: number): string => ` (column ${column})`;

export const goingThere = 'Going there';
export const readingThatMoment = 'Reading that moment';
export const readingTables = 'Reading tables';
export const readingTheEvents = 'Reading the events';

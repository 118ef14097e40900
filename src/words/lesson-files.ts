/** What checks of a lesson answer, and what is wrong with a lesson’s file. */

export const theKernelHasRefusedNothing = 'The kernel has refused nothing in this step yet.';
export const wasNotCalledInThisStepYet = (name: string): string => `${name} was not called in this step yet.`;
export const calledSucceeded = (name: string, count: number, count2: number): string =>
  `${name}: ${count} called, ${count2} succeeded.`;
export const noBitmapWasRead = 'No bitmap was read in this step yet.';
export const theLastBitmapToldOf = (last: number): string =>
  `The last bitmap told of ${last} ${last === 1 ? 'page' : 'pages'}.`;
export const nothingHasHadToWait = 'Nothing has had to wait in this step yet.';
export const nothingIsDeadlocked = 'Nothing is deadlocked.';

export const theEntryIsThereAndDoes = 'the entry is there and does not allow it';
export const nothingIsMappedThere = 'nothing is mapped there';
export const noPageTableServesThisRequester = 'no page table serves this requester';
export const anEntryOnTheWayMakes = 'an entry on the way makes no sense';

export const accessIsReadOrWrite = 'access is read or write';
export const isNoAddress = (iova: string): string => `${iova} is no address`;
export const noDevice = 'No device';
export const hasMadeNoDma = (device: string): string => `${device} has made no DMA in this step yet.`;
export const theDevice = 'The device';
export const wasRefused = (what: string, what2: string): string => `${what} was refused: ${what2}.`;
export const wentToAnotherDevicePastTheIommu = (what: string): string =>
  `${what} went to another device, past the IOMMU.`;
export const waitsForAnAnswer = (what: string): string => `${what} waits for an answer.`;
export const reachedNothing = (what: string): string => `${what} reached nothing.`;
export const reached0x = (what: string, value: string, what2: string): string =>
  `${what} reached 0x${value}, ${what2}.`;
export const byAWalkOfTheTables = 'by a walk of the tables';
export const byTheIotlb = 'by the IOTLB';
export const byItsOwnTlb = 'by its own TLB';
export const pastTheIommu = 'past the IOMMU';
export const causeIsOneOf = (list: string): string => `cause is one of ${list}`;
export const noTrafficOfRanBeside = (name: string): string =>
  `No traffic of ${name} ran beside a line of this step.`;
export const accessesOfOfThemBlocked = (accesses: number, name: string, blocked: number): string =>
  `${accesses} accesses of ${name}, ${blocked} of them blocked.`;

export const thePanelShownIs = (panel: string): string => `The panel shown is ${panel}.`;
export const nothingIsSelected = 'Nothing is selected.';
export const isSelected = (shown: string): string => `${shown} is selected.`;

export const isNotThere = (field: string): string => `${field} is not there.`;
export const is = (field: string, name: string): string => `${field} is ${name}.`;
export const isInNoGroup = (lone: string): string => `${lone} is in no group.`;
export const isIn = (word: string, replace: string): string => `${word} is in ${replace}`;
export const thereIsNoHere = (word: string): string => `There is no ${word} here.`;
export const isGone = (name: string): string => `${name} is gone.`;
export const isThere = (name: string): string => `${name} is there.`;
export const thereIsNoYet = (type: string): string => `There is no ${type} yet.`;
export const are = (found: number): string => `are ${found}`;
export const there = (what: string): string => `There ${what}.`;
export const isAttachedToNothing = (name: string): string => `${name} is attached to nothing.`;
export const anHwpt = 'an HWPT';
export const anIoas = 'an IOAS';
export const isOnMadeFor = (name: string, name2: string, name3: string): string =>
  `${name} is on ${name2}, made for ${name3}.`;
export const isStillAttached = (name: string): string => `${name} is still attached.`;
export const isBound = (name: string): string => `${name} is bound.`;
export const hasTheDriverAndIsNotBound = (name: string, name2: string): string =>
  `${name} has the driver ${name2}, and is not bound.`;
export const isNoRangeStartLast = (what: string): string => `${what} is no range START-LAST`;
export const thereIsNoIoasYet = 'There is no IOAS yet.';
export const nothingIsMapped = 'Nothing is mapped.';
export const noLock = 'no lock';
export const has = (name: string, what: string): string => `${name} has ${what}`;
export const noTaskIsOnItsWay = 'No task is on its way.';

export const aCheckIsOneOf = (list: string): string => `a check is one of ${list}`;
export const aCheckEnds = 'a check ends with what is wanted, in words and in quotes';
export const writeCheck = (text: string, usage: string): string => `write: check ${text} ${usage}`;

export const aStepBeginsWithALineTitle = 'a step begins with a line "# Title"';
export const thisIsNeverClosed = 'this ``` is never closed';
export const aLessonHasAtLeastOneStep = 'a lesson has at least one step';
export const aLessonBeginsWithItsTitle =
  'a lesson begins with its title and the like between two lines "---"';
export const thisMustBe = (list: string): string => `this must be one of ${list}, and a value: "title: …"`;
export const thereIsNoBetweenTheLines = (key: string): string =>
  `there is no "${key}: …" between the lines "---"`;
export const isANumberNot = (key: string, text: string): string => `${key} is a number, not "${text}"`;
export const difficultyIsOneOfNot = (list: string, difficulty: string): string =>
  `difficulty is one of ${list}, not "${difficulty}"`;
export const mayBeFollowedByOrNothing = (list: string): string =>
  `\`\`\` may be followed by ${list}, or nothing`;
export const aStepBeginsOnceOneFresh = 'a step begins once: one fresh or setup';
export const lookIsFollowedBySelectName = '@look is followed by select NAME, panel ID, line N, or look-up';
export const thereIsNoItIsCheck = (word: string): string =>
  `there is no @${word}: it is @check, @hint or @look`;
export const theFirstStepHasAFresh = 'the first step has a ```fresh with its machine';
export const nothingIsToldIn = (title: string): string => `nothing is told in "${title}"`;
export const hasACheckAndNoHint = (title: string): string => `"${title}" has a @check and no @hint`;

/** What is wrong with a line of a script, and how it would be right. */

export const isNoPciAddress = (what: string): string => `${what} is no PCI address such as 01:00.0`;
export const isNoKindOfPciFunction = (what: string): string => `${what} is no kind of PCI function`;
export const isNoFlagOfPciAre = (stray: string, list: string): string =>
  `${stray} is no flag of pci; ${list} are`;
export const isNoOptionOfPci = (key: string): string => `${key} is no option of pci`;
export const cannotBeRead = (key: string, value: string): string => `${key}=${value} cannot be read`;

export const didYouMean = (meant: string): string => `; did you mean ${meant}?`;

export const howItCompares = 'how it compares';
export const whatShouldBeThere = 'what should be there';

export const thereIsNoVerb = (text: string, suggestion: string): string =>
  `there is no verb "${text}"${suggestion}`;
export const howEndsIsForTheLine = (task: string, expect: string): string =>
  `how ${task} ends is for the line that finishes it to say: finish ${task} ! ${expect}`;
export const onlyADmaOrABurst = 'only a dma or a burst can end in a FAULT; the kernel refuses with an errno';
export const takesNoLockSoNothing = (name: string): string =>
  `${name} takes no lock, so nothing can be in its way`;
export const cannotBeBegunOnlyWhatTakes = (verb: string): string =>
  `${verb} cannot be begun: only what takes locks can be stopped between two of them`;
export const makesNothingThatCouldBeNamed = (name: string, name2: string): string =>
  `${name} makes nothing that could be named; leave out "${name2} ="`;
export const giveWhatMakesANameAsIn = (name: string, example: string): string =>
  `give what ${name} makes a name, as in: ${example}`;
export const wordIsGivenTwice = (text: string): string => `${text} is given twice`;
export const takesNoOptionsSuchAs = (name: string, key: string): string =>
  `${name} takes no options such as ${key}=`;
export const itHas = (list: string): string => `; it has ${list}`;
export const hasNoOption = (name: string, key: string, known: string): string =>
  `${name} has no option ${key}=${known}`;
export const optionIsGivenTwice = (key: string): string => `${key}= is given twice`;
export const isOneWordTooManyFor = (text: string, signature: string, hint: string): string =>
  `"${text}" is one word too many for ${signature}${hint}`;
export const alsoNeedsWord = (name: string, label: string, help: string, example: string): string =>
  `${name} also needs ${label} (${help}), as in: ${example}`;
export const alsoNeedsOption = (name: string, key: string, help: string, example: string): string =>
  `${name} also needs ${key}= (${help}), as in: ${example}`;
export const needsEitherAsIn = (name: string, sets: string, example: string): string =>
  `${name} needs either ${sets}, as in: ${example}`;
export const partOfVerb = (name: string, name2: string): string => `the ${name} of ${name2}`;
export const isWrittenWithoutQuotes = 'is written without quotes';
export const isTextPutItInQuotes = (text: string): string => `is text: put it in quotes, as in "${text}"`;
export const mustBeAPciAddress = (text: string): string =>
  `must be a PCI address such as 01:00.0, in hex; "${text}" is none`;
export const mustBeAPciAddressSuch = (text: string): string =>
  `must be a PCI address such as 01:00.0, in hex, or the name of a platform device; "${text}" is none`;
export const mustBeANameAPci = (text: string): string =>
  `must be a name, a PCI address or an id; "${text}" is none`;
export const mustBeNot = (values: string, text: string, suggestion: string): string =>
  `must be ${values}, not "${text}"${suggestion}`;
export const isAGroupsNumber = (text: string): string => `is a group's number, such as 3; "${text}" is none`;
export const mustBeAWholeNumberIsNone = (text: string): string => `must be a whole number; "${text}" is none`;
export const isOffEveryCanvas = 'is off every canvas';
export const isWrittenLikeNot = (sample: string, text: string): string =>
  `is written like ${sample}, not "${text}"`;
export const mustBeAName = (text: string): string =>
  `must be a name that an earlier line gave; ${text} is a PCI address, BIND gives it a name`;
export const mustBeANameThat = (text: string): string =>
  `must be a name that an earlier line gave; "${text}" cannot be one`;
export const didYouMeanThe = (what: string, name: string): string => `; did you mean ${what}${name}?`;
export const mustBeANumber = (text: string, hint: string): string =>
  `must be a number such as 4096, 0x1000 or 2M; "${text}" is none${hint}`;
export const mustNotBeNegative = 'must not be negative';
export const doesNotFitIn64Bits = (text: string): string => `does not fit in 64 bits: ${text}`;
export const mustBeTwoNumbers = (text: string): string =>
  `must be two numbers such as 0x1000-0x1fff; "${text}" is none`;
export const endsBeforeItStartsARange = 'ends before it starts: a range is start-last, both included';
export const or = (list: string, last: string): string => `${list} or ${last}`;

export const whatIsAVerbIsMissing = (text: string): string => `what is ${text}? A verb is missing`;
export const anExpectedErrnoStandsAfterAnAction = 'an expected errno stands after an action';
export const aLineBeginsWithAVerb = 'a line begins with a verb, or with a name, = and a verb';
export const nameTheExpectedErrnoAfter = 'name the expected errno after the !, as in ! EBUSY';
export const isNoErrnoThatCanCome = (text: string, suggestion: string): string =>
  `"${text}" is no errno that can come up here${suggestion}`;

export const noLineBeforeGivesTheName = (text: string, suggestion: string): string =>
  `no line before gives the name ${text}${suggestion}`;

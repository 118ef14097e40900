/** Help on verbs and their arguments: checks and sysfs. */

export const ofAFileOrDirectoryInSysfs = 'of a file or directory in sysfs';
export const howItCompares = 'how it compares';
export const whatShouldBeThere = 'what should be there';
export const saysWhatMustBeSo = 'says what must be so';
export const aNameAPciAddress = 'a name, a PCI address or an id';
export const aFieldOf = 'a field of it, such as driver.name or areas.length; or absent';
export const whatItMustBeAfterContains =
  'what it must be; after contains or lacks: what a list must have or not; or absent';
export const theKernelHasSaidSoSince = 'the kernel has said so since the last such line';
export const partOfALineOfItsLog = 'part of a line of its log';
export const itHasNot = 'it has not';
export const readsAFileOfSysfs = 'reads a file of sysfs';
export const listsADirectoryOfSysfs = 'lists a directory of sysfs';
export const saysWhereALinkOfSysfsLeads = 'says where a link of sysfs leads';
export const writesAWordToAFile = 'writes a word to a file of sysfs';
export const whatToWrite = 'what to write';
export const theFile = 'the file';

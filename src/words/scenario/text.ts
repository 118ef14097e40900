import { grouped } from '../locale';

/** What is wrong with the letters and words of a script, whatever they mean. The page itself reads scripts so far, before the engine does. */

export const unknownEscapeForABackslashWrite = (part: string): string =>
  `unknown escape ${part}; for a backslash write \\\\`;
export const thisTextHasNoClosing = 'this text has no closing "';

export const cannotBeANameStart = (text: string): string =>
  `"${text}" cannot be a name: start with a letter, then letters, digits and _`;
export const nothingMayFollowTheExpectedErrno = 'nothing may follow the expected errno but a # comment';
export const writeAnOptionWithoutSpaces = 'write an option without spaces, as in len=2M';
export const nothingStandsAfterWriteItWithout = (key: string): string =>
  `nothing stands after ${key}=; write it without spaces, as in len=2M`;
export const leaveASpaceBeforeTheOpening = 'leave a space before the opening "';
export const cannotStandInTextWrite = (codePoint: string, escapeCode: string): string =>
  `${codePoint} cannot stand in text; write ${escapeCode}`;
export const leaveASpaceAfterTheClosing = 'leave a space after the closing "; for a quote inside write \\"';
export const theCharacterU = (padStart: string): string => `the character U+${padStart}`;
export const useTheStraightQuoteAroundText = 'use the straight quote " around text';
export const looksLikeASpace = (codePoint: string): string =>
  `${codePoint} looks like a space and is none; type an ordinary one`;
export const cannotStandInAScript = (codePoint: string): string => `${codePoint} cannot stand in a script`;

export const thisScenarioHasLinesMore = (what: string, MOST_LINES: number): string =>
  `This scenario has ${what} lines; more than ${grouped(MOST_LINES)} are not run.`;

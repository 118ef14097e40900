import { grouped, LINK_LIMITS } from './limits';

export interface LinkAdvice {
  readonly level: 'fine' | 'long' | 'too-long';
  readonly text: string;
}

/** Characters beyond which chat and mail programs begin to cut. */
export const EASY_LENGTH = 2000;

/** What to tell someone about to send a link of so many characters, the page's address included. */
export function linkAdvice(length: number): LinkAdvice {
  const size = `${grouped(length)} characters`;
  if (length > LINK_LIMITS.hashLength) {
    return {
      level: 'too-long',
      text: `${size}: browsers lose links this long. Save the scenario as a file instead.`,
    };
  }
  if (length > EASY_LENGTH) {
    return {
      level: 'long',
      text: `${size}: some chat and mail programs cut links beyond ${grouped(EASY_LENGTH)}. Try it, or send the file.`,
    };
  }
  return { level: 'fine', text: size };
}

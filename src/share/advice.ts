import { grouped, LINK_LIMITS } from './limits';
import * as says from '../words/share/link';

export interface LinkAdvice {
  readonly level: 'fine' | 'long' | 'too-long';
  readonly text: string;
}

/** Characters beyond which chat and mail programs begin to cut. */
export const EASY_LENGTH = 2000;

/** What to tell someone about to send a link of so many characters, the page's address included. */
export function linkAdvice(length: number): LinkAdvice {
  const size = says.characters(grouped(length));
  if (length > LINK_LIMITS.hashLength) {
    return {
      level: 'too-long',
      text: says.browsersLoseLinksThisLongSave(size),
    };
  }
  if (length > EASY_LENGTH) {
    return {
      level: 'long',
      text: says.someChatAndMailProgramsCut(size, grouped(EASY_LENGTH)),
    };
  }
  return { level: 'fine', text: size };
}

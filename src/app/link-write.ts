import { linkTo, linkToApart } from '../share/links';
import { sceneNow } from './link-scene';

export { linkAdvice as adviceOn } from '../share/advice';

/** The link of what is on the page. */
export const linkNow = (base: string): string => linkTo(sceneNow(), base);

/** The same for the address bar, which nobody waits for: a hand that acts meanwhile does not wait either. */
export const linkApart = (base: string): Promise<string> => linkToApart(sceneNow(), base);

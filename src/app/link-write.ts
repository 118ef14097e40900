import { linkTo } from '../share/links';
import { sceneNow } from './link-scene';

export { linkAdvice as adviceOn } from '../share/advice';

/** The link of what is on the page. */
export const linkNow = (base: string): string => linkTo(sceneNow(), base);

/** The page judges the same paths, so they are read in one place. */
export { showValue, valueAt } from '../../lib/values';

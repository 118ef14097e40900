import { lineCount } from './lines';
import * as says from '../words/scenario/text';

/** Far more than the scripts of the largest machines have; a run of them all takes a second or two. */
const MOST_LINES = 10_000;

/** Why a text is too long to be a scenario, or null. */
export function tooLong(script: string): string | null {
  const lines = lineCount(script);
  if (lines <= MOST_LINES) return null;
  const counted = lines.toLocaleString('en');
  return says.thisScenarioHasLinesMore(counted, MOST_LINES);
}

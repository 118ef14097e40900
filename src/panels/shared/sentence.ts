import { SHARED } from '../../words/panels/shared';
/** An engine's reason as a sentence. A first word that is a name (`vfio-pci`, `0000:01:00.0`) keeps its spelling. */
export function sentence(why: string | null): string {
  if (why === null || why === '') return SHARED.noReason;
  const capital = /^[a-z]+\s/.test(why) ? why.charAt(0).toUpperCase() + why.slice(1) : why;
  return /[.!?]$/.test(capital) ? capital : `${capital}.`;
}

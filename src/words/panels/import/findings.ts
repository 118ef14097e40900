import type { Certainty, CertainGroup, ImportedIommu, LineRange } from '../../../scenario/import/imported';
import { counted } from '../../counted';
import { grouped, LOCALE } from '../../locale';

/** What the import dialog says, as plain text. */

export const IOMMU_NAMES: Readonly<Record<ImportedIommu['kind'], string>> = {
  vtd: 'Intel VT-d',
  amd: 'AMD-Vi',
  smmuv3: 'Arm SMMUv3',
  riscv: 'RISC-V IOMMU',
};

/** How many groups there can be. */
export interface GroupSpan {
  readonly least: number;
  readonly most: number;
}

/** `12 groups`, `5 to 12 groups`. */
export function groupWords({ least, most }: GroupSpan): string {
  return least === most ? counted(most, 'group') : `${least} to ${counted(most, 'group')}`;
}

const LINES_NAMED = 4;

/** `line 12`, `lines 12, 40, 51, 60 and 7 more`. */
export function lineWords(lines: readonly number[]): string {
  const named = lines.slice(0, LINES_NAMED).map(numbered).join(', ');
  const more = lines.length - LINES_NAMED;
  return `${lines.length === 1 ? 'line' : 'lines'} ${named}${more > 0 ? ` and ${numbered(more)} more` : ''}`;
}

/** `line 5`, `lines 5–9`. */
export const rangeWords = ({ first, last }: LineRange): string =>
  first === last ? `line ${numbered(first)}` : `lines ${numbered(first)}–${numbered(last)}`;

/** As people write line numbers: no separator before ten thousand. */
const numbered = (line: number): string => (line < 10_000 ? `${line}` : grouped(line));

/** Domain 0000 goes without saying. */
export const shortBdf = (bdf: string): string => bdf.replace(/^0000:/, '');

export interface CertaintyWords {
  readonly title: string;
  readonly text: string;
  /** Nothing is open, and nothing speaks against it. */
  readonly sure: boolean;
}

/** How far the groups follow from the text, and what it hides. `moved`: functions that the text records in other company. */
export function certaintyWords(certainty: Certainty, moved: number): CertaintyWords {
  const { state, groups } = certainty;
  const sure = state !== 'open' && moved === 0;
  const hidden = hiddenWords(certainty);
  const unsettled = groups.filter((group) => group.state !== 'certain').length;
  switch (state) {
    case 'certain':
      return {
        sure,
        title: sure
          ? 'Every group is certain'
          : 'The registers decide every group, but other groups are recorded',
        text: !sure
          ? 'By Linux’s rules the registers in the text make the groups that open. The text records others; where is listed below.'
          : hidden === null
            ? 'The registers in the text decide all of them, by Linux’s rules.'
            : `The text does not show ${hidden}; whatever these are, the groups stay the same.`,
      };
    case 'recorded':
      return {
        sure,
        title: sure
          ? 'Every group is settled, some by the running kernel'
          : 'The text records other groups than those that open',
        text: `The text does not show ${hidden ?? 'every register'}. For ${unsettled} of ${counted(groups.length, 'group')} the IOMMU groups that the text records decide instead.`,
      };
    case 'open': {
      const open = groups.filter((group) => group.state === 'open').length;
      return {
        sure,
        title: `${open} of ${counted(groups.length, 'group')} may be split further`,
        text: `The text does not show ${hidden ?? 'every register'}. What stands in two groups is apart for certain.`,
      };
    }
  }
}

/** `the kind and the ACS registers of 10 functions and the header of 1 bridge`; null: the text hides nothing that decides. */
function hiddenWords({ undecided }: Certainty): string | null {
  const of = (what: Certainty['undecided'][number]['what']): number =>
    undecided.filter((each) => each.what === what).length;
  const said = (n: number, before: string): string[] =>
    n === 0 ? [] : [`${before} of ${counted(n, 'function')}`];
  const parts = [
    ...said(of('place'), 'the place'),
    ...said(of('kind-and-acs'), 'the kind and the ACS registers'),
    ...said(of('acs'), 'the ACS registers'),
    ...said(of('multifunction'), 'the multifunction bit'),
  ];
  return parts.length === 0 ? null : new Intl.ListFormat(LOCALE).format(parts);
}

const DECIDERS_NAMED = 3;

/** What an open group can turn out to be, and what decides it. */
export function openWords({ parts, functions, decides }: CertainGroup): string {
  const outcome =
    functions.length === 1
      ? 'Alone, or in a group with others'
      : parts.length === 1
        ? 'Together, perhaps with others'
        : parts.length === 2
          ? 'One group, or two'
          : `One group, or up to ${parts.length}`;
  if (decides.length === 0) return outcome;
  const who =
    decides.length <= DECIDERS_NAMED
      ? new Intl.ListFormat(LOCALE).format(decides.map(shortBdf))
      : `${decides.length} functions`;
  return `${outcome}: registers of ${who} decide`;
}

/** Where the texts that were joined stand in what is counted here: `lspci.txt (lines 1–457)`. */
export function partWords(parts: readonly { readonly name: string; readonly lines: number }[]): string {
  let first = 1;
  const words: string[] = [];
  for (const { name, lines } of parts) {
    words.push(`${name} (${rangeWords({ first, last: Math.max(first, first + lines - 1) })})`);
    first += lines;
  }
  return words.join(', ');
}

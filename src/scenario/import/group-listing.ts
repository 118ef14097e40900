import { formatBdf, type PciAddress } from '../../engine/pci/address';
import { parseBdf } from '../pci-line';
import { isBefore, type Facts, type ReservedFact, type SectionReader } from './facts';
import type { LspciReader } from './read-dumps';
import type { TextLine } from './text-lines';

/** `IOMMU Group 7:`, `Group: 7`, `group 7 type=DMA`, `IOMMU Group 7 00:1c.0 …`, `7: 00:1c.0 …`, and what stands behind. */
const HEADING =
  /^[#*=\s-]*(?:iommu[ _-]{0,2})?group[:#\s]*(?:\/sys\/kernel\/iommu_groups\/)?#?\s*(\d{1,5})(?![\d.])[:.)\]]?\s*(.*)$/i;
const NUMBER_FIRST = /^(\d{1,5})[:)]?\s+((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]\s.*)$/i;
/** What may stand behind a heading that is one. */
const NO_ENTRY = /^(?:[-=:#*{[(\s]*|type[=:]\s*\S{1,20}|\(?\d+ devices?\)?:?)$/i;
/** Bullets, branches and tags before an entry: `[R]`, `[RESET]`, `[1022:1483]`. */
const BEFORE_ENTRY = /^(?:[-–•*+|`\\│├└─\s]|dev(?:ice)?:?\s|->\s)*((?:\[[^\]]{1,20}\]\s*)*)/i;
const ENTRY = /^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7])(?:$|[\s,:])/i;
const TAGGED_IDS = /\[([0-9a-f]{4}:[0-9a-f]{4})\]/i;
const RESERVED =
  /^(?:resv|reserved(?:_regions)?)?:?\s*0x([0-9a-f]{1,16})\s+0x([0-9a-f]{1,16})\s+(direct|direct-relaxable|reserved|msi)$/i;

/**
 * What scripts print that list IOMMU groups: headings with functions below, or the number before every function. The
 * functions themselves are lspci's titles, or bare addresses.
 */
export class GroupListingReader implements SectionReader {
  private group: number | null = null;
  /** Groups and functions of this listing: one that comes again belongs to another. */
  private readonly numbers = new Set<number>();
  private readonly seen = new Set<string>();
  private indented: boolean | null = null;
  private last: PciAddress | null = null;

  constructor(
    private readonly lspci: LspciReader,
    private readonly facts: Facts,
  ) {}

  take(line: TextLine): boolean {
    const { text } = line;
    const heading = mayBeHeading(text) ? (HEADING.exec(text) ?? NUMBER_FIRST.exec(text)) : null;
    if (heading !== null) {
      const [, digits = '', rest = ''] = heading;
      if (NO_ENTRY.test(rest)) {
        this.begin(Number(digits), true);
        return true;
      }
      const inline = entryOf(rest);
      if (inline === null) return false;
      this.begin(Number(digits), false);
      return this.entry(line, inline);
    }
    if (this.group === null) return false;
    const reserved = RESERVED.exec(text);
    if (reserved !== null) return this.reserve(line, reserved);
    const entry = entryOf(text);
    if (entry === null) return false;
    const goesOn =
      !this.seen.has(entry.name) &&
      (this.indented === null || this.indented === line.indented) &&
      (this.last === null || isBefore(this.last, entry.address));
    if (goesOn) return this.entry(line, entry);
    this.end();
    return false;
  }

  end(): void {
    this.group = null;
  }

  private begin(group: number, heading: boolean): void {
    if (heading && this.numbers.has(group)) this.restart();
    this.numbers.add(group);
    if (this.group !== group || heading) this.last = null;
    if (!heading) this.indented = null;
    this.group = heading ? group : null;
    this.current = group;
  }

  /** The group of the entry that is being read. */
  private current = 0;

  private restart(): void {
    this.numbers.clear();
    this.seen.clear();
    this.indented = null;
  }

  private entry(line: TextLine, entry: Entry): boolean {
    if (this.group !== null) {
      this.indented ??= line.indented;
      this.last = entry.address;
    }
    this.seen.add(entry.name);
    this.facts.groups.push({
      name: entry.name,
      group: this.current,
      line: line.number,
      source: 'group-listing',
    });
    const asTitle = { ...line, text: entry.title };
    if (entry.title !== '' && this.lspci.takeGrouped(asTitle)) return true;
    this.lspci.interrupt();
    return true;
  }

  private reserve({ number }: TextLine, match: RegExpExecArray): boolean {
    const [, start = '', last = '', kind = ''] = match;
    this.facts.reserve({
      start: BigInt(`0x${start}`),
      last: BigInt(`0x${last}`),
      kind: kind.toLowerCase() as ReservedFact['kind'],
      line: number,
      scope: null,
      group: this.group,
    });
    return true;
  }
}

interface Entry {
  readonly name: string;
  readonly address: PciAddress;
  /** As lspci would print it; empty where only the address is there. */
  readonly title: string;
}

/** Cheap test before the expensive ones. */
function mayBeHeading(text: string): boolean {
  const first = text.charCodeAt(0);
  return (first >= 0x30 && first <= 0x39) || /group/i.test(text.slice(0, 40));
}

function entryOf(text: string): Entry | null {
  const before = BEFORE_ENTRY.exec(text);
  const rest = text.slice(before?.[0].length ?? 0);
  const word = ENTRY.exec(rest)?.[1];
  const address = word === undefined ? null : parseBdf(word);
  if (word === undefined || address === null) return null;
  const behind = rest.slice(word.length).replace(/^[,:]/, '').trim();
  const ids = TAGGED_IDS.exec(before?.[1] ?? '')?.[1];
  return { name: formatBdf(address), address, title: behind === '' ? '' : titleOf(word, behind, ids) };
}

/** Tables have the class, two blanks or more, and the name; the ids stand in front. */
function titleOf(word: string, behind: string, ids: string | undefined): string {
  const columns = /^(\S(?:[^:]*?\S)?)\s{2,}(\S.*)$/.exec(behind);
  const body =
    columns === null || /^[^[\]]*\[[0-9a-f]{4}\]: /i.test(behind) ? behind : `${columns[1]}: ${columns[2]}`;
  return ids === undefined || body.includes(`[${ids}]`) ? `${word} ${body}` : `${word} ${body} [${ids}]`;
}

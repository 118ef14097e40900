import { readAmd } from './amd';
import { readCore, readSentence } from './core';
import type { Draft, LineReader, Reading } from './draft';
import { readRiscv } from './riscv';
import { readSmmuV2 } from './smmuv2';
import { readSmmuV3 } from './smmuv3';
import { plainLine, type PlainLine } from './text';
import type { DecodedLine, KernelLines } from './types';
import { readVtd } from './vtd';

export type { DecodedLine, DecodedStructure, Fact, KernelLines, LineSource } from './types';

/** More than this is cut off: a log of this size holds the same faults over and over. */
const MOST_TEXT = 32 << 20;
/** Longer lines are no kernel's. */
const LONGEST_LINE = 2000;
const MOST_MESSAGES = 1000;
const MOST_UNKNOWN = 200;
/** A message's parts follow soon, even where lines of others come between. */
const REACH = 40;
/** Lines that one message may have been wrapped into. */
const MOST_WRAPPED = 3;

/** May it be of interest at all? Cheap: most of what people paste is not. */
const HINT =
  /dmar|amd-vi|smmu|iommu|intr-remap|qi_submit|prq_report|cache_tag|fault reason|IOVA_PFN|\bIVRS\b|\[fault|Device [0-9a-f]{4}:|^\S*0x[0-9a-f]{13}\s*\||[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]\s+0x[0-9a-f]{16}:|\.[0-7](?: [0-9a-f]{16}){4} |: [0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8} [0-9a-f]{8}$|[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]:\s*$/i;

/** A line of a kernel about an IOMMU, whatever it says. */
const SPEAKS =
  /\b(?:DMAR(?:-IR)?|AMD-Vi|dmar):|\barm-smmu(?:-v3)? \S+:|\briscv[,_-]iommu\S*(?: \S+)?:|^iommu: /;

/** Where another message begins: nothing goes on with it. */
const BEGINS = /^(?:DMAR|dmar|AMD-Vi|INTR-REMAP)|\b(?:DMAR|AMD-Vi|arm-smmu|riscv[,_-]iommu)\S*:? /;

const READERS: readonly LineReader[] = [
  readVtd,
  readAmd,
  readSmmuV3,
  readSmmuV2,
  readRiscv,
  readCore,
  readSentence,
];

function read(text: string): Reading | null {
  for (const reader of READERS) {
    const reading = reader(text);
    if (reading !== null) return reading;
  }
  return null;
}

/**
 * Kernel lines of IOMMUs among whatever people paste: what each says, with the words it shows taken apart. Lines that
 * speak of no IOMMU are passed over; of those that do, none is dropped without a word.
 */
export function decodeKernelLines(text: string): KernelLines {
  const decoder = new Decoder(text.slice(0, MOST_TEXT).split(/\r\n|\r|\n/));
  return decoder.run();
}

interface Open {
  readonly draft: Draft;
  readonly line: number;
  readonly text: string;
  lines: number;
  /** Index of its last line. */
  last: number;
}

class Decoder {
  private readonly messages: Open[] = [];
  private readonly open = new Map<string, Open>();
  private readonly unknown: { line: number; text: string }[] = [];
  private more = 0;

  constructor(private readonly raw: readonly string[]) {}

  run(): KernelLines {
    for (let at = 0; at < this.raw.length;) at += this.take(at);
    return { decoded: this.messages.map(decodedOf), unknown: this.unknown, more: this.more };
  }

  /** How many lines were read. */
  private take(at: number): number {
    const raw = this.raw[at] ?? '';
    if (raw.length > LONGEST_LINE || !HINT.test(raw)) return 1;
    if (this.messages.length >= MOST_MESSAGES) {
      if (SPEAKS.test(raw)) this.more++;
      return 1;
    }
    const { text } = plainLine(raw);
    const alone = read(text);
    const wrapped = alone === null || alone.cut ? this.joined(at, text) : null;
    const reading = wrapped?.reading ?? alone;
    const count = wrapped?.count ?? 1;
    if (reading === null) {
      if (SPEAKS.test(text)) this.leave(at, text);
      return 1;
    }
    return count + this.accept(reading, at, count, wrapped?.text ?? text);
  }

  /** The line with what was wrapped from its end, if that makes a whole message of it. */
  private joined(at: number, text: string): { reading: Reading; count: number; text: string } | null {
    if (!SPEAKS.test(text) && !/[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]:$/i.test(text) && read(text) === null)
      return null;
    let texts = [text];
    for (let count = 2; count <= MOST_WRAPPED; count++) {
      const next = this.continuation(at + count - 1);
      if (next === null) return null;
      // Mail is wrapped between words, terminals within them.
      texts = texts.flatMap((before) => [`${before} ${next}`, `${before}${next}`]);
      for (const each of texts) {
        const reading = read(each);
        if (reading !== null && !reading.cut) return { reading, count, text: each };
      }
    }
    return null;
  }

  /** The text of a line that begins no message of its own. */
  private continuation(at: number): string | null {
    const raw = this.raw[at];
    if (raw === undefined || raw.length > LONGEST_LINE) return null;
    const { text, stamped }: PlainLine = plainLine(raw);
    return stamped ||
      text === '' ||
      text.startsWith('#') ||
      (BEGINS.test(text) && at > 0 && read(text) !== null && !this.endsInPrefix(at - 1))
      ? null
      : text;
  }

  /** `… xhci_hcd 0000:45:00.1:` at the end of a line: what comes next is what that device's driver says. */
  private endsInPrefix(at: number): boolean {
    return /[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]:\s*$/i.test(this.raw[at] ?? '');
  }

  /** How many further lines it took. */
  private accept(reading: Reading, at: number, count: number, text: string): number {
    if (reading.kind === 'part') {
      this.acceptPart(reading, at, count, text);
      return 0;
    }
    const made = this.begin(reading.draft, at, count, text, reading.key);
    if (reading.rest === undefined) return 0;
    const next = this.continuation(at + count);
    if (next === null || next !== reading.rest) return 0;
    made.lines++;
    made.last++;
    return 1;
  }

  private acceptPart(
    reading: Extract<Reading, { kind: 'part' }>,
    at: number,
    count: number,
    text: string,
  ): void {
    const open = this.open.get(reading.key);
    if (open !== undefined && at - open.last <= REACH && (reading.fits?.(open.draft) ?? true)) {
      reading.add(open.draft);
      open.lines += count;
      open.last = at + count - 1;
      return;
    }
    if (reading.orElse !== undefined) {
      this.accept(reading.orElse, at, count, text);
      return;
    }
    const made = reading.alone();
    if (made !== null) this.begin(made, at, count, text, reading.key);
    else if (SPEAKS.test(text)) this.leave(at, text);
  }

  private begin(made: Draft, at: number, lines: number, text: string, key: string | undefined): Open {
    const open: Open = { draft: made, line: at + 1, text, lines, last: at + lines - 1 };
    if (key !== undefined) this.open.set(key, open);
    this.messages.push(open);
    return open;
  }

  private leave(at: number, text: string): void {
    if (this.unknown.length < MOST_UNKNOWN) this.unknown.push({ line: at + 1, text });
    else this.more++;
  }
}

const decodedOf = ({ draft, line, lines, text }: Open): DecodedLine => ({ line, lines, text, ...draft });

import { create } from 'zustand';
import { acpidumpOf } from '../../scenario/import/acpi/dump-text';
import { useApp } from '../../store';
import { byteSize } from '../../ui/numbers';
import { OFFER } from '../../words/panels/import/offer';

/** Text on its way in. It may be huge: it is kept here and never put into the document. */
export interface Offer {
  /** File name, or where it came from. */
  readonly name: string;
  readonly text: string;
  /** What it was joined from, in order; one text alone has none. */
  readonly parts?: readonly Part[];
}

/** One of the texts that an offer was joined from. */
export interface Part {
  readonly name: string;
  readonly lines: number;
}

interface OfferState {
  readonly offer: Offer | null;
  /** Tells one offer from the next: two pastes have the same name. */
  readonly turn: number;
  /** Something was understood in it: what comes next is added to it. */
  readonly readable: boolean;
}

export const useOffer = create<OfferState>()(() => ({ offer: null, turn: 0, readable: false }));

/** A scenario is opened as it is; anything else is shown in the import dialog. */
export function offerText(offer: Offer): void {
  const { name, text } = offer;
  const { replaceScript, openDialog, notify } = useApp.getState().actions;
  if (looksLikeScenario(name, text)) {
    openDialog(null);
    void replaceScript(text).then((opened) => opened && notify({ tone: 'info', text: OFFER.opened(name) }));
    return;
  }
  useOffer.setState(({ turn }) => ({ offer, turn: turn + 1, readable: false }));
  openDialog('import');
}

export function looksLikeScenario(name: string, text: string): boolean {
  if (/\.iommu$/i.test(name)) return true;
  const first = /^(?:\s*(?:#.*)?\n)*\s*(\S+)/.exec(text.slice(0, 20_000))?.[1];
  return first === 'machine';
}

export type ReadFile = ({ readonly ok: true } & Offer) | { readonly ok: false; readonly why: string };

/** More than any machine prints; a browser string cannot be much longer. */
const MOST_BYTES = 256 << 20;
/** How much of a file tells that it is not text. */
const SAMPLE_BYTES = 64 << 10;
/** Of ACPI, with room. */
const LARGEST_TABLE = 1 << 20;

export async function readFile(file: File): Promise<ReadFile> {
  if (file.size > MOST_BYTES)
    return {
      ok: false,
      why: OFFER.tooLong(file.name, byteSize(file.size), byteSize(MOST_BYTES)),
    };
  try {
    const sample = new Uint8Array(await file.slice(0, SAMPLE_BYTES).arrayBuffer());
    const zero = sample.indexOf(0);
    if (zero >= 0) {
      // A firmware's table goes on as the text that acpidump prints of it.
      const table = file.size <= LARGEST_TABLE ? acpidumpOf(new Uint8Array(await file.arrayBuffer())) : null;
      if (table !== null) return { ok: true, name: file.name, text: table };
      return {
        ok: false,
        why: OFFER.notText(file.name, zero),
      };
    }
    return { ok: true, name: file.name, text: await file.text() };
  } catch {
    return { ok: false, why: OFFER.unreadable(file.name) };
  }
}

/** The first lines: enough to see that it is the right text. */
export function headOf(text: string): string {
  return text
    .slice(0, 4000)
    .split('\n', 8)
    .map((line) => line.slice(0, 160))
    .join('\n');
}

import { create } from 'zustand';
import { useApp } from '../../store';
import { byteSize } from '../../ui/numbers';

/** Text on its way in. It may be huge: it is kept here and never put into the document. */
export interface Offer {
  /** File name, or where it came from. */
  readonly name: string;
  readonly text: string;
}

/** `turn` tells one offer from the next: two pastes have the same name. */
export const useOffer = create<{ readonly offer: Offer | null; readonly turn: number }>()(() => ({
  offer: null,
  turn: 0,
}));

/** A scenario is opened as it is; anything else is shown in the import dialog. */
export function offerText({ name, text }: Offer): void {
  const { replaceScript, openDialog, notify } = useApp.getState().actions;
  if (looksLikeScenario(name, text)) {
    openDialog(null);
    void replaceScript(text).then(
      (opened) => opened && notify({ tone: 'info', text: `${name} is open. Undo brings back what you had.` }),
    );
    return;
  }
  useOffer.setState(({ turn }) => ({ offer: { name, text }, turn: turn + 1 }));
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

export async function readFile(file: File): Promise<ReadFile> {
  if (file.size > MOST_BYTES)
    return {
      ok: false,
      why: `${file.name} has ${byteSize(file.size)}; more than ${byteSize(MOST_BYTES)} is not read.`,
    };
  try {
    const sample = new Uint8Array(await file.slice(0, SAMPLE_BYTES).arrayBuffer());
    const zero = sample.indexOf(0);
    if (zero >= 0)
      return {
        ok: false,
        why: `${file.name} is not text: byte ${zero} is zero. Unpack it first if it is compressed.`,
      };
    return { ok: true, name: file.name, text: await file.text() };
  } catch {
    return { ok: false, why: `${file.name} could not be read.` };
  }
}

/** Size and first lines: enough to see that it is the right text. */
export function previewOf(text: string): { readonly size: string; readonly head: string } {
  const head = text
    .slice(0, 4000)
    .split('\n', 8)
    .map((line) => line.slice(0, 160))
    .join('\n');
  return { size: `${byteSize(text.length)} of text`, head };
}

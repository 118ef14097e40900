import { OFFER } from '../../words/panels/import/offer';
import { looksLikeScenario, offerText, readFile, useOffer, type Offer, type Part } from './offer';
import { countLines } from './text-ranges';

/** Texts of one machine, one below the other: lspci here, dmesg there. */
export function joinOffers(offers: readonly Offer[]): Offer {
  const parts = offers.flatMap((offer) => partsOf(offer));
  return {
    name: parts.map(({ name }) => name).join(' + '),
    text: offers.map(({ text }) => ended(text)).join(''),
    parts,
  };
}

export const partsOf = ({ name, text, parts }: Offer): readonly Part[] =>
  parts ?? [{ name, lines: countLines(ended(text)) }];

const ended = (text: string): string => (text === '' || text.endsWith('\n') ? text : `${text}\n`);

/** Shows a text; where one is shown that was understood, both: people run one command after the other. */
export function bringIn(offer: Offer): void {
  const { offer: shown, readable } = useOffer.getState();
  const adds = shown !== null && readable && !looksLikeScenario(offer.name, offer.text);
  offerText(adds ? joinOffers([shown, offer]) : offer);
}

export type Gathered =
  { readonly ok: true; readonly offer: Offer } | { readonly ok: false; readonly why: string };

/** Files that came together, as one text. All of them or none: a machine that lacks a part would look whole. */
export async function gatherFiles(files: readonly File[]): Promise<Gathered> {
  const read = await Promise.all(files.map((file) => readFile(file)));
  const offers: Offer[] = [];
  for (const each of read) {
    if (!each.ok) return each;
    offers.push({ name: each.name, text: each.text });
  }
  const [first] = offers;
  if (first === undefined) return { ok: false, why: OFFER.noFile };
  if (offers.length === 1) return { ok: true, offer: first };
  const scenario = offers.find(({ name, text }) => looksLikeScenario(name, text));
  if (scenario !== undefined) return { ok: false, why: OFFER.aScenario(scenario.name) };
  return { ok: true, offer: joinOffers(offers) };
}

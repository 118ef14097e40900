import { lookFrom } from '../canvas/camera/linked';
import { looksLikeScenario, offerText } from '../panels/import/offer';
import { readHash, type Asked } from '../share/hash';
import { decodeLink } from '../share/link';
import { fetchScript } from '../share/remote';
import type { Scene } from '../share/scene';
import { useApp } from '../store';
import type { Notice } from '../store/types';
import { stateOf, whereDiffers } from './link-state';
import { LINK_WORDS as words } from '../words/app/link';

/** What the address asks for, made ready: nothing on the page has changed yet. */
export type Ready =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'refused'; readonly why: string; readonly next?: Notice['next'] }
  | { readonly kind: 'lesson'; readonly id: string; readonly step: number | null }
  /** It is no scenario: the import dialog shows what was understood of it. */
  | { readonly kind: 'text'; readonly name: string; readonly text: string }
  | {
      readonly kind: 'scene';
      readonly scene: Scene;
      /** Where it lies, if not in the link itself. */
      readonly from: { readonly address: string; readonly host: string } | null;
      /** The address says it more shortly than a link with everything in it. */
      readonly shortHash: string | null;
    };

export async function makeReady(hash: string): Promise<Ready> {
  const asked = readHash(hash);
  switch (asked.kind) {
    case 'nothing':
      return isPlace(hash) ? asked : fromLink(hash);
    case 'lesson':
      return asked;
    case 'scene':
      return fromLink(asked.hash);
    case 'gallery':
      return fromGallery(asked.id, hash);
    case 'url':
      return fromElsewhere(asked, hash);
  }
}

/** A place on the page itself, as skip links have them, or nothing at all. */
const isPlace = (hash: string): boolean => hash.length < 2 || document.getElementById(hash.slice(1)) !== null;

function fromLink(hash: string): Ready {
  const decoded = decodeLink(hash);
  return decoded.ok
    ? { kind: 'scene', scene: decoded.scene, from: null, shortHash: null }
    : { kind: 'refused', why: decoded.why };
}

async function fromGallery(id: string, hash: string): Promise<Ready> {
  const script = await (await import('./link-gallery')).galleryScript(id);
  if (script === null) return { kind: 'refused', why: words.noScene(id) };
  return { kind: 'scene', scene: plain(script), from: null, shortHash: hash };
}

async function fromElsewhere({ address }: Extract<Asked, { kind: 'url' }>, hash: string): Promise<Ready> {
  const { notify } = useApp.getState().actions;
  notify({ tone: 'info', text: words.fetching(hostOf(address)) });
  const base = location.href.replace(/#.*$/s, '');
  const fetched = await fetchScript(address, {
    fetch: fetch.bind(globalThis),
    base,
    online: navigator.onLine,
  });
  notify(null);
  if (!fetched.ok) {
    const { why, rawUrl } = fetched;
    return rawUrl === null
      ? { kind: 'refused', why }
      : { kind: 'refused', why, next: { label: words.openRaw, hash: `#url=${rawUrl}` } };
  }
  const { name, text, url } = fetched;
  if (!looksLikeScenario(name, text)) return { kind: 'text', name: url, text };
  return { kind: 'scene', scene: plain(text), from: { address: url, host: hostOf(url) }, shortHash: hash };
}

const plain = (script: string): Scene => ({ script, cursor: null, selection: null, camera: null });

function hostOf(address: string): string {
  try {
    return new URL(address, location.href).host || address;
  } catch {
    return address.slice(0, 80);
  }
}

/** When the lines have run: goes where the link looks, and says so if they came to something else than where it was made. */
export function settleScene(scene: Scene): void {
  const state = useApp.getState();
  if (scene.state == null || state.engine.status === 'crashed') return;
  const differs = whereDiffers(scene.state, stateOf(state), state.cursor);
  if (differs !== null)
    state.actions.notify({ tone: 'info', text: words.otherVersion(differs), stays: true });
}

export const aim = (scene: Scene): void => lookFrom(scene.camera);

export const offer = (name: string, text: string): void => offerText({ name, text });

/** False: there is no such lesson, and it has said so. */
export async function openLessonAt(id: string, step: number | null): Promise<boolean> {
  const { openLesson } = await import('../lessons/open');
  return openLesson(id, step);
}

import { LINK_LIMITS } from './limits';

/**
 * What the hash of the page's address asks for. The one place where it is told:
 *
 *   #s2:…            a scene
 *   #url=ADDRESS     a script that lies elsewhere
 *   #lesson=ID[:STEP]  a lesson, at a step counted from 1
 *   #scene=ID        a scene of the gallery
 *
 * Anything else is none of ours: an anchor, or nothing.
 */
export type Asked =
  | { readonly kind: 'nothing' }
  | { readonly kind: 'scene'; readonly hash: string }
  | { readonly kind: 'url'; readonly address: string }
  | { readonly kind: 'lesson'; readonly id: string; readonly step: number | null }
  | { readonly kind: 'gallery'; readonly id: string };

const NOTHING: Asked = { kind: 'nothing' };
/** Names of files, without their ends. */
const ID = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
/** No server takes more. */
const LONGEST_ADDRESS = 8000;

export function readHash(hash: string): Asked {
  const text = hash.replace(/^#/, '');
  if (text.length > LINK_LIMITS.hashLength || /^s[0-9]+(?::|%3A)/i.test(text)) return { kind: 'scene', hash };
  const match = /^(url|lesson|scene)=(.*)$/s.exec(text);
  if (match === null) return NOTHING;
  const [, key = '', value = ''] = match;
  if (key === 'url') return addressOf(value);
  const [id = '', step, ...more] = (unescaped(value) ?? '').split(':');
  if (!ID.test(id) || more.length > 0) return NOTHING;
  if (key === 'scene') return step === undefined ? { kind: 'gallery', id } : NOTHING;
  if (step !== undefined && !/^[1-9][0-9]{0,3}$/.test(step)) return NOTHING;
  return { kind: 'lesson', id, step: step === undefined ? null : Number(step) };
}

/** Programs escape an address, people paste it as it is: where that makes no sense unescaped, it was not. */
function addressOf(value: string): Asked {
  const address = (unescaped(value) ?? value).trim();
  return address === '' || address.length > LONGEST_ADDRESS ? NOTHING : { kind: 'url', address };
}

function unescaped(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

import { readHash } from '../share/hash';
import { decodeLink } from '../share/link';
import type { Scene } from '../share/scene';
import { EMBED } from '../words/embed/embed';

interface Read {
  readonly scene: Scene | null;
  readonly why: string | null;
}

const refused = (why: string): Read => ({ scene: null, why });

/** The scene that a link asks for; nothing where it asks for none. What is not in the link itself is looked up as the app does. */
export async function readScene(hash: string): Promise<Read> {
  const asked = readHash(hash);
  if (asked.kind === 'nothing') return { scene: null, why: null };
  if (asked.kind === 'scene') {
    const decoded = decodeLink(asked.hash);
    return decoded.ok ? { scene: decoded.scene, why: null } : refused(decoded.why);
  }
  if (asked.kind === 'lesson') return refused(EMBED.noLesson);
  const { makeReady } = await import('../app/link-open');
  const ready = await makeReady(hash);
  if (ready.kind === 'scene') return { scene: ready.scene, why: null };
  return refused(ready.kind === 'refused' ? ready.why : EMBED.noScript);
}

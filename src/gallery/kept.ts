import { isEmbed } from '../embed/options';

/**
 * What the page remembers of lessons and scenes from visit to visit. An embed remembers nothing: it is a guest in somebody
 * else's page. Storage may be forbidden, full, or hold anything.
 */
const mayNot = (): boolean => isEmbed(new URLSearchParams(globalThis.location?.search ?? ''));

export function readKept(key: string): unknown {
  try {
    return mayNot() ? null : JSON.parse(localStorage.getItem(key) ?? 'null');
  } catch {
    return null;
  }
}

export function keep(key: string, value: unknown): void {
  try {
    if (!mayNot()) localStorage.setItem(key, JSON.stringify(value));
  } catch {
    // Not remembered, then.
  }
}

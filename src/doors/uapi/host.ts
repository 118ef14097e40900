import { closeSync, openSync, readFileSync, readSync } from 'node:fs';

/** The host's name for what went wrong, e.g. `EAGAIN`. */
export function errorCode(thrown: unknown): string {
  if (thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  throw thrown;
}

/** What `call` gives; null where the host refuses. */
export function attempt<T>(call: () => T): T | null {
  try {
    return call();
  } catch (thrown) {
    errorCode(thrown);
    return null;
  }
}

/** A file of /proc; null when the process is gone. */
export const readProc = (path: string): string | null => attempt(() => readFileSync(path, 'latin1'));

/** Opens for reading and writing, or for reading where that is all that is granted; -1 when not even that. */
export function openBest(path: string): number {
  return attempt(() => openSync(path, 'r+')) ?? attempt(() => openSync(path, 'r')) ?? -1;
}

/** Bytes at a position of a file; null when there are fewer. */
export function readAt(fd: number, position: number, bytes: number): Uint8Array | null {
  const data = new Uint8Array(bytes);
  for (let at = 0; at < bytes;) {
    const got = attempt(() => readSync(fd, data, at, bytes - at, position + at));
    if (got === null || got === 0) return null;
    at += got;
  }
  return data;
}

export const closeQuietly = (fd: number): void => {
  if (fd >= 0) closeSync(fd);
};

import { deflate, deflateSync, type DeflateOptions } from 'fflate';

/** Where workers may not start, none says so: whoever has waited this long does it here. */
const PATIENCE_MS = 3000;

/** `deflateSync` in a worker of fflate's own, byte for byte the same; here where none starts. */
export function deflateApart(plain: Uint8Array, options: DeflateOptions): Promise<Uint8Array> {
  return new Promise((resolve) => {
    const here = (): void => resolve(deflateSync(plain, options));
    const timer = setTimeout(here, PATIENCE_MS);
    try {
      deflate(plain, options, (error, packed) => {
        clearTimeout(timer);
        if (error === null) resolve(packed);
        else here();
      });
    } catch {
      clearTimeout(timer);
      here();
    }
  });
}

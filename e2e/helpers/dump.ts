import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const file = new URL('../../src/testing/fixtures/groups/pxb-018.lspci.txt.gz', import.meta.url);

/** What `lspci -vvvnn` printed of a recorded machine with 33 functions. */
export const DUMP = gunzipSync(readFileSync(file)).toString();

/** The lines that begin a function, counted without the page's parser. */
export const functionsIn = (text: string): number =>
  [...text.matchAll(/^[0-9a-f]{2}:[0-9a-f]{2}\.[0-7] /gm)].length;

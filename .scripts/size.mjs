// What the page loads before it shows anything, against its budget: the entry and its static imports, gzipped one by one
// as a server sends them. Lazy chunks, the worker and styles are shown beside it. Reads the manifest of the last build.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const FIRST_LOAD_KIB = 200;

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const manifest = JSON.parse(readFileSync(`${dist}.vite/manifest.json`, 'utf8'));
const sizeOf = (file) => gzipSync(readFileSync(dist + file), { level: 9 }).length / 1024;

/** Files of a chunk and of what it imports statically. */
function closure(key, seen = new Set()) {
  if (seen.has(key)) return seen;
  seen.add(key);
  for (const next of manifest[key].imports ?? []) closure(next, seen);
  return seen;
}

const entries = Object.keys(manifest).filter((key) => manifest[key].isEntry);
const first = new Set(entries.flatMap((key) => [...closure(key)]));
const firstFiles = [...first].map((key) => manifest[key].file).filter((file) => file.endsWith('.js'));
const styles = new Set([...first].flatMap((key) => manifest[key].css ?? []));
const lazy = Object.keys(manifest)
  .filter((key) => !first.has(key))
  .map((key) => manifest[key].file)
  .filter((file) => file.endsWith('.js'));
// Workers are not in the manifest: they are what else is a script.
const listed = new Set([...firstFiles, ...lazy]);
const workers = readdirSync(`${dist}assets`)
  .map((name) => `assets/${name}`)
  .filter((file) => file.endsWith('.js') && !listed.has(file));

let total = 0;
const show = (title, files) => {
  for (const file of files)
    console.log(`${sizeOf(file).toFixed(1).padStart(8)} KiB gz  ${title.padEnd(10)} ${file}`);
};
for (const file of firstFiles) total += sizeOf(file);
show('first load', firstFiles);
show('styles', styles);
show('worker', workers);
show('lazy', lazy);
const within = entries.length > 0 && total <= FIRST_LOAD_KIB;
console.log(
  `first load: ${total.toFixed(1)} of ${FIRST_LOAD_KIB} KiB gz — ${within ? 'within budget' : 'TOO BIG'}`,
);
if (!within) process.exitCode = 1;

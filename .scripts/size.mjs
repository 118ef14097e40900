// What is loaded before anything is shown, against its budget: of the app, of an embed up to its first picture, and of the loader that
// other pages take. An entry and its static imports, gzipped one by one as a server sends them. Lazy chunks, the worker and styles
// are shown beside it. Reads the manifest of the last build.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

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

/** The page's own entry, and the one of the two that it imports at once. */
const started = (start) => new Set([...closure('index.html'), ...closure(start)]);
const scripts = (keys) => [...keys].map((key) => manifest[key].file).filter((file) => file.endsWith('.js'));

const products = [
  { name: 'app', most: 200, files: scripts(started('src/app/open.tsx')) },
  // React and React Flow alone are 117 of it: the aim needs another build of them.
  { name: 'embed', most: 198, aim: 170, files: scripts(started('src/embed/open.tsx')) },
  { name: 'loader', most: 6, files: ['embed/iommu-playground.js'] },
];

const show = (title, files) => {
  for (const file of files)
    console.log(`${sizeOf(file).toFixed(1).padStart(8)} KiB gz  ${title.padEnd(10)} ${file}`);
};
const first = new Set(products.flatMap(({ files }) => files));
const all = Object.values(manifest);
const lazy = all.map(({ file }) => file).filter((file) => file.endsWith('.js') && !first.has(file));
// Workers are not in the manifest: they are what else is a script.
const listed = new Set([...first, ...lazy]);
const workers = readdirSync(`${dist}assets`)
  .map((name) => `assets/${name}`)
  .filter((file) => file.endsWith('.js') && !listed.has(file));
const styles = new Set([...started('src/app/open.tsx')].flatMap((key) => manifest[key].css ?? []));

show('first load', first);
show('styles', styles);
show('worker', workers);
show('lazy', lazy);
for (const { name, most, aim, files } of products) {
  const total = files.reduce((sum, file) => sum + sizeOf(file), 0);
  const within = total <= most;
  const wanted = aim === undefined ? '' : `, aim ${aim}`;
  console.log(
    `${name}: ${total.toFixed(1)} of ${most} KiB gz${wanted} — ${within ? 'within budget' : 'TOO BIG'}`,
  );
  if (!within) process.exitCode = 1;
}

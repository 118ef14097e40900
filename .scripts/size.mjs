// What is loaded before anything is shown, against its budget: of the app, of an embed up to its first picture, and of the loader that
// other pages take. An entry and its static imports, gzipped one by one as a server sends them. Lazy chunks, the worker and styles
// are shown beside it. Reads the manifests of the last build: the embed, built apart, has one of its own.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const dist = fileURLToPath(new URL('../dist/', import.meta.url));
const read = (name) => JSON.parse(readFileSync(`${dist}.vite/${name}.json`, 'utf8'));
const [site, embed] = [read('manifest'), read('manifest-embed')];
const sizeOf = (file) => gzipSync(readFileSync(dist + file), { level: 9 }).length / 1024;

/** Chunks that are loaded with this one: what it imports statically, and itself. */
function closure(manifest, key, seen = new Set()) {
  if (seen.has(manifest[key])) return seen;
  seen.add(manifest[key]);
  for (const next of manifest[key].imports ?? []) closure(manifest, next, seen);
  return seen;
}
const scripts = (chunks) => [...chunks].map(({ file }) => file).filter((file) => file.endsWith('.js'));
const stylesOf = (chunks) => new Set([...chunks].flatMap(({ css }) => css ?? []));

/** The page's own entry, and the one of the two that it imports at once. */
const page = closure(site, 'index.html');
const app = closure(site, 'src/app/open.tsx', new Set(page));
const entry = Object.keys(embed).find((key) => embed[key].isEntry);
const frame = closure(embed, 'src/embed/open.tsx', closure(embed, entry, new Set(page)));

const products = [
  { name: 'app', most: 200, files: scripts(app) },
  { name: 'embed', most: 170, files: scripts(frame) },
  { name: 'element', most: 6, files: ['embed/iommu-playground.js'] },
];

const show = (title, files) => {
  for (const file of files)
    console.log(`${sizeOf(file).toFixed(1).padStart(8)} KiB gz  ${title.padEnd(10)} ${file}`);
};
const first = new Set(products.flatMap(({ files }) => files));
const all = [...Object.values(site), ...Object.values(embed)];
const lazy = scripts(new Set(all)).filter((file) => !first.has(file));
// Workers are not in the manifest: they are what else is a script.
const listed = new Set([...first, ...lazy]);
const workers = readdirSync(`${dist}assets`)
  .map((name) => `assets/${name}`)
  .filter((file) => file.endsWith('.js') && !listed.has(file));

show('first load', first);
show('styles', stylesOf([...app, ...frame]));
show('worker', workers);
show('lazy', lazy);
for (const { name, most, files } of products) {
  const total = files.reduce((sum, file) => sum + sizeOf(file), 0);
  const within = total <= most;
  console.log(`${name}: ${total.toFixed(1)} of ${most} KiB gz — ${within ? 'within budget' : 'TOO BIG'}`);
  if (!within) process.exitCode = 1;
}
// The app's and the embed's are the same to the byte, or there would be two.
if (workers.length !== 1) {
  console.log(`engine: ${workers.length} files of it, not one`);
  process.exitCode = 1;
}

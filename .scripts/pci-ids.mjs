// Makes src/worker/pci-ids.gz anew from the PCI ID database: node .scripts/pci-ids.mjs pci.ids
// Vendors and devices alone are kept; comments, subsystems and classes are left out.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';

const [source] = process.argv.slice(2);
if (source === undefined) {
  console.error('usage: node .scripts/pci-ids.mjs FILE (pci.ids of https://pci-ids.ucw.cz/)');
  process.exit(2);
}
const lines = readFileSync(source, 'utf8').split('\n');
const version =
  lines.find((line) => line.startsWith('#\tVersion:'))?.replace('#\t', '') ?? 'Version: unknown';
const kept = [
  `# PCI ID database, https://pci-ids.ucw.cz/ ${version}`,
  '# Copyright Martin Mares and Albert Pool; used here under the 3-clause BSD License.',
];
for (const line of lines) {
  if (line.startsWith('C ')) break; // classes follow
  if (/^\t?[0-9a-f]{4} {2}/.test(line)) kept.push(line);
}
const target = fileURLToPath(new URL('../src/worker/pci-ids.gz', import.meta.url));
const packed = gzipSync(`${kept.join('\n')}\n`, { level: 9 });
writeFileSync(target, packed);
console.log(`${kept.length} lines, ${(packed.length / 1024).toFixed(0)} KiB: ${target}`);

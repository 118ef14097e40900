// Bundles the doors for machines: each src/doors/<name>.ts becomes one self-contained dist-node/<name>.mjs for Node >= 20,
// and the shim that brings real programs to uapi-server is compiled where there is a compiler.
//
// A door exports `main(argv, out): Promise<number>`: the words after the file name, a function that prints a line, and the
// exit code. The entry that connects it to the process is made by bundle.mjs.
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bundle } from './bundle.mjs';
import { buildShim } from './shim.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = `${root}dist-node`;

const doors = readdirSync(`${root}src/doors`)
  .filter((file) => /^[a-z-]+\.ts$/.test(file))
  .map((file) => file.slice(0, -'.ts'.length));

rmSync(outDir, { recursive: true, force: true });
for (const name of doors) {
  try {
    await bundle(name, `src/doors/${name}.ts`, outDir);
    console.log(`dist-node/${name}.mjs`);
  } catch (error) {
    console.error(`src/doors/${name}.ts: ${error.message}`);
    process.exitCode = 1;
  }
}

const shim = buildShim(`${outDir}/shim`);
if (shim.ok) console.log('dist-node/shim/');
else if (shim.missing) console.log(`dist-node/shim/ is left out: ${shim.why}`);
else {
  console.error(shim.why);
  process.exitCode = 1;
}

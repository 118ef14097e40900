// Bundles the doors for machines: each src/doors/<name>.ts becomes one self-contained dist-node/<name>.mjs for Node >= 20.
//
// A door exports `main(argv, out): Promise<number>`: the words after the file name, a function that prints a line, and the
// exit code. The entry that connects it to the process is made here.
import { readdirSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const outDir = `${root}dist-node`;

const entryOf = (name) => `
import { main } from ${JSON.stringify(`${root}src/doors/${name}.ts`)};
// Who reads only the first lines (| head) closes the pipe: no reason to complain.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});
process.exitCode = await main(process.argv.slice(2), (line) => process.stdout.write(line + '\\n'));
`;

/** The generated entry, as a module that exists nowhere. */
const virtualEntry = (name) => ({
  name: 'door-entry',
  resolveId: (id) => (id === `door:${name}` ? `\0door:${name}` : null),
  load: (id) => (id === `\0door:${name}` ? entryOf(name) : null),
});

const configOf = (name) => ({
  root,
  configFile: false,
  logLevel: 'warn',
  plugins: [virtualEntry(name)],
  ssr: { noExternal: true, target: 'node' },
  build: {
    ssr: true,
    outDir,
    emptyOutDir: false,
    copyPublicDir: false,
    target: 'node20',
    minify: false,
    rolldownOptions: {
      input: { [name]: `door:${name}` },
      output: { format: 'es', entryFileNames: '[name].mjs', codeSplitting: false },
    },
  },
});

const doors = readdirSync(`${root}src/doors`)
  .filter((file) => /^[a-z-]+\.ts$/.test(file))
  .map((file) => file.slice(0, -'.ts'.length));

rmSync(outDir, { recursive: true, force: true });
for (const name of doors) {
  try {
    await build(configOf(name));
    console.log(`dist-node/${name}.mjs`);
  } catch (error) {
    console.error(`src/doors/${name}.ts: ${error.message}`);
    process.exitCode = 1;
  }
}

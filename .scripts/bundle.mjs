// One source file with all it imports becomes one file for Node >= 20.
import { fileURLToPath } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

const entryOf = (source) => `
import { main } from ${JSON.stringify(root + source)};
// Who reads only the first lines (| head) closes the pipe: no reason to complain.
process.stdout.on('error', (error) => {
  if (error.code === 'EPIPE') process.exit(process.exitCode ?? 0);
  throw error;
});
process.exitCode = await main(process.argv.slice(2), (line) => process.stdout.write(line + '\\n'));
`;

/** The generated entry, as a module that exists nowhere. */
const virtualEntry = (name, source) => ({
  name: 'door-entry',
  resolveId: (id) => (id === `door:${name}` ? `\0door:${name}` : null),
  load: (id) => (id === `\0door:${name}` ? entryOf(source) : null),
});

/** `source` exports main(argv, out); becomes `<outDir>/<name>.mjs`. */
export const bundle = (name, source, outDir) =>
  build({
    root,
    configFile: false,
    logLevel: 'warn',
    plugins: [virtualEntry(name, source)],
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

// Every benchmark beside the plain native loop that bounds it, measured in the same run.
//   npm run bench [-- --json]
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}.cache/bench`;
const json = process.argv.includes('--json');
mkdirSync(out, { recursive: true });

/** Rates of limit.c's loops by label; empty where there is no compiler. */
function native() {
  const rates = new Map();
  try {
    execFileSync('gcc', ['-O3', '-o', `${out}/limit`, `${root}src/bench/limit.c`], { stdio: 'pipe' });
  } catch {
    return rates;
  }
  const text = execFileSync(`${out}/limit`, { encoding: 'utf8' });
  for (const [, label, rate] of text.matchAll(/^C\s+(.+?)\s+([\d.]+) M\/s/gm))
    rates.set(label, Number(rate) * 1e6);
  return rates;
}

await build({
  configFile: false,
  root,
  logLevel: 'error',
  build: {
    ssr: 'src/bench/vtd.ts',
    outDir: out,
    emptyOutDir: false,
    minify: true,
    rollupOptions: { output: { entryFileNames: 'vtd.mjs' } },
  },
});
const { measureVtd } = await import(pathToFileURL(`${out}/vtd.mjs`).href);

/** Processor time, as limit.c measures: other programs on the machine do not count. */
const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

const references = native();
const rows = measureVtd(now).map((m) => {
  const reference = references.get(m.native) ?? null;
  const ratio = reference === null ? null : m.perSecond / reference;
  return {
    ...m,
    nativePerSecond: reference,
    ratio,
    reached: ratio === null || m.aim === null ? null : ratio >= m.aim,
  };
});

if (json) {
  for (const row of rows) console.log(JSON.stringify(row));
} else {
  const mega = (rate) => (rate === null ? '–' : `${(rate / 1e6).toFixed(1)} M/s`);
  const part = (ratio) => (ratio === null ? '–' : `1/${(1 / ratio).toFixed(1)}`);
  const width = Math.max(...rows.map((row) => row.name.length));
  console.log(
    `${'benchmark'.padEnd(width)}  ${'here'.padStart(11)}  ${'native'.padStart(11)}  ${'ratio'.padStart(7)}  aim`,
  );
  for (const row of rows) {
    const aim =
      row.aim === null
        ? ''
        : `${part(row.aim).replace('.0', '')} ${row.reached === null ? '' : row.reached ? 'reached' : 'MISSED'}`;
    console.log(
      `${row.name.padEnd(width)}  ${mega(row.perSecond).padStart(11)}  ${mega(row.nativePerSecond).padStart(11)}  ${part(row.ratio).padStart(7)}  ${aim}`,
    );
  }
  if (references.size === 0) console.log('gcc was not found: no native loops to compare with.');
}
if (rows.some((row) => row.reached === false)) process.exitCode = 1;

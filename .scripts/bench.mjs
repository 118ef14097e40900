// Every benchmark beside the plain native loop that bounds it, measured in the same run.
//   npm run bench [-- --json] [-- --engine]: the engine alone, without the page
//   npm run bench -- --page[=motion,gestures,lookups,events,seeks,idle]: the page alone, or those parts of it
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { build } from 'vite';
import { measureDoor } from './bench-door.mjs';
import { measurePage, pageCells, PAGE_HEAD } from './bench-page.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const out = `${root}.cache/bench`;
const json = process.argv.includes('--json');
mkdirSync(out, { recursive: true });

/** Whether limit.c could be compiled: without a compiler there is nothing native to compare with. */
function compiled() {
  try {
    execFileSync('gcc', ['-O3', '-o', `${out}/limit`, `${root}src/bench/limit.c`], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/** The rate of the loop of limit.c with a label, measured now: a machine is not as fast at one moment as at another. */
function native(label) {
  if (!hasNative) return null;
  const text = execFileSync(`${out}/limit`, [label], { encoding: 'utf8' });
  const [, rate] = /\s([\d.]+) M\/s/.exec(text) ?? [];
  if (rate === undefined) throw new Error(`limit.c has no loop "${label}"`);
  return Number(rate) * 1e6;
}

/** A benchmark as one file, minified as the page is. */
async function load(name) {
  await build({
    configFile: false,
    root,
    logLevel: 'error',
    build: {
      ssr: `src/bench/${name}.ts`,
      outDir: out,
      emptyOutDir: false,
      minify: true,
      rollupOptions: { output: { entryFileNames: `${name.replaceAll('/', '-')}.mjs` } },
    },
  });
  return import(pathToFileURL(`${out}/${name.replaceAll('/', '-')}.mjs`).href);
}
const pageAlone = process.argv.find((each) => each.startsWith('--page'));
if (pageAlone !== undefined) {
  const parts = pageAlone.split('=')[1]?.split(',');
  const rows = await measurePage(root, `${out}/page`, await load('page/scripts'), parts);
  if (json) for (const row of rows) console.log(JSON.stringify(row));
  else table(PAGE_HEAD, rows.map(pageCells));
  process.exit(rows.every((row) => row.reached) ? 0 : 1);
}

const { vtdScenarios } = await load('vtd');
const { amdScenarios } = await load('amd');
const { smmuScenarios } = await load('smmu');
const { riscvScenarios } = await load('riscv');
const { measureIoas } = await load('ioas');
const { measureLoad } = await load('load');
const { measureTime } = await load('time');
const pageScripts = await load('page/scripts');

/** Processor time, as limit.c measures: other programs on the machine do not count. */
const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/** A figure as the fraction of what bounds it, and whether that is as much as it should be. */
function judged(figure, ratio) {
  const reached = ratio === null || figure.aim === null ? null : ratio >= figure.aim;
  return { ...figure, ratio, reached };
}

const hasNative = compiled();
/**
 * What a function of a benchmark measures, in a process of its own: on a page there is one unit in a worker of its own, and
 * the engine optimises for it alone.
 */
function measured(name, measure, index = 0) {
  const words = [`${root}.scripts/bench-one.mjs`, `${out}/${name}.mjs`, measure, String(index)];
  return JSON.parse(execFileSync(process.execPath, words, { encoding: 'utf8' }));
}
/** Right after it the native loop that bounds it. */
function alone(name, measure, index) {
  return [measured(name, measure, index)].flat().map((figure) => {
    const value = native(figure.native);
    return judged({ ...figure, nativePerSecond: value }, value === null ? null : figure.perSecond / value);
  });
}
const each = (name, count, measure) =>
  Array.from({ length: count }, (_, index) => alone(name, measure, index)).flat();
const hardware = [
  ...each('riscv', riscvScenarios, 'measureRiscv'),
  ...each('vtd', vtdScenarios, 'measureVtdScenario'),
  ...alone('vtd', 'measureVtdMaps'),
  ...each('amd', amdScenarios, 'measureAmdScenario'),
  ...each('smmu', smmuScenarios, 'measureSmmuScenario'),
];

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc');
/** Bytes in use, when what nobody needs is gone. */
const heap = () => {
  gc();
  return process.memoryUsage().heapUsed;
};
const ioas = [...measureIoas(now, heap), measureLoad(now)].map((figure) => {
  const { unit, value } = figure;
  const { native: label } = figure.reference;
  const reference = label ? { name: `C: ${label}`, value: native(label) } : figure.reference;
  const ratio = unit === 'bytes' ? reference.value / value : value / reference.value;
  return judged({ ...figure, reference }, reference.value === null ? null : ratio);
});

const door = (await measureDoor(`${out}/door`)).map((figure) =>
  judged(figure, figure.value / figure.reference.value),
);
/** What it costs to listen to a unit: nobody, every event noted, every event put into words. */
function listening(vendor, name, measure) {
  const [silent, noted, told] = [0, 1, 2].map((way) => measured(name, measure, way));
  const row = (what, value, aim) =>
    judged(
      {
        name: `DMA of 64 bytes through ${vendor}, with every event ${what}`,
        unit: 'DMAs',
        value,
        reference: { name: 'the same, with nothing noted', value: silent },
        aim,
      },
      value / silent,
    );
  return [row('noted', noted, 1 / 2), row('noted and put into words', told, null)];
}
const iommufd = [
  ...ioas,
  ...door,
  ...listening('RISC-V', 'riscv', 'measureRiscvTrace'),
  ...listening('VT-d', 'vtd', 'measureVtdTrace'),
  ...listening('AMD-Vi', 'amd', 'measureAmdTrace'),
  ...listening('SMMUv3', 'smmu', 'measureSmmuTrace'),
];

const time = (await measureTime(now)).map((row) => ({ ...row, reached: row.value <= row.most }));

/** A page that cannot be measured takes no other figure with it. */
let unmeasured = null;
const page = process.argv.includes('--engine')
  ? []
  : await measurePage(root, `${out}/page`, pageScripts).catch((error) => {
      unmeasured = error;
      return [];
    });

const mega = (rate) => (rate === null ? '–' : `${(rate / 1e6).toFixed(rate < 1e6 ? 3 : 1)} M/s`);
const part = (ratio) => (ratio === null ? '–' : `1/${(1 / ratio).toFixed(1).replace('.0', '')}`);
const verdict = ({ aim, reached }) =>
  aim === null ? '' : `${part(aim).padEnd(5)} ${reached === null ? '' : reached ? 'reached' : 'MISSED'}`;

/** Rows of text under a head; numbers to the right. */
function table(head, rows) {
  const widths = head.map((title, n) => Math.max(title.length, ...rows.map((row) => row[n].length)));
  for (const row of [head, ...rows]) {
    const cells = row.map((text, n) => (n > 0 && n < 4 ? text.padStart(widths[n]) : text.padEnd(widths[n])));
    console.log(cells.join('  ').trimEnd());
  }
}

if (json) {
  for (const row of [...hardware, ...iommufd, ...time, ...page]) console.log(JSON.stringify(row));
} else {
  table(
    ['hardware', 'here', 'reference', 'ratio', 'aim', 'reference: C, of'],
    hardware.map((row) => [
      row.name,
      mega(row.perSecond),
      mega(row.nativePerSecond),
      part(row.ratio),
      verdict(row),
      row.native,
    ]),
  );
  console.log('');
  const show = (value, unit) => (unit === 'bytes' ? `${Math.round(value)} bytes` : mega(value));
  table(
    ['iommufd', 'here', 'reference', 'ratio', 'aim', 'reference'],
    iommufd.map((row) => [
      row.name,
      show(row.value, row.unit),
      show(row.reference.value, row.unit),
      part(row.ratio),
      verdict(row),
      row.reference.name,
    ]),
  );
  console.log('');
  const ms = (value) => `${value.toFixed(1)} ms`;
  table(
    ['time', 'p50', 'p95', 'reference', 'at most', 'reference'],
    time.map((row) => [
      row.name,
      ms(row.p50),
      ms(row.value),
      ms(row.reference.value),
      `${row.most} ms ${row.reached ? 'reached' : 'MISSED'}`,
      row.reference.name,
    ]),
  );
  console.log('');
  table(PAGE_HEAD, page.map(pageCells));
  console.log('\nhardware: each scenario in a process of its own, its native loop right after it.');
  if (!hasNative) console.log('gcc was not found: no native loops to compare with.');
}
if (unmeasured !== null) console.error('The page could not be measured:', unmeasured);
if (unmeasured !== null || [...hardware, ...iommufd, ...time, ...page].some((row) => row.reached === false))
  process.exitCode = 1;

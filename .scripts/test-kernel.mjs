// The kernel's own iommufd selftests, unmodified, against this project's engine.
//   npm run test:kernel [-- --tree PATH/TO/linux] [--verbose]
// Without a tree: those of Debian's linux-source-6.12, where apt has it. Says why where nothing can be run, which is no
// failure. Results go to .cache/kernel.json, for test.mjs to count.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { compileTests, debianTree, lackingFiles, PROGRAMS, readTap } from './kernel-tests.mjs';
import { setupPackages } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const report = join(root, '.cache/kernel.json');
const HUGE_PAGES = '/proc/sys/vm/nr_hugepages';
/** As many as the tests map at once, of 2 MiB. */
const ENOUGH_HUGE_PAGES = 80;

/**
 * The trees that are known by how many tests their programs have: how many of them must pass here, and which fail on
 * every kernel of the 7.1 merge window, which the engine models, because it changed what they test.
 */
const KNOWN = [
  // As recorded on a real kernel of the 7.1 merge window: the five skips are its own.
  { program: 'iommufd', planned: 246, passed: 241, changed: [] },
  { program: 'iommufd_fail_nth', planned: 8, passed: 8, changed: [] },
  // 6.12.117
  {
    program: 'iommufd',
    planned: 190,
    passed: 163,
    changed: [
      {
        tests: ['mock_domain', 'two_mock_domain', 'mock_domain_limit'].map(
          (variant) => `iommufd_ioas.${variant}.alloc_hwpt_nested`,
        ),
        why: 'since 6.13 HWPT_INVALIDATE takes vIOMMUs, too: an id of another type is EINVAL, no longer ENOENT',
      },
      {
        tests: ['8k', '16k', '64k', '128k', '320k', '64M', '128M'].flatMap((size) =>
          ['get_dirty_bitmap', 'get_dirty_bitmap_no_clear'].map(
            (test) => `iommufd_dirty_tracking.domain_dirty${size}.${test}`,
          ),
        ),
        why: 'the mock has a real page table now, in which a 4 KiB page is one leaf and dirty as a whole; the test counts 2 KiB',
      },
      {
        tests: ['64M_huge', '128M_huge'].flatMap((size) =>
          [
            'enforce_dirty',
            'set_dirty_tracking',
            'device_dirty_capability',
            'get_dirty_bitmap',
            'get_dirty_bitmap_no_clear',
          ].map((test) => `iommufd_dirty_tracking.domain_dirty${size}.${test}`),
        ),
        why: 'MOCK_FLAGS_DEVICE_HUGE_IOVA is gone (EINVAL): huge pages are asked for when a HWPT is made',
      },
    ],
  },
  { program: 'iommufd_fail_nth', planned: 7, passed: 7, changed: [] },
];

/** Tests that map huge pages. */
const needsHugePages = (name) => /hugepage|_huge\.|\.huge_map$|access_domain_destory$/.test(name);

function hugePages() {
  const count = () => Number(readFileSync(HUGE_PAGES, 'utf8'));
  try {
    if (count() >= ENOUGH_HUGE_PAGES) return true;
    writeFileSync(HUGE_PAGES, String(ENOUGH_HUGE_PAGES));
  } catch {
    // not root, or read-only
  }
  try {
    return count() >= ENOUGH_HUGE_PAGES;
  } catch {
    return false;
  }
}

function skip(why) {
  console.log(`The kernel's selftests are skipped: ${why}.`);
  writeFileSync(report, JSON.stringify({ passed: 0, failed: 0, skipped: 1, note: why }));
  return 0;
}

/** Runs one program; what became of its tests, a reason beside each that neither passed nor counts. */
function runProgram(door, path, program, huge, verbose) {
  const { stdout, stderr } = spawnSync(door.shimrun, ['-s', door.server, '--', path], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}` },
  });
  if (verbose) console.log(stdout);
  const { planned, results } = readTap(stdout);
  const known = KNOWN.find((each) => each.program === program && each.planned === planned);
  const judged = results.map((result) => {
    if (result.outcome !== 'failed') return result;
    const changed = known?.changed.find(({ tests }) => tests.includes(result.name));
    if (changed) return { ...result, outcome: 'skipped', why: changed.why };
    return !huge && needsHugePages(result.name)
      ? { ...result, outcome: 'skipped', why: 'needs huge pages' }
      : result;
  });
  const count = (outcome) => judged.filter((result) => result.outcome === outcome).length;
  const counts = { passed: count('passed'), failed: count('failed'), skipped: count('skipped') };
  const complaints = judged.filter(({ outcome }) => outcome === 'failed').map(({ name }) => `${name} failed`);
  if (results.length < planned || planned === 0)
    complaints.push(`only ${results.length} of ${planned} were run`);
  if (known && huge && counts.passed !== known.passed) complaints.push(`${known.passed} have to pass`);
  const said = stderr
    .split('\n')
    .filter((line) => line.startsWith('# uapi-server') || line.startsWith('# iommufd-shim'));
  complaints.push(...said);
  console.log(
    `${program}: ${results.length} run, ${counts.passed} passed, ${counts.skipped} skipped, ${counts.failed} failed`,
  );
  const skipped = judged.filter(({ outcome }) => outcome === 'skipped');
  for (const reason of new Set(skipped.map(({ why }) => why))) {
    console.log(`  skipped: ${reason}`);
    for (const { name, why } of skipped) if (why === reason) console.log(`    ${name}`);
  }
  for (const complaint of complaints) console.log(`  ${complaint}`);
  return { ...counts, failed: Math.max(counts.failed, complaints.length > 0 ? 1 : 0) };
}

async function main(argv) {
  mkdirSync(dirname(report), { recursive: true });
  const at = argv.indexOf('--tree');
  const named = at < 0 ? null : resolve(process.env.INIT_CWD ?? process.cwd(), argv[at + 1] ?? '');
  if (named !== null) {
    const [lacking] = lackingFiles(named);
    if (lacking !== undefined) {
      console.error(`${named} has no ${lacking}: name a tree of the kernel's sources.`);
      return 2;
    }
  }
  // They set options that need CAP_SYS_RESOURCE, and look at memory of processes that are gone (map_files).
  if (process.getuid?.() !== 0) return skip('they need root');
  if (!setupPackages()) return 1;
  const { prepareDoor } = await import('./door.mjs');
  const door = await prepareDoor();
  if (!door.ok) {
    if (door.missing) return skip(door.why);
    console.error(door.why);
    return 1;
  }
  const { tree, why } = named === null ? debianTree() : { tree: named };
  if (tree === undefined) return skip(why);
  const folder = mkdtempSync(join(tmpdir(), 'iommufd-selftest-'));
  try {
    const mistake = compileTests(tree, folder);
    if (mistake !== null) {
      console.error(mistake);
      return 1;
    }
    const huge = hugePages();
    if (!huge) console.log(`No huge pages: ${ENOUGH_HUGE_PAGES} could not be written to ${HUGE_PAGES}.`);
    const sum = { passed: 0, failed: 0, skipped: 0 };
    for (const program of PROGRAMS) {
      const counts = runProgram(door, join(folder, program), program, huge, argv.includes('--verbose'));
      for (const key of Object.keys(sum)) sum[key] += counts[key];
    }
    writeFileSync(report, JSON.stringify(sum));
    return sum.failed > 0 ? 1 : 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main(process.argv.slice(2));

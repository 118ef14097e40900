// The kernel's own iommufd selftests: where their source comes from, how they are compiled, what they say. The sources
// are the kernel's (GPL) and stay outside the project: in a tree that the user names, or in the user's cache.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const PACKAGE = 'linux-source-6.12';
const TESTS = 'tools/testing/selftests/iommu';
const HEADERS = ['iommufd', 'vfio'];
/** All of a kernel tree that the tests are made of. */
const FILES = [
  ...['iommufd.c', 'iommufd_fail_nth.c', 'iommufd_utils.h'].map((file) => `${TESTS}/${file}`),
  ...['kselftest.h', 'kselftest_harness.h'].map((file) => `tools/testing/selftests/${file}`),
  ...HEADERS.map((name) => `include/uapi/linux/${name}.h`),
  'drivers/iommu/iommufd/iommufd_test.h',
];
export const PROGRAMS = ['iommufd', 'iommufd_fail_nth'];

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'iommu-playground');

/** Which of the files a tree lacks. */
export const lackingFiles = (tree) => FILES.filter((file) => !existsSync(join(tree, file)));

const works = (command, args, options = {}) =>
  spawnSync(command, args, { stdio: 'ignore', ...options }).status === 0;

/** Fetches a Debian package's file into a folder; its path, or null. Nothing is installed, and no privilege needed. */
function download(name, folder) {
  const get = () => works('apt-get', ['download', '-q', name], { cwd: folder });
  const isRoot = process.getuid?.() === 0;
  if (!get() && !(isRoot && works('apt-get', ['update', '-q']) && get())) return null;
  const file = readdirSync(folder).find((each) => each.startsWith(`${name}_`));
  return file === undefined ? null : join(folder, file);
}

/** The tests' sources from Debian's package: `{ tree }`, or `{ why }`. */
export function debianTree() {
  const tree = join(cache, PACKAGE);
  if (lackingFiles(tree).length === 0) return { tree };
  if (!works('apt-get', ['--version']))
    return { why: `no --tree was given, and there is no apt to get ${PACKAGE} from` };
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, 'get-'));
  try {
    console.log(`Getting ${PACKAGE} for the kernel's own tests (once) …`);
    const file = download(PACKAGE, folder);
    if (file === null) return { why: `no --tree was given, and apt has no ${PACKAGE}` };
    const members = FILES.map((name) => `${PACKAGE}/${name}`).join(' ');
    const unpack = `dpkg-deb --fsys-tarfile "$1" | tar xO ./usr/src/${PACKAGE}.tar.xz | tar xJ --occurrence=1 ${members}`;
    // tar closes the pipe when it has what it wants: what counts is whether the files are there.
    spawnSync('sh', ['-c', unpack, 'sh', file], { cwd: folder, stdio: 'ignore' });
    const lacking = lackingFiles(join(folder, PACKAGE));
    if (lacking.length > 0) return { why: `${PACKAGE} has no ${lacking[0]}` };
    rmSync(tree, { recursive: true, force: true });
    renameSync(join(folder, PACKAGE), tree);
    return { tree };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Compiler words for libcap, which the tests use: `{ flags, libs }`, or `{ why }`. */
function libcap() {
  const probe = ['-x', 'c', '-', '-o', '/dev/null', '-lcap'];
  const program = '#include <sys/capability.h>\nint main(void) { return cap_free(0); }\n';
  if (works('gcc', probe, { stdio: ['pipe', 'ignore', 'ignore'], input: program }))
    return { flags: [], libs: ['-lcap'] };
  const own = join(cache, 'libcap-dev');
  if (!existsSync(own)) {
    mkdirSync(cache, { recursive: true });
    const folder = mkdtempSync(join(cache, 'get-'));
    try {
      const file = download('libcap-dev', folder);
      if (file === null || !works('dpkg-deb', ['-x', file, join(folder, 'out')]))
        return { why: 'the tests need libcap (Debian, Ubuntu: apt install libcap-dev)' };
      renameSync(join(folder, 'out'), own);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
  const [machine = ''] = readdirSync(join(own, 'usr/lib'));
  return { flags: ['-isystem', join(own, 'usr/include')], libs: [join(own, 'usr/lib', machine, 'libcap.a')] };
}

/**
 * What stable trees have carried over to the tests but not to the headers beside them (6.12.117), with the values that
 * later kernels have. Only what a tree's own headers lack is added.
 */
const LATER = {
  MOCK_FLAGS_DEVICE_PASID: '4',
  MOCK_PASID_WIDTH: '20',
  IOMMU_HW_INFO_TYPE_DEFAULT: '0',
  IOMMU_HW_INFO_FLAG_INPUT_TYPE: '1',
  in_data_type: 'out_data_type',
};

/** Compiles both programs of a tree into a folder; why it failed, or null. */
export function compileTests(tree, folder) {
  const cap = libcap();
  if (cap.why) return cap.why;
  // As "make headers_install" would give them out: without the kernel's own annotations.
  const headers = join(folder, 'include');
  mkdirSync(join(headers, 'linux'), { recursive: true });
  for (const name of HEADERS)
    cpSync(join(tree, `include/uapi/linux/${name}.h`), join(headers, `linux/${name}.h`));
  for (const name of ['compiler', 'compiler_types']) writeFileSync(join(headers, `linux/${name}.h`), '');
  const declared = ['include/uapi/linux/iommufd.h', 'drivers/iommu/iommufd/iommufd_test.h']
    .map((file) => readFileSync(join(tree, file), 'utf8'))
    .join();
  const later = Object.entries(LATER).filter(([name]) => !new RegExp(`\\b${name}\\b`).test(declared));
  const words = [
    ...['-O2', '-w', '-D_GNU_SOURCE=', '-D__user=', '-D__counted_by(x)='],
    ...later.map(([name, value]) => `-D${name}=${value}`),
    ...['-isystem', headers, ...cap.flags, `-I${join(tree, 'tools/testing/selftests')}`],
  ];
  for (const program of PROGRAMS) {
    const source = join(tree, TESTS, `${program}.c`);
    try {
      execFileSync('gcc', [...words, '-o', join(folder, program), source, ...cap.libs], { stdio: 'pipe' });
    } catch (error) {
      return `${source}: ${error.stderr}`;
    }
  }
  return null;
}

/** Results of a TAP stream: how many were announced, and what became of each. */
export function readTap(text) {
  const planned = Number(/^1\.\.(\d+)$/m.exec(text)?.[1] ?? 0);
  const results = [];
  for (const [, not, name, skip] of text.matchAll(/^(not )?ok \d+ (?:- )?(\S+)(?: # SKIP (.*))?/gm))
    results.push({
      name,
      outcome: not ? 'failed' : skip === undefined ? 'passed' : 'skipped',
      why: skip ?? '',
    });
  return { planned, results };
}

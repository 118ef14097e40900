// The door with real programs: the shim's own test, a small program of one's own, and sequences that a real kernel has
// answered before.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from './bundle.mjs';
import { prepareDoor } from './door.mjs';
import { buildOps, firstDifference, runBehindDoor } from './ops.mjs';
import { cannotCompile } from './shim.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const fixtures = join(root, 'src/testing/fixtures/ops');
/** All 1,198 of them, beside the checkout where that folder is. */
const corpus = join(root, '../shared/conformance/ops/train.tar.gz');
const why = cannotCompile();
const isRoot = process.getuid?.() === 0;

/** A program that knows nothing of this project: IOMMU_IOAS_ALLOC, IOMMU_IOAS_MAP, a close, an exit code. */
const PROGRAM = String.raw`
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct { uint32_t size, flags, id; } alloc = { 12 };
	struct { uint32_t size, flags, ioas, reserved; uint64_t va, length, iova; } map = { 40, 6 };
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/dev/iommu", O_RDWR);

	if (fd < 0 || ioctl(fd, 0x3b81, &alloc))
		return 1;
	map.ioas = alloc.id;
	map.va = (uintptr_t)page;
	map.length = 4096;
	if (ioctl(fd, 0x3b85, &map))
		return 2;
	printf("IOAS %u, IOVA 0x%llx, %s\n", alloc.id, (unsigned long long)map.iova, argv[1]);
	map.ioas = 99;
	if (ioctl(fd, 0x3b85, &map) != -1 || errno != ENOENT)
		return 3;
	return close(fd) ? 4 : 42;
}
`;

describe.skipIf(why !== null)(`a program behind the door${why === null ? '' : ` (skipped: ${why})`}`, () => {
  let folder = '';
  let door;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'iommufd-door-'));
    door = await prepareDoor(folder);
    expect(door).toMatchObject({ ok: true });
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  // 261 checks in 8 groups: references, packets, memory, mmap, kills at random instants (shim/shimtest.c).
  it('shimtest: files, memory and kills, over the smallest engine there is', async () => {
    await bundle('demo-server', 'src/doors/uapi/testing/demo-server.ts', folder);
    const demo = { ...door, server: join(folder, 'demo-server.mjs') };
    const { code, stdout, stderr } = await runBehindDoor(demo, [join(door.shim, 'shimtest')]);
    const groups = [...stdout.matchAll(/^ok (\w+) \((\d+) checks\)$/gm)];
    expect({ code, stderr, not: stdout.match(/^not ok.*/m) }).toEqual({ code: 0, stderr: '', not: null });
    expect(groups.map(([, name]) => name)).toEqual(
      'basic refs queue mem mmap procfile killed concurrent speed'.split(' '),
    );
    expect(groups.reduce((sum, [, , checks]) => sum + Number(checks), 0)).toBe(261);
  }, 90_000);

  it('npm run serve: the program runs unchanged, and its exit code is ours', () => {
    const program = join(folder, 'own');
    writeFileSync(`${program}.c`, PROGRAM);
    execFileSync('gcc', ['-o', program, `${program}.c`]);
    const run = (...words) =>
      spawnSync(process.execPath, [join(root, '.scripts/serve.mjs'), ...words], {
        encoding: 'utf8',
        env: { ...process.env, INIT_CWD: folder },
      });
    // The first IOVA that the kernel hands out for a page: never zero, the second page.
    expect(run('./own', 'hello')).toMatchObject({
      status: 42,
      stdout: 'IOAS 1, IOVA 0x1000, hello\n',
      stderr: '',
    });
    expect(run('sh', '-c', 'exit 7').status).toBe(7);
    expect(run().status).toBe(2);
  }, 60_000);

  it('a program without privilege is served, and held to its limits', async () => {
    const script = join(folder, 'limits.txt');
    // CAP_IPC_LOCK lets pages go uncharged; without it 64 KiB of RLIMIT_MEMLOCK hold 16 pages. Linux: do_update_pinned()
    const lines = [
      'CAP drop ipc_lock',
      '= OK',
      'RLIMIT memlock 0x10000',
      '= OK',
      'BUF b 0x20000 shared',
      '= OK',
    ];
    lines.push('i=IOAS_ALLOC', '= OK id=1', 'd=T_MOCK pt=$i', '= OK stdev=2 hwpt=4 idev=3');
    lines.push('MAP flags=6 ioas=$i va=%b len=0x10000', '= OK iova=0x1000000');
    lines.push('MAP flags=6 ioas=$i va=%b len=0x1000', '= ENOMEM');
    writeFileSync(script, lines.map((line) => `${line}\n`).join(''));
    expect(await firstDifference(door, buildOps(folder), script)).toBeNull();
  }, 60_000);

  describe.skipIf(!isRoot)('recorded on a real kernel of the 7.1 merge window', () => {
    const files = readdirSync(fixtures).filter((file) => file.endsWith('.txt'));
    it.each(files)(
      '%s',
      async (file) => {
        expect(await firstDifference(door, buildOps(folder), join(fixtures, file))).toBeNull();
      },
      90_000,
    );
  });

  describe.skipIf(!isRoot || !process.env.FULL || !existsSync(corpus))('all recorded sequences', () => {
    it('agree, line for line', async () => {
      const all = join(folder, 'all');
      mkdirSync(all);
      execFileSync('tar', ['xzf', corpus, '-C', all]);
      const ops = buildOps(folder);
      const sequences = readdirSync(join(all, 'train')).filter((file) => file.endsWith('.txt'));
      const different = {};
      const left = [...sequences];
      const worker = async () => {
        for (let file = left.shift(); file !== undefined; file = left.shift()) {
          const difference = await firstDifference(door, ops, join(all, 'train', file));
          if (difference !== null) different[file] = difference;
        }
      };
      await Promise.all([worker(), worker()]);
      expect(different).toEqual({});
      expect(sequences).toHaveLength(1198);
    }, 3_600_000);
  });
});

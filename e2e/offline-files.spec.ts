import type { Page } from '@playwright/test';
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';
import { encodeLink } from '../src/share/link';
import { DUMP } from './helpers/dump';
import { dialog, pasteOn } from './helpers/import';
import { ATTACHED, lines, NIC, node, run } from './helpers/scene';
import { BUILD, expect, test } from './helpers/site';
import { reducedMotion } from './helpers/test';

/** The playground as one file, and as a zip for other people's servers. */
test.use(reducedMotion);
test.describe.configure({ timeout: 240_000 }); // a build is among it

const root = fileURLToPath(new URL('..', import.meta.url));
const runNode = (args: readonly string[], env = {}): Promise<unknown> =>
  promisify(execFile)(process.execPath, args, { cwd: root, env: { ...process.env, ...env } });

const hash = encodeLink({ script: ATTACHED, cursor: null, selection: null, camera: null });

/** As `lspci -vvvn` prints it: names come from the database. */
const NUMBERS = DUMP.replace(/^(\S+) .*\[(\w{4})\]: .*\[(\w{4}:\w{4})\](.*)$/gm, '$1 $2: $3$4');

async function importNumbers(page: Page): Promise<void> {
  await pasteOn(page.locator('body'), NUMBERS);
  await dialog(page).getByRole('button', { name: 'Open this machine' }).click();
  await expect(lines(page).filter({ hasText: 'QEMU PCIe Root port' }).first()).toBeAttached();
}

test('one file opens from the disk, and asks for nothing', async ({ page, context, folder, guard }) => {
  await runNode(['node_modules/vite/bin/vite.js', 'build', '--config', '.scripts/single-file.ts'], {
    SINGLE_DIR: folder('single'),
  });
  const address = pathToFileURL(join(folder('single'), 'iommu-playground.html')).href;
  guard.allow(/^request to another server: file:/);
  const asked: string[] = [];
  context.on('request', (request) => asked.push(request.url().replace(/[?#].*/, '')));

  await page.goto(address + hash);
  await expect(node(page, NIC)).toBeVisible();
  await expect(lines(page)).toHaveCount(ATTACHED.split('\n').length);
  await run(page, 'dma 02:00.0 write 0x200000 64');
  await expect(lines(page).last()).toContainText(/PA 0x/);

  // A scene of the gallery, and names of devices.
  await page.evaluate(() => (location.hash = '#scene=gpu-and-its-audio'));
  await expect(page.getByText('The audio was never given to iommufd').first()).toBeVisible();
  await importNumbers(page);

  // Nobody else can open a path of this disk: the link is its hash, and says so.
  await page.getByRole('button', { name: 'Share', exact: true }).click();
  await expect(page.getByRole('textbox', { name: 'Link', exact: true })).toHaveValue(/^#s2:/);
  await expect(page.getByText('the link has no address')).toBeVisible();
  await page.getByRole('tab', { name: 'Embed' }).click();
  await expect(page.getByRole('textbox', { name: 'To put into the page' })).toHaveValue(
    /src="https:\/\/PLAYGROUND\/embed\/iommu-playground\.js"/,
  );
  await page.getByRole('tab', { name: 'Figure' }).click();
  await expect(page.getByRole('img', { name: 'Preview of the figure' })).toBeVisible();
  const saved = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save SVG' }).click();
  expect(readFileSync(await (await saved).path(), 'utf8')).toContain('</svg>');
  await page.keyboard.press('Escape');

  await page.getByRole('button', { name: 'Help' }).click();
  await expect(dialog(page).getByText('the playground in one file')).toBeVisible();
  const others = asked.filter((url) => url !== address && !/^(?:blob|data):/.test(url));
  expect(others).toEqual([]);
});

test('the zip is the same each time, and works from wherever it is unpacked @full', async ({
  page,
  folder,
  site,
}) => {
  const name = 'iommu-playground-0.1.0';
  const zip = async (to: string, zone: string): Promise<Buffer> => {
    await runNode(['.scripts/zip.mjs', BUILD, folder(to)], { TZ: zone });
    return readFileSync(join(folder(to), `${name}.zip`));
  };
  const bytes = await zip('one', 'UTC');
  expect((await zip('two', 'Asia/Tokyo')).equals(bytes)).toBe(true);
  const files = unzipSync(bytes);
  for (const [file, text] of Object.entries(files)) {
    const path = join(folder('unpacked'), file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const readme = new TextDecoder().decode(files[`${name}/README.txt`]);
  expect(readme).toContain('Content-Security-Policy: default-src');

  site.deploy(join(folder('unpacked'), name));
  await page.goto(site.address + hash);
  await expect(node(page, NIC)).toBeVisible();
  await expect(lines(page).last()).toContainText('ATTACH');
  await importNumbers(page);
  expect(await page.evaluate(async () => (await document.fonts.ready).check('13px "Inter Variable"'))).toBe(
    true,
  );
  await page.goto(
    site.page(`<title>Manual</title><script type="module" src="${site.address}embed/iommu-playground.js"></script>
<iommu-playground start="now" link="${site.address}${hash}" title="A scene"><p>poster</p></iommu-playground>`),
  );
  const embed = page.frameLocator('iommu-playground iframe');
  await expect(embed.locator(`.react-flow__node[data-id="${NIC}"]`)).toBeVisible();
  // Whatever was asked lay below the folder, else the server would have said that it has no such file.
  expect(site.asked).not.toContain('');
});

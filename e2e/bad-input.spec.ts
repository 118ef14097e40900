import { crc32 } from 'node:zlib';
import type { Locator, Page } from '@playwright/test';
import { deflateSync } from 'fflate';
import { toBase64url } from '../src/share/base64url';
import { DICTIONARY_S1 } from '../src/share/dictionary-s1';
import { encodeLink } from '../src/share/link';
import { DUMP, functionsIn } from './helpers/dump';
import { BENCH, consoleLine, IOAS, lines, node, openScene, run, stateOf } from './helpers/scene';
import { expect, reducedMotion, test } from './helpers/test';

/** What people paste, type and open by mistake. A message says what and where; what was there before stays. */
test.use(reducedMotion);

const before = BENCH.split('\n').length;
const PNG = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'); // the signature, and the first chunk's head

const dialog = (page: Page) => page.getByRole('dialog');

/** What Ctrl+V does: tests may not touch the system's clipboard. */
async function paste(page: Page, text: string, times = 1): Promise<void> {
  await page.getByRole('textbox', { name: 'Output of lspci' }).evaluate(
    (area, [what, count]) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', what.repeat(count));
      area.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    },
    [text, times] as const,
  );
}

async function openImport(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Import' }).click();
  await expect(dialog(page)).toBeVisible();
}

test.describe('a wrong line', () => {
  test('in the console: what is wrong, and where; the script stays', async ({ page }) => {
    await openScene(page, BENCH);
    await run(page, 'dma 02:00.0 wrote 0x200000 64');
    const said = page.getByText('must be read or write, not "wrote"; did you mean write?');
    // The caret stands under column 13.
    await expect(said).toHaveText(/^ {12}\^ /);
    await expect(consoleLine(page)).toHaveAttribute('aria-invalid', 'true');
    await expect(consoleLine(page)).toHaveValue('dma 02:00.0 wrote 0x200000 64');
    await expect(lines(page)).toHaveCount(before);
  });

  test('in the console: a name that nothing has', async ({ page }) => {
    await openScene(page, BENCH);
    await run(page, 'IOAS_UNMAP nothing all');
    await expect(page.getByText(/^ {11}\^ .*nothing/)).toBeVisible();
    await expect(lines(page)).toHaveCount(before);
  });

  test('in the editor: line and column; the last good state stays on the canvas', async ({ page }) => {
    await openScene(page, BENCH);
    const good = await stateOf(page);
    await page.getByRole('button', { name: 'Editor' }).click();
    await page.getByRole('textbox', { name: 'Script' }).fill(`${BENCH}\nATACH dev ioas\nhwpt == ATTACH`);
    await expect(dialog(page).getByRole('listitem')).toHaveText([
      /^14:1.*no verb "ATACH"; did you mean ATTACH/,
      /^15:\d/,
    ]);
    await expect(dialog(page).getByRole('button', { name: /^Run/ })).toBeDisabled();
    await page.keyboard.press('Escape');
    expect(await stateOf(page)).toEqual(good);
  });

  test('in the editor: an error is a way to its place', async ({ page }) => {
    await openScene(page, BENCH);
    await page.getByRole('button', { name: 'Editor' }).click();
    const text = page.getByRole('textbox', { name: 'Script' });
    await text.fill(`${BENCH}\ndev = BIMD ctx 02:00.0`);
    await dialog(page).getByRole('button', { name: /^14:7/ }).click();
    await expect(text).toBeFocused();
    // The wrong word is selected: typing replaces it.
    await page.keyboard.type('BIND');
    await expect(text).toContainText('dev = BIND ctx 02:00.0');
  });
});

test.describe('a dump', () => {
  test('that is cut off opens as far as it goes, and what is missing is listed', async ({ page }) => {
    const cut = DUMP.slice(0, DUMP.indexOf('07:00.0 ') + 50); // in the middle of a name
    await openScene(page, BENCH);
    await openImport(page);
    await paste(page, cut);
    await expect(dialog(page).getByText(`${functionsIn(cut)} PCI functions,`)).toBeVisible();
    const remarks = dialog(page).getByRole('listitem').filter({ hasText: '07:00.0' });
    await expect(remarks).toHaveText([
      /the text ends within the lines of 07:00.0/i,
      /no device number for 07:00.0/i,
      /the kind of 07:00.0 is guessed|its kind is guessed/,
    ]);
    await dialog(page).getByRole('button', { name: 'Open this machine' }).click();
    await expect(page.locator('.react-flow__node[data-id^="dev:"]')).toHaveCount(functionsIn(cut));
  });

  test('with other text around it: the text is left aside', async ({ page }) => {
    await page.goto('./');
    await openImport(page);
    await paste(page, `Hi all, my groups are odd:\n\n$ sudo lspci -vvvnn\n${DUMP}\nThanks!\n`);
    await expect(dialog(page).getByText('33 PCI functions,')).toBeVisible();
  });

  test('with markup in a name: the name is text', async ({ page }) => {
    const dialogs: string[] = [];
    page.on('dialog', (opened) => {
      dialogs.push(opened.message());
      void opened.dismiss();
    });
    const label = '<img src=x onerror="alert(1)"><b>bold</b>';
    await page.goto('./');
    await openImport(page);
    await paste(page, DUMP.replace('QEMU NVM Express Controller', label));
    await dialog(page).getByRole('button', { name: 'Open this machine' }).click();
    const drive = node(page, 'dev:0000:01:00.0');
    await expect(drive).toContainText(label);
    await drive.click();
    await expect(page.getByRole('tabpanel')).toContainText(label);
    await expect(lines(page).filter({ hasText: 'pci 01:00.0' })).toContainText('onerror');
    await expect(page.locator('img, [onerror], b:text-is("bold")')).toHaveCount(0);
    expect(dialogs).toEqual([]);
  });

  test('that holds no listing at all: what would be one', async ({ page }) => {
    await openScene(page, BENCH);
    const good = await stateOf(page);
    await openImport(page);
    await paste(page, 'Dear diary, no computer was seen today.\n');
    await expect(dialog(page).getByText('No lspci output in these')).toBeVisible();
    await expect(dialog(page).getByRole('button', { name: 'Open this machine' })).toBeDisabled();
    await page.keyboard.press('Escape');
    expect(await stateOf(page)).toEqual(good);
  });
});

test.describe('a binary file', () => {
  test('that is chosen: it is no text, and where that shows', async ({ page }) => {
    await page.goto('./');
    await openImport(page);
    await page
      .locator('input[type=file]')
      .setInputFiles({ name: 'shot.png', mimeType: 'image/png', buffer: PNG });
    await expect(dialog(page).getByRole('alert')).toHaveText(/shot\.png is not text: byte 8 is zero/);
  });

  test('that is dropped on the page: no figure of ours, and the scene stays', async ({ page }) => {
    await openScene(page, BENCH);
    const good = await stateOf(page);
    await page.evaluate(
      (bytes) => {
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([new Uint8Array(bytes)], 'shot.png', { type: 'image/png' }));
        const over = { dataTransfer, bubbles: true, cancelable: true };
        document.body.dispatchEvent(new DragEvent('dragover', over));
        document.body.dispatchEvent(new DragEvent('drop', over));
      },
      [...PNG],
    );
    await expect(page.getByText(/shot\.png carries no scene/)).toBeVisible();
    expect(await stateOf(page)).toEqual(good);
  });
});

test.describe('50 MB', () => {
  /** A line of 50 bytes. */
  const LINE = 'Nov 21 12:00:00 host kernel: nothing to be seen.\n'.padStart(50);
  const LINES = 1 << 20;

  test('pasted for import: an answer within seconds, and the page goes on', async ({ page }) => {
    await openScene(page, BENCH);
    const good = await stateOf(page);
    await openImport(page);
    await paste(page, LINE, LINES);
    const answer = dialog(page).getByText('This text has 50 MiB; at most 32 MiB are read');
    await expect(answer).toBeVisible({ timeout: 8000 });
    await dialog(page).getByRole('button', { name: 'Close' }).click();
    expect(await stateOf(page)).toEqual(good);
    await run(page, 'late = IOAS_ALLOC ctx');
    await expect(lines(page)).toHaveCount(before + 1);
  });

  /** What Ctrl+V does in any field. False when the page did not let the text in. */
  const pasteInto = (field: Locator, text: string, times: number): Promise<boolean> =>
    field.evaluate(
      (element, [what, count]) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', what.repeat(count));
        const init = { clipboardData, bubbles: true, cancelable: true };
        return element.dispatchEvent(new ClipboardEvent('paste', init));
      },
      [text, times] as const,
    );

  test('pasted into the console or the editor: it is not let in, and where it belongs', async ({ page }) => {
    await openScene(page, BENCH);
    expect(await pasteInto(consoleLine(page), LINE, LINES)).toBe(false);
    await expect(page.getByText('50 MiB of text are too much for this field')).toBeVisible();
    await page.getByRole('button', { name: 'Editor' }).click();
    expect(await pasteInto(page.getByRole('textbox', { name: 'Script' }), LINE, LINES)).toBe(false);
  });

  test('of a scenario: how many lines are too many, and the scene stays', async ({ page }) => {
    await openScene(page, BENCH);
    const good = await stateOf(page);
    await openImport(page);
    await paste(page, `machine x\n${'# a comment of a scenario\n'.repeat(1000)}`, 2000);
    await expect(page.getByText(/lines; more than 10,000 are not run/)).toBeVisible();
    expect(await stateOf(page)).toEqual(good);
  });
});

test.describe('a link', () => {
  const GOOD = encodeLink({ script: BENCH, cursor: null, selection: null, camera: null });

  /** As src/share/link.ts makes links, of any content. */
  function linkOf(content: Uint8Array): string {
    const packed = deflateSync(content, { level: 9, dictionary: new TextEncoder().encode(DICTIONARY_S1) });
    const checksum = Buffer.alloc(4);
    checksum.writeUInt32BE(crc32(packed));
    return `#s1:${toBase64url(Buffer.concat([checksum.subarray(0, 3), packed]))}`;
  }

  const BAD = [
    {
      what: 'that unpacks to 64 MiB',
      hash: linkOf(new Uint8Array(64 << 20)),
      says: /unpacks to more than 4,194,304 bytes/,
    },
    { what: 'that was cut off', hash: GOOD.slice(0, -20), says: /This link is damaged/ },
    { what: 'with other letters', hash: GOOD.replace(/..$/, 'xy'), says: /This link is damaged/ },
    {
      what: 'of a version that is not known yet',
      hash: '#s9:AAAA',
      says: /is of version s9, which this page does not know/,
    },
    { what: 'that never was one', hash: '#anything', says: /holds no scene/ },
  ];

  for (const { what, hash, says } of BAD) {
    test(`${what}, opened over a scene, says so and leaves the scene`, async ({ page }) => {
      await page.goto(`./${GOOD}`);
      await run(page, 'mine = IOAS_ALLOC ctx');
      await expect(lines(page)).toHaveCount(before + 1);
      const good = await stateOf(page);
      await expect.poll(() => new URL(page.url()).hash).not.toBe(GOOD); // the new line is in the address bar
      await page.evaluate((bad) => (location.hash = bad), hash);
      await expect(page.getByText(says)).toBeVisible();
      expect(await stateOf(page)).toEqual(good);
      // A reload finds the scene, not the broken link.
      await expect.poll(() => new URL(page.url()).hash).not.toBe(hash);
      await page.reload();
      await expect.poll(() => stateOf(page)).toEqual(good);
    });
  }

  test('that is a bomb, opened first, says so on a page that works', async ({ page }) => {
    await page.goto(`./${linkOf(new Uint8Array(64 << 20))}`);
    await expect(page.getByText(/unpacks to more than 4,194,304 bytes/)).toBeVisible();
    await page.getByRole('button', { name: /^From scratch/ }).click();
    await expect(node(page, 'dev:0000:01:00.0')).toBeVisible();
  });

  test('to a script with a wrong line opens, and the line says where it is wrong', async ({ page }) => {
    await page.goto(
      `./${encodeLink({ script: `${BENCH}\nATACH dev ioas`, cursor: null, selection: null, camera: null })}`,
    );
    await expect(node(page, IOAS)).toBeVisible();
    await expect(lines(page).last()).toContainText('column 1');
    await expect(lines(page).last()).toContainText('there is no verb "ATACH"; did you mean ATTACH?');
  });

  test('that this test makes by itself is one that the page reads', async ({ page }) => {
    await page.goto(`./${linkOf(Buffer.from(`\n${BENCH}`))}`);
    await expect(node(page, IOAS)).toBeVisible();
  });
});

import { readFileSync } from 'node:fs';
import type { Locator, Page } from '@playwright/test';
import { DUMP } from './dump';

const recorded = new URL('../../src/testing/fixtures/groups/pxb-018.groups.json', import.meta.url);

/** Group number to members, as Linux made them on the machine of DUMP. */
export const GROUPS = JSON.parse(readFileSync(recorded, 'utf8')) as Record<string, string[]>;

/** What that kernel prints of its groups. Linux: drivers/iommu/iommu.c iommu_init_device() */
export const GROUP_LOG = Object.entries(GROUPS)
  .flatMap(([number, members]) => members.map((bdf) => `pci ${bdf}: Adding to iommu group ${number}`))
  .map((line, index) => `[    1.${String(166790 + index)}] ${line}`)
  .join('\n');

/** What `lspci -vvnn` prints of the same machine for an ordinary user: no capabilities, and here no groups either. */
export const DENIED = DUMP.split('\n')
  .filter((line) => !/^\t\t|^\tIOMMU group/.test(line))
  .map((line) => (line.startsWith('\tCapabilities') ? '\tCapabilities: <access denied>' : line))
  .filter((line, index, lines) => line !== lines[index - 1] || !line.includes('denied'))
  .join('\n');

export const dialog = (page: Page): Locator => page.getByRole('dialog');

/** What Ctrl+V does on the page: tests may not touch the system's clipboard. */
export const pasteOn = (target: Locator, text: string): Promise<boolean> =>
  target.evaluate((element, what) => {
    const clipboardData = new DataTransfer();
    clipboardData.setData('text/plain', what);
    const init = { clipboardData, bubbles: true, cancelable: true };
    return element.dispatchEvent(new ClipboardEvent('paste', init));
  }, text);

/** Files let go over the page. */
export const dropFiles = (page: Page, files: Readonly<Record<string, string>>): Promise<void> =>
  page.evaluate((all) => {
    const dataTransfer = new DataTransfer();
    for (const [name, text] of Object.entries(all)) dataTransfer.items.add(new File([text], name));
    const init = { dataTransfer, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new DragEvent('dragover', init));
    document.body.dispatchEvent(new DragEvent('drop', init));
  }, files);

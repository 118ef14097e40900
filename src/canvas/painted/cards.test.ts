import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TYPE } from '../layout/sizes';
import { classOf } from './cards';
import { detailAt } from './detail';

describe('the mark of a device on the map', () => {
  // Codes and what they are: https://pcisig.com, "PCI Code and ID Assignment"; Linux: include/linux/pci_ids.h PCI_CLASS_…
  it.each([
    ['PCI_CLASS_STORAGE_EXPRESS', 0x010802, 'storage'],
    ['PCI_CLASS_STORAGE_SATA_AHCI', 0x010601, 'storage'],
    ['PCI_CLASS_NETWORK_ETHERNET', 0x020000, 'network'],
    ['PCI_CLASS_WIRELESS_RF_CONTROLLER', 0x0d1000, 'network'],
    ['PCI_CLASS_DISPLAY_VGA', 0x030000, 'display'],
    ['PCI_CLASS_DISPLAY_3D', 0x030200, 'display'],
    ['PCI_BASE_CLASS_ACCELERATOR', 0x120000, 'display'],
    ['PCI_CLASS_SERIAL_USB_XHCI', 0x0c0330, 'other'],
    ['PCI_CLASS_SYSTEM_OTHER', 0x088000, 'other'],
  ])('%s', (_name, code, mark) => {
    expect(classOf(code)).toBe(mark);
  });
});

describe('what can be read from where the camera is', () => {
  it.each(['near', 'mid', 'far'] as const)('%s: what is shown of it can be read on the screen', (detail) => {
    const zooms = Array.from({ length: 200 }, (_, i) => i / 100).filter((zoom) => detailAt(zoom) === detail);
    expect(zooms.length).toBeGreaterThan(10);
    for (const zoom of zooms) {
      expect(TYPE[detail].title * zoom).toBeGreaterThanOrEqual(detail === 'far' ? 8.8 : 11);
      if (detail !== 'far') expect(TYPE[detail].text * zoom).toBeGreaterThanOrEqual(11);
    }
  });

  it('the bitmap has the sizes of the elements', () => {
    const tokens = readFileSync(new URL('../../ui/tokens.css', import.meta.url), 'utf8');
    const token = (name: string): string => new RegExp(`--${name}: ([^;]+);`).exec(tokens)?.[1] ?? '';
    const px = (name: string): number => {
      const value = token(name);
      const other = /^var\(--(.+)\)$/.exec(value)?.[1];
      return other === undefined ? parseFloat(value) : px(other);
    };
    const sizes = (after: string) => ({
      title: px(`card-title${after}`),
      text: px(`card-text${after}`),
      glyph: px(`card-glyph${after}`),
    });
    expect(TYPE).toEqual({ near: sizes(''), mid: sizes('-mid'), far: sizes('-far') });
  });
});

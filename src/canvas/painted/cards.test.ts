import { describe, expect, it } from 'vitest';
import { classOf } from './cards';
import { detailAt } from './paint';

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

it('small print is left out where canvas.css leaves it out, and words where their height is less than 8 pixels', () => {
  expect(detailAt(0.55)).toBe('near');
  expect(detailAt(0.54)).toBe('titles');
  expect(detailAt(8 / 19)).toBe('titles');
  expect(detailAt(0.41)).toBe('map');
});

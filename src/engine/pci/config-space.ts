import {
  PCI_CAPABILITY_LIST,
  PCI_CB_CAPABILITY_LIST,
  PCI_CFG_SPACE_SIZE,
  PCI_HEADER_TYPE,
  PCI_HEADER_TYPE_CARDBUS,
  PCI_HEADER_TYPE_MASK,
  PCI_STATUS,
  PCI_STATUS_CAP_LIST,
} from './regs';

/** Lists longer than a space can hold are loops. Linux: PCI_FIND_CAP_TTL */
const MAX_CAPABILITIES = 48;

/**
 * The configuration space of one function: 256 bytes, or 4096 with PCIe. Reads outside give all ones, as on the bus.
 *
 * Linux: drivers/pci/access.c, pci.c pci_find_capability(), pci_find_ext_capability()
 */
export class ConfigSpace {
  private readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  read8(offset: number): number {
    return offset < this.bytes.length ? this.view.getUint8(offset) : 0xff;
  }

  read16(offset: number): number {
    return offset + 1 < this.bytes.length ? this.view.getUint16(offset, true) : 0xffff;
  }

  read32(offset: number): number {
    return offset + 3 < this.bytes.length ? this.view.getUint32(offset, true) : 0xffff_ffff;
  }

  write8(offset: number, value: number): void {
    if (offset < this.bytes.length) this.view.setUint8(offset, value);
  }

  write16(offset: number, value: number): void {
    if (offset + 1 < this.bytes.length) this.view.setUint16(offset, value, true);
  }

  write32(offset: number, value: number): void {
    if (offset + 3 < this.bytes.length) this.view.setUint32(offset, value >>> 0, true);
  }

  /** Offset of a capability, 0 when absent. */
  findCapability(id: number): number {
    if ((this.read16(PCI_STATUS) & PCI_STATUS_CAP_LIST) === 0) return 0;
    const cardbus = (this.read8(PCI_HEADER_TYPE) & PCI_HEADER_TYPE_MASK) === PCI_HEADER_TYPE_CARDBUS;
    let offset = this.read8(cardbus ? PCI_CB_CAPABILITY_LIST : PCI_CAPABILITY_LIST) & ~3;
    for (let left = MAX_CAPABILITIES; left > 0 && offset >= 0x40; left--) {
      const found = this.read8(offset);
      if (found === id) return offset;
      if (found === 0xff) return 0;
      offset = this.read8(offset + 1) & ~3;
    }
    return 0;
  }

  /** Offset of an extended capability, 0 when absent. */
  findExtCapability(id: number): number {
    if (this.bytes.length <= PCI_CFG_SPACE_SIZE) return 0;
    let offset = PCI_CFG_SPACE_SIZE;
    for (
      let left = (this.bytes.length - PCI_CFG_SPACE_SIZE) / 8;
      left > 0 && offset >= PCI_CFG_SPACE_SIZE;
      left--
    ) {
      const header = this.read32(offset);
      if (header === 0 || header === 0xffff_ffff) return 0;
      if ((header & 0xffff) === id) return offset;
      offset = (header >>> 20) & ~3;
    }
    return 0;
  }
}

/** Names of vendors and devices by number. Source: the PCI ID database (pci-ids.ucw.cz), cut down to those. */
export class PciIds {
  /** By vendor: its name, and where its devices begin and end in the text. */
  private readonly vendors = new Map<number, { readonly name: string; readonly from: number; to: number }>();

  /** `text`: `vvvv  name` lines, each followed by `\tdddd  name` lines of its devices. */
  constructor(private readonly text: string) {
    let last: { to: number } | null = null;
    for (const match of text.matchAll(/^([0-9a-f]{4}) {2}(.*)$/gm)) {
      if (last !== null) last.to = match.index;
      const vendor = { name: match[2] ?? '', from: match.index, to: text.length };
      last = vendor;
      this.vendors.set(parseInt(match[1] ?? '', 16), vendor);
    }
  }

  /** As lspci writes it: vendor and device, `Device 10d3` where that one is not known; null for an unknown vendor. */
  nameOf(vendorId: number, deviceId: number): string | null {
    const vendor = this.vendors.get(vendorId);
    if (vendor === undefined) return null;
    const number = deviceId.toString(16).padStart(4, '0');
    const start = this.text.indexOf(`\n\t${number}  `, vendor.from);
    if (start < 0 || start >= vendor.to) return `${vendor.name} Device ${number}`;
    const end = this.text.indexOf('\n', start + 1);
    return `${vendor.name} ${this.text.slice(start + 8, end < 0 ? undefined : end)}`;
  }
}

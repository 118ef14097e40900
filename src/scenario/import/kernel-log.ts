import { plainLine } from '../../engine/sim/kernel-lines/text';
import type { Facts, SectionReader } from './facts';
import { KernelPciReader } from './kernel-pci';
import { readUnitLine } from './kernel-units';
import type { TextLine } from './text-lines';

/** May a line be of a kernel's log? Cheap: most lines of a paste are not. */
const HINT =
  /^(?:<\d{1,3}>|\[[ \d+T]|\[[^\]]{0,40}\d\d:\d\d:\d\d|kern\b)|\bkernel(?:\[\d+\])?: |\b(?:PCI host bridge|pci|pcieport|pci_bus|iommu|IOMMU|DMAR|DMAR-IR|dmar|AMD-Vi|DMI|[Cc]ommand line|arm-smmu|arm-smmu-v3|riscv|virtio_iommu|vfio|platform|ivrs|IVRS)\b|^[\w.-]{1,40} [0-9a-f]{4,8}:[0-9a-f]{2}:[01][0-9a-f]\.[0-7]: /;
/** A line without a time stamp is the kernel's only if it speaks of what interests here. */
const SPEAKS =
  /^(?:(?:DMAR(?:-IR)?|dmar|AMD-Vi|iommu|IOMMU|DMI|Kernel command line|Command line|pci_bus \S+|arm-smmu(?:-v3)? \S+|virtio_iommu \S+|riscv[-,_]iommu\S*(?: \S+)?|platform \S+): |PCI host bridge to |VFIO - |ACPI: (?:DMAR|IVRS|IORT|VIOT) )/;
const WRAPPED = 60;
const LONGEST = 2000;

/** What dmesg and `journalctl -k` print, with or without time stamps, hosts and levels. */
export class KernelLogReader implements SectionReader {
  private readonly pci: KernelPciReader;
  /** A message that may go on in the next line, where a terminal or a mail program broke it. */
  private pending: { readonly text: string; readonly line: number; readonly width: number } | null = null;

  constructor(private readonly facts: Facts) {
    this.pci = new KernelPciReader(facts);
  }

  take(line: TextLine): boolean {
    if (line.text.length > LONGEST) return false;
    if (!HINT.test(line.text)) return this.takeTail(line);
    const { text, stamped } = plainLine(line.text);
    if (text === '') {
      this.pending = null;
      return stamped;
    }
    const understood = this.read(text, line.number);
    if (!understood && !stamped && !SPEAKS.test(text) && this.takeTail(line)) return true;
    const width = line.column + line.text.length;
    const long = width >= WRAPPED && text.length < LONGEST;
    const mayGoOn = long && (stamped || (understood && WINDOWS.has(width)));
    this.pending = mayGoOn ? { text, line: line.number, width } : null;
    return understood || stamped || SPEAKS.test(text);
  }

  end(): void {
    this.pending = null;
  }

  private read(text: string, line: number): boolean {
    return this.pci.read(text, line) || readUnitLine(this.facts, text, line);
  }

  /** The rest of a message: mail is broken between words, terminals break within them where their window ends. */
  private takeTail({ text, indented, afterBlank }: TextLine): boolean {
    const { pending } = this;
    this.pending = null;
    if (pending === null || afterBlank || indented || BEGINS.test(text)) return false;
    const spaced = `${pending.text} ${text}`;
    const joined = pending.text + text;
    // What both could mean is taken as the latter says.
    const [first, then] = WINDOWS.has(pending.width) ? [spaced, joined] : [joined, spaced];
    const either = this.read(first, pending.line);
    return this.read(then, pending.line) || either;
  }
}

/** What is no end of a message, but the beginning of something else: lspci's titles and tree. */
const BEGINS = /^(?:(?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[01][0-9a-f]\.[0-7]\s|-\[|-\+-\[|IOMMU group)/i;

/** How wide windows of terminals are. */
const WINDOWS: ReadonlySet<number> = new Set([80, 100, 120, 132, 160]);

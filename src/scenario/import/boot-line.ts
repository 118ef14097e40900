import type { Facts } from './facts';
import type { Warnings } from './warnings';
import * as says from '../../words/scenario/import';

/** Parameters that change IOMMUs, groups or who drives what; the rest is nobody's business. */
const MATTERS =
  /^(?:iommu|intel_iommu|amd_iommu|amd_iommu_intr|iommu\.\w+|intremap|pcie_acs_override|pcie_aspm|vfio[\w-]*\.\w+|iommufd\.\w+|arm-smmu[\w-]*\.\w+|vfio_iommu_type1\.\w+)(?:=|$)/;
/** Of `pci=` too only some words. */
const PCI_WORDS = /^(?:noats|config_acs=|disable_acs_redir=|pcie_scan_all|nommconf|noari)/;

/** The words of the kernel's command line that matter here, and that it was told. Later lines are the same line again. */
export function bootWords({ bootLines }: Facts, warnings: Warnings): string {
  // A line that was broken comes again, whole.
  const whole = bootLines.filter(({ line }, index) => bootLines[index + 1]?.line !== line);
  const [first] = whole;
  if (first === undefined) return '';
  const words = relevantWords(first.text);
  for (const { text, line } of whole.slice(1)) {
    const other = relevantWords(text);
    if (other !== words)
      warnings.contradiction(
        [first.line, line],
        says.twoCommandLinesAndTheFormer(words.slice(0, 200), other.slice(0, 200)),
        '',
      );
  }
  return words;
}

function relevantWords(text: string): string {
  const words: string[] = [];
  for (const word of text.split(/\s+/)) {
    if (word.startsWith('pci=')) {
      const kept = word
        .slice(4)
        .split(',')
        .filter((one) => PCI_WORDS.test(one));
      if (kept.length > 0) words.push(`pci=${kept.join(',')}`);
    } else if (MATTERS.test(word)) words.push(word);
  }
  // A command line is printable text; quotes and backslashes would have to be said twice in a script.
  return words
    .join(' ')
    .replace(/[^ !#-[\]-~]/g, '')
    .slice(0, 1000);
}

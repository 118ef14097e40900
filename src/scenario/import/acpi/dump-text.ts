import { checksumOf, isSignature } from './table';

/**
 * A file as /sys/firmware/acpi/tables has it, or `acpidump -b`, as the text that `acpidump` prints of it; null when it
 * is no whole table of IOMMUs.
 */
export function acpidumpOf(data: Uint8Array): string | null {
  const signature = String.fromCharCode(...data.subarray(0, 4));
  if (!isSignature(signature) || data.length < 48) return null;
  const told = new DataView(data.buffer, data.byteOffset, data.byteLength).getUint32(4, true);
  if (told < 48 || told > data.length || data.length > MOST || checksumOf(data.subarray(0, told)) !== 0)
    return null;
  const lines = [`${signature} @ 0x0000000000000000`];
  for (let at = 0; at < told; at += 16) {
    const row = data.subarray(at, Math.min(at + 16, told));
    const hex = [...row].map((byte) => hexOf(byte, 2)).join(' ');
    const ascii = [...row]
      .map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.'))
      .join('');
    lines.push(`    ${hexOf(at, 4)}: ${hex.padEnd(47)}  ${ascii}`);
  }
  return `${lines.join('\n')}\n`;
}

/** No firmware has a larger one. */
const MOST = 1 << 18;

const hexOf = (value: number, digits: number): string =>
  value.toString(16).toUpperCase().padStart(digits, '0');

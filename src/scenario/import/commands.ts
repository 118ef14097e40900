import type { Facts, SectionReader } from './facts';
import type { TextLine } from './text-lines';

const NAMES =
  'lspci|dmesg|journalctl|find|ls|cat|for|grep|tree|acpidump|iasl|xxd|readlink|lsiommu|ls-iommu|sudo|su|uname|shopt';
/** A prompt and a command that people run for such listings. */
const PROMPT = new RegExp(
  `^(?:\\S{0,60}?(?:[~\\w/\\])]\\s?)?[$#%❯]|\\[[^\\]]{1,60}\\][$#])\\s*(?:${NAMES})\\b`,
);
/** The same without a prompt: such commands stand alone in a line. */
const BARE = /^(?:sudo )?(?:lspci|dmesg|journalctl -k|acpidump)(?: -[\w-]+)*(?: -[a-z] \S+)?(?:\s*[|>].*)?$/;
/** Fences of forums, rulers between listings, and what recordings put above their parts. */
const FENCES =
  /^(?:```\w*|~~~\w*|\[\/?(?:code|spoiler|quote)[^\]]{0,40}\]|[-=_*#]{3,}|={2,}\s.{1,80}|-- ?)$/i;

/** What people type, and what they put around what it prints. */
export function isCommand(text: string): boolean {
  if (text.length >= 300) return false;
  // Most lines are told apart by their first character, or by having no prompt.
  return (
    (FENCE_STARTS.includes(text.charAt(0)) && FENCES.test(text)) ||
    (/[$#%❯]/.test(text) && PROMPT.test(text)) ||
    (BARE_STARTS.includes(text.charAt(0)) && BARE.test(text))
  );
}

const FENCE_STARTS = '`~[-=_*#';
const BARE_STARTS = 'sldja';

/** `cat /proc/cmdline`: one line of words that every boot loader and distribution begins alike. */
const BOOT_LINE = /^(?:BOOT_IMAGE=\S+|initrd=\S+|root=\S+)(?: \S+)*$/;

export class BootLineReader implements SectionReader {
  constructor(private readonly facts: Facts) {}

  take({ text, number }: TextLine): boolean {
    if (!text.includes('=') || !BOOT_LINE.test(text)) return false;
    this.facts.bootLines.push({ text, line: number });
    return true;
  }
}

import type { PciLineArgs } from './pci-line';
import type { Arg } from './script';

/** The arguments of a parsed `pci` statement as specOfArgs() takes them. */
export function pciLineArgs(args: readonly Arg[]): PciLineArgs {
  const words: string[] = [];
  const options: Record<string, string> = {};
  let text: string | null = null;
  for (const arg of args) {
    if (arg.kind === 'string') text = arg.text;
    else if (arg.kind === 'option') options[arg.key] = arg.value;
    else words.push(arg.text);
  }
  return { words, options, text };
}

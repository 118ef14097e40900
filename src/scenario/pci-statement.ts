import type { PciLineArgs } from './pci-line';

/** As much of an argument as matters here; the parser's and the interpreter's both fit. */
type LineArg =
  | { readonly kind: 'option'; readonly key: string; readonly value: string }
  | { readonly kind: 'word' | 'number' | 'range' | 'string'; readonly text: string };

/** The arguments of a parsed `pci` statement as specOfArgs() takes them. */
export function pciLineArgs(args: readonly LineArg[]): PciLineArgs {
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

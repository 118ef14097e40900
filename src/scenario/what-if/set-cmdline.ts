import { formatStatement, option, text, type ArgText } from '../format';
import { parseScript } from '../parse';
import { changed, type Changed } from './changed';

/** The kernel's command line, whole; empty: none. A script without a `machine` line gets one. */
export function setCmdline(script: string, cmdline: string): Changed {
  const { lines } = parseScript(script);
  const words: readonly ArgText[] = cmdline.trim() === '' ? [] : [option('cmdline', cmdline.trim())];
  const at = lines.findIndex(({ statement }) => statement?.verb === 'machine');
  const texts = lines.map(({ raw }) => raw);
  const statement = lines[at]?.statement;
  if (!statement) texts.unshift(formatStatement({ verb: 'machine', args: [text('machine'), ...words] }));
  else {
    const kept = statement.args.filter((arg) => arg.kind !== 'option' || arg.key !== 'cmdline');
    texts[at] = formatStatement({ ...statement, args: [...kept, ...words] });
  }
  return changed(`${texts.join('\n')}\n`);
}

/** The kernel's command line that a script has; empty: none. */
export function cmdlineOf(script: string): string {
  for (const { statement } of parseScript(script).lines) {
    if (statement?.verb !== 'machine') continue;
    for (const arg of statement.args) if (arg.kind === 'option' && arg.key === 'cmdline') return arg.value;
  }
  return '';
}

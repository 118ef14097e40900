import type { LineResult } from '../../../engine/sim/batch';
import { normalizeBdf, parseNumber } from '../../literal';
import type { Statement } from '../../script';
import type { RunLine } from '../recording';
import { bytesOfText, optionOf, sizeOf, wordsOf } from '../words-of';
import { callLines, checkLine } from './calls';
import { ERRNO } from '../../../engine/kernel/errno';
import type { State } from './state';
import { cComment, cString, numberLiteral } from './text';
import * as says from '../../../words/scenario/export';

/** One line of the script as lines of the program. */

const BEFORE_BOOT = new Set(['machine', 'pci', 'platform', 'iommu', 'reserve', 'boot']);
/** Nothing happens in them. */
const SAYS = new Set(['place']);
/** They look at what no program sees: a person compares. */
const LOOKS = new Set(['expect', 'expect-log', 'peek', 'read_register', 'cat', 'ls', 'readlink']);

/** It says what the machine is like. */
export const isOfMachine = ({ line: { statement } }: RunLine): boolean =>
  statement !== null && BEFORE_BOOT.has(statement.verb);

export function lineLines(run: RunLine, state: State): readonly string[] {
  const { line, result } = run;
  const { raw, statement } = line;
  if (statement === null)
    return line.error === null ? commentLine(raw) : cComment(says.notUnderstood(raw), '\t');
  if (SAYS.has(statement.verb)) return [];
  if (statement.verb === 'note') return ['', ...cComment(wordsOf(statement).join(' '), '\t')];
  const comment = cComment(`${line.number}: ${raw.trim()}`, '\t');
  if (result === null) return [...comment, ...cComment(says.itHasNotRunNothing, '\t')];
  if (LOOKS.has(statement.verb))
    return [...comment, ...cComment(says.ofTheSceneAloneThereItIs(result.result), '\t')];
  const done = ofLine(run, statement, result, state);
  const mark = done.some((text) => /\b(?:check|open_vfio|new_buffer|new_memfd|memcpy)\(/.test(text));
  if (mark) state.helpers.add('mark');
  return [...comment, ...(mark ? [`\tmark(${line.number});`] : []), ...done];
}

const commentLine = (raw: string): readonly string[] => {
  const text = raw.replace(/^\s*#?\s*/, '').trim();
  // What a file of the gallery says about itself, the program says at its top, or nobody needs here.
  return text === '' || /^(?:title|tags|order):/.test(text) ? [''] : cComment(text, '\t');
};

function ofLine(run: RunLine, statement: Statement, result: LineResult, state: State): readonly string[] {
  const { number } = run.line;
  if (statement.begun !== undefined) {
    if (statement.name !== null)
      state.begun.set(statement.name, { statement: statement.begun, line: number });
    if (run.calls.length === 0) return [...cComment(says.begunHereOtherLinesCome, '\t')];
  }
  const task = statement.verb === 'finish' || statement.verb === 'step' ? wordsOf(statement)[0] : undefined;
  const own =
    (task === undefined ? undefined : state.begun.get(task)?.statement) ?? statement.begun ?? statement;
  if (run.calls.length > 0) return withCalls(run, own, state);
  return withoutCalls(number, own, result, state) ?? outside(number, run.line.raw, result, state);
}

function withCalls({ line, calls }: RunLine, statement: Statement, state: State): readonly string[] {
  return calls.flatMap((event) => {
    const opened = event.name === 'VFIO_DEVICE_BIND_IOMMUFD' && statement.verb === 'BIND';
    const before = opened ? openDevice(line.number, statement, event.file, state) : [];
    const fd = fdOf(event.file, statement, state);
    if (event.name === 'VFIO_DEVICE_BIND_IOMMUFD') {
      const context = contextNamed(statement, opened ? 0 : 1, state);
      if (context !== null && event.returned >= 0) {
        state.contextOf.set(event.file, context);
        state.closing.set(event.file, { fd, of: context });
      }
    }
    const context = state.contextOf.get(event.file) ?? event.file;
    const made = callLines({ event, statement, line: line.number, state, context }, fd);
    const after = opened && event.returned < 0 ? [`\tclose(${fd});`, `\t${fd} = -1;`] : [];
    return [...before, ...made, ...after];
  });
}

/** `BIND` opens the device's own node first. */
function openDevice(line: number, statement: Statement, file: string, state: State): readonly string[] {
  const name = file.replace(/^dev:/, '');
  const ident = state.idents.of('fd', statement.name ?? 'device');
  state.fileFds.set(file, ident);
  if (statement.name !== null) state.nameFds.set(statement.name, ident);
  state.helpers.add('open_vfio');
  const bus = normalizeBdf(name) === null ? 'platform' : 'pci';
  return [`\t${ident} = open_vfio(${line}, ${cString(bus)}, ${cString(name)});`];
}

function contextNamed(statement: Statement, at: number, state: State): string | null {
  const fd = state.nameFds.get(wordsOf(statement)[at] ?? '');
  for (const [file, ident] of state.fileFds) if (ident === fd && file.startsWith('ctx:')) return file;
  return null;
}

/** The descriptor that a call was made on: what the line names where it is of that sort, else what is known of the file. */
function fdOf(file: string, statement: Statement, state: State): string {
  const named = state.nameFds.get(wordsOf(statement)[0] ?? '');
  const known = state.fileFds.get(file);
  if (file.startsWith('ctx:')) return known ?? named ?? '-1';
  if (statement.verb === 'BIND') return known ?? '-1';
  return named ?? known ?? '-1';
}

function withoutCalls(
  line: number,
  statement: Statement,
  result: LineResult,
  state: State,
): readonly string[] | null {
  const words = wordsOf(statement);
  const [first = ''] = words;
  switch (statement.verb) {
    case 'open':
      return openLines(line, statement, result, state);
    case 'UNBIND':
    case 'close':
      return closeLines(line, statement.verb, first, state);
    case 'mmap':
    case 'memfd_create':
      return memoryLines(line, statement, result, state);
    case 'munmap': {
      const buffer = state.buffers.get(first);
      if (buffer === undefined || result.status !== 'ok') return null;
      return [
        `\t${checkText(line, 'munmap', `munmap(${buffer.ident}, ${numberLiteral(buffer.bytes ?? 0n)})`, result)}`,
      ];
    }
    case 'store':
      return storeLines(statement, state);
    case 'read':
      return readLines(line, statement, result, state);
    case 'write':
      return writeLines(line, statement, result, state);
    default:
      return null;
  }
}

const checkText = (line: number, what: string, expression: string, { errno }: LineResult): string =>
  checkLine(line, expression, what, errno === null ? 0 : -ERRNO[errno]);

function openLines(line: number, statement: Statement, result: LineResult, state: State): readonly string[] {
  const [path = ''] = wordsOf(statement);
  const name = statement.name ?? 'file';
  const opened = `open(${cString(path)}, O_RDWR | O_CLOEXEC)`;
  if (result.errno !== null) return [`\t${checkText(line, `open ${path}`, opened, result)}`];
  const ident = state.idents.of('fd', name);
  state.nameFds.set(name, ident);
  // A context is told by its number, in the line's margin as in the log of calls.
  const context = /^context (\d+)\b/.exec(result.result)?.[1];
  if (context !== undefined) state.fileFds.set(`ctx:${context}`, ident);
  return [`\t${ident} = ${opened};`, `\t${checkLine(line, ident, `open ${path}`, 0)}`];
}

/** With a context the script closes what is open of it: its devices first, then its queues. */
function closeLines(line: number, what: string, name: string, state: State): readonly string[] | null {
  const fd = state.nameFds.get(name) ?? state.fileFds.get(name);
  if (fd === undefined) return null;
  const context = [...state.fileFds].find(([file, ident]) => ident === fd && file.startsWith('ctx:'))?.[0];
  const with_ = [...state.closing].filter(([, { fd: own, of }]) => own === fd || of === context);
  for (const [key] of with_) state.closing.delete(key);
  const others = with_.map(([, each]) => each.fd).filter((each) => each !== fd);
  return [...others.map((each) => `\tclose(${each});`), `\t${checkLine(line, `close(${fd})`, what, 0)}`];
}

function memoryLines(
  line: number,
  statement: Statement,
  result: LineResult,
  state: State,
): readonly string[] | null {
  const bytes = parseNumber(wordsOf(statement)[1] ?? '');
  if (bytes === null || result.status !== 'ok') return null;
  const name = statement.name ?? 'memory';
  if (statement.verb === 'memfd_create') {
    const ident = state.idents.of('fd', name);
    state.nameFds.set(name, ident);
    state.helpers.add('new_memfd');
    return [`\t${ident} = new_memfd(${line}, ${cString(name)}, ${numberLiteral(bytes)});`];
  }
  const ident = state.idents.of('buffer', name);
  state.buffers.set(name, { ident, bytes, base: null });
  state.helpers.add('new_buffer');
  const align = parseNumber(optionOf(statement, 'pages') ?? '') ?? alignmentOf(bytes);
  return [`\t${ident} = new_buffer(${line}, ${numberLiteral(bytes)}, ${numberLiteral(align)});`];
}

/** So that it can be had in one piece: a power of two that fits into it, at most 2 MiB. */
function alignmentOf(bytes: bigint): bigint {
  let align = 4096n;
  while (align < 1n << 21n && align * 2n <= bytes) align *= 2n;
  return align;
}

/** A program writes its own memory. */
function storeLines(statement: Statement, state: State): readonly string[] | null {
  const [name = '', at = '', text = ''] = wordsOf(statement);
  const buffer = state.buffers.get(name);
  const offset = parseNumber(at);
  if (buffer === undefined || offset === null) return null;
  const bytes = bytesOfText(text);
  if (bytes === null) return null;
  const isWords = text.trim().startsWith('0x');
  const elements = isWords
    ? text
        .trim()
        .split(/\s+/)
        .map((word) => `${word.replaceAll('_', '')}ULL`)
    : [...bytes].map((byte) => `0x${byte.toString(16).padStart(2, '0')}`);
  return [
    '\t{',
    `\t\tconst ${isWords ? '__u64' : says.unsignedChar} data[] = { ${elements.join(', ')} };`,
    '',
    `\t\tmemcpy((char *)${buffer.ident} + ${numberLiteral(offset)}, data, sizeof(data));`,
    '\t}',
  ];
}

function readLines(
  line: number,
  statement: Statement,
  result: LineResult,
  state: State,
): readonly string[] | null {
  const fd = state.nameFds.get(wordsOf(statement)[0] ?? '');
  if (fd === undefined) return null;
  const bytes = sizeOf(statement, 'count') ?? 2560n;
  return [
    ...(result.status === 'ok' ? cComment(says.inTheScene(result.result), '\t') : []),
    '\t{',
    `\t\tunsigned char data[${bytes}];`,
    '',
    `\t\t${checkText(line, 'read', `read(${fd}, data, sizeof(data))`, result)}`,
    '\t}',
  ];
}

function writeLines(
  line: number,
  statement: Statement,
  result: LineResult,
  state: State,
): readonly string[] | null {
  const [name = '', cookie = '', code = 'SUCCESS'] = wordsOf(statement);
  const fd = state.nameFds.get(name);
  if (fd === undefined) return null;
  const raw = optionOf(statement, 'bytes');
  if (raw !== null || parseNumber(cookie) === null) return null;
  return [
    '\t{',
    '\t\t/* struct iommu_hwpt_page_response: the cookie that read() gave, and IOMMUFD_PAGE_RESP_… */'.replace(
      '…',
      '*',
    ),
    `\t\tconst __u32 data[2] = { ${cookie}, ${code === 'INVALID' ? 1 : 0} };`,
    '',
    `\t\t${checkText(line, 'write', `write(${fd}, data, sizeof(data))`, result)}`,
    '\t}',
  ];
}

/** What no program does by a call: somebody else does it, in that moment. */
function outside(line: number, raw: string, result: LineResult, state: State): readonly string[] {
  state.helpers.add('outside');
  const text = raw.trim().replace(/\s*#.*$/, '');
  return [
    ...cComment(
      says.noCallOfThisProgram(result.result === '' ? '' : says.butInTheScene(result.result)),
      '\t',
    ),
    `\toutside(${line}, ${cString(text)});`,
  ];
}

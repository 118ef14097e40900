import type { LineResult, Lookup } from '../../engine/sim/batch';
import { hex } from '../../lib/u64';
import type { Recording, RunLine } from './recording';
import { wordsOf } from './words-of';
import { code, escaped, fenced, head, row } from './markdown-text';
import { MARKDOWN_WORDS as WORDS } from '../../words/scenario/markdown';

export interface ReportInput {
  readonly recording: Recording;
  readonly script: string;
  /** The groups at the end, each with its devices as the kernel names them. */
  readonly groups: readonly { readonly number: number; readonly devices: readonly string[] }[];
  /** Null: there is no link, or it would be too long. */
  readonly link: string | null;
}

/** A scene for a bug report, a mail or a wiki: all that was said, run and found, as text that reads well unrendered. */
export function markdownReport({ recording, script, groups, link }: ReportInput): string {
  const ran = recording.lines.filter(({ result }) => result !== null && result.status !== 'none');
  const notes = recording.lines.flatMap(({ line: { statement } }) =>
    statement?.verb === 'note' ? [wordsOf(statement).join(' ')] : [],
  );
  return [
    `# ${escaped(recording.title)}`,
    ...notes.map((note) => escaped(note)),
    ...(link === null ? [] : [`[${WORDS.open}](${link})`]),
    `## ${WORDS.script}`,
    fenced(script),
    ...section(WORDS.lines, lineTable(ran.filter(({ line }) => !QUIET.has(line.statement?.verb ?? '')))),
    ...section(WORDS.dma, dmaTable(recording.lines.flatMap(({ lookups }) => lookups))),
    ...section(WORDS.groups, groupTable(groups)),
  ]
    .map((part) => `${part}\n`)
    .join('\n');
}

/** They make the scene and say something about it: their margin is no result. */
const QUIET = new Set(['machine', 'pci', 'platform', 'iommu', 'reserve', 'note', 'place']);

const section = (title: string, table: readonly string[]): readonly string[] =>
  table.length === 0 ? [] : [`## ${title}`, table.join('\n')];

function lineTable(lines: readonly RunLine[]): readonly string[] {
  if (lines.length === 0) return [];
  return [
    ...head(WORDS.line, WORDS.action, WORDS.result),
    ...lines.map(({ line, result }) =>
      row(String(line.number), code(line.raw.trim()), result === null ? '' : resultText(result)),
    ),
  ];
}

function resultText({ status, result, why, expected, ok }: LineResult): string {
  const said =
    status === 'errno' && why !== null ? `**${escaped(result)}** ${escaped(why)}` : escaped(result);
  if (ok) return said;
  return `${said} (${expected === null ? WORDS.notExpected : WORDS.expected(expected)})`;
}

function dmaTable(lookups: readonly Lookup[]): readonly string[] {
  if (lookups.length === 0) return [];
  return [
    ...head(WORDS.line, WORDS.device, WORDS.access, WORDS.found),
    ...lookups.flatMap(({ line, deviceId, access, pasid, parts }) =>
      parts.map(({ iova, bytes, pa, fault, peer }) =>
        row(
          String(line),
          code(deviceId.replace(/^dev:/, '')),
          `${access} ${bytes} B at ${code(hex(iova))}${pasid === undefined ? '' : `, PASID ${pasid}`}`,
          fault !== null
            ? `**fault** ${escaped(fault.why)}`
            : peer !== null
              ? escaped(peer.why)
              : pa === null
                ? WORDS.nothing
                : code(`PA ${hex(BigInt(pa))}`),
        ),
      ),
    ),
  ];
}

function groupTable(groups: ReportInput['groups']): readonly string[] {
  if (groups.length === 0) return [];
  return [
    ...head(WORDS.group, WORDS.devices),
    ...groups.map(({ number, devices }) => row(String(number), devices.map(code).join(' '))),
  ];
}

import { escaped, row, head, code } from '../scenario/export/markdown-text';
import { sentence } from '../panels/shared/sentence';
import { REPORT as words } from '../words/report';
import type { Origin } from './Paper';
import { cellNotes, passCell, passWords } from './pass';
import type { Findings, GroupReport, Join, MachineReport, Member, Parting } from './report';
import { listed } from './summary';

/** The report for a forum, a mail or a bug tracker: it reads well unrendered, too. */
export function markdownOf(report: MachineReport, { link, state }: Origin): string {
  const { columns } = words;
  const parts = [
    `# ${escaped(report.title)}`,
    escaped(report.summary),
    report.facts
      .map(({ name, values, literal }) => `- ${name}: ${values.map(literal ? code : escaped).join('; ')}`)
      .join('\n'),
    ...section(words.shared, report.shared.flatMap(groupText)),
    ...section(
      words.single,
      report.single.length === 0
        ? []
        : [
            [
              ...head(
                columns.group,
                columns.address,
                columns.device,
                columns.ids,
                columns.driver,
                ...(report.untried ? [] : [columns.pass]),
              ),
              ...report.single.flatMap((group) =>
                group.members.map((member) =>
                  row(
                    String(group.number),
                    ...cells(member),
                    ...(report.untried
                      ? []
                      : [escaped([passCell(group), ...group.mismatches, ...cellNotes(group)].join(' '))]),
                  ),
                ),
              ),
            ].join('\n'),
          ],
    ),
    ...section(
      words.bridges,
      report.bridges.length === 0
        ? []
        : [
            report.bridges
              .flatMap(({ number, members }) =>
                members.map(({ address }) => words.bridge(code(address), number)),
              )
              .join(', '),
          ],
    ),
    ...section(
      words.ungrouped,
      report.ungrouped.length === 0
        ? []
        : [
            [
              ...head(columns.address, columns.device, columns.reason),
              ...report.ungrouped.map(({ member, why }) =>
                row(code(member.address), escaped(member.name), escaped(why)),
              ),
            ].join('\n'),
          ],
    ),
    ...section(words.sources, findingsText(report.findings)),
    ...section(words.made, [
      words.madeBy,
      link === null ? '' : `[${words.openAgain}](${link})`,
      state === null ? '' : filled(words.state, { state: code(state) }),
    ]),
  ];
  return parts
    .filter((part) => part !== '')
    .map((part) => `${part}\n`)
    .join('\n');
}

const section = (title: string, parts: readonly string[]): readonly string[] =>
  parts.length === 0 ? [] : [`## ${title}`, ...parts];

const cells = ({ address, name, ids, driver }: Member): readonly string[] => [
  code(address),
  escaped(name),
  ids === null ? words.notTold : code(ids),
  driver === null ? words.none : code(driver),
];

function groupText(group: GroupReport): readonly string[] {
  const { columns } = words;
  const pass = passWords(group);
  return [
    `### ${words.group(group.number)}: ${words.devices(group.members.length)}`,
    [
      ...head(columns.address, columns.device, columns.ids, columns.driver),
      ...group.members.map((member) => row(...cells(member))),
    ].join('\n'),
    ...titled(words.differs, group.mismatches.map(escaped)),
    ...titled(words.why, group.joins.map(joinText)),
    ...titled(words.pass, [
      [escaped(pass.said), ...(pass.bridgesStay ? [words.bridgesStay] : [])].join(' '),
      ...pass.obstacles.map(({ why, errno }) =>
        escaped(errno === null ? sentence(why) : words.obstacle(sentence(why), errno)),
      ),
    ]),
    ...titled(
      words.parting,
      group.partings === null
        ? []
        : group.partings.length === 0
          ? [words.noParting]
          : group.partings.map(partingText),
    ),
    ...titled(words.reserved, group.reserved.map(code)),
  ];
}

const titled = (title: string, items: readonly string[]): readonly string[] =>
  items.length === 0 ? [] : [[`**${title}**`, '', ...items.map((item) => `- ${item}`)].join('\n')];

function joinText({ devices, other, rule, why, evidence, decidedBy }: Join): string {
  const said = filled(words.joined, {
    device: devices.map(code).join(', '),
    other: code(other),
    rule: `**${rule}**`,
  });
  if (evidence.length === 0) return `${said} ${escaped(why)}`;
  const seen = evidence.map(({ address, where, what }) => `${code(address)} ${escaped(`${where}: ${what}`)}`);
  return [
    said,
    escaped(why),
    `(${seen.join('; ')})`,
    filled(words.decided, { functions: decidedBy.map(code).join(', ') }),
  ].join(' ');
}

function partingText(parting: Parting): string {
  if (parting.kind === 'move')
    return filled(words.moved, {
      device: code(parting.device),
      port: code(parting.port),
      company: parting.others.length === 0 ? words.aloneThen : words.company(listed(parting.others)),
    });
  const names = listed(parting.parts.map((part) => part.join(' + ')));
  const said = filled(words.boot, {
    word: code(parting.word),
    parts: words.parts(parting.parts.length, names),
  });
  return `${said} ${parting.cost}`;
}

function findingsText(findings: Findings | null): readonly string[] {
  if (findings === null) return [words.notKnown];
  const { from, sources, iommu, certainty, lists, asks } = findings;
  return [
    escaped([from, ...(sources.length === 0 ? [] : [`${sources.join('; ')}.`]), iommu].join(' ')),
    escaped(certainty),
    ...lists.flatMap(({ title, items }) => titled(title, items.map(escaped))),
    ...titled(
      words.asks,
      asks.map(({ command, why }) => `${code(command)} ${escaped(why)}`),
    ),
  ];
}

/** A sentence with its places filled by Markdown. */
const filled = (text: string, parts: Readonly<Record<string, string>>): string =>
  text.replace(/\{(\w+)\}/g, (place, name: string) => parts[name] ?? place);

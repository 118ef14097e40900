import type { Finding } from '../scenario/import/imported';
import type { OpenedImport } from '../panels/import/opened';
import { certaintyWords, lineWords, openWords, shortBdf } from '../words/panels/import/findings';
import { sentence } from '../panels/shared/sentence';
import { REPORT as words } from '../words/report';
import type { Findings } from './report';
import { listed } from './summary';

/** What the import dialog said, for a reader who never saw it. */
export function findingsOf({ from, reply, moved }: OpenedImport): Findings {
  const { iommu, certainty } = reply;
  const lists = [
    {
      title: words.open,
      items: certainty.groups
        .filter(({ state }) => state === 'open')
        .map((group) => words.openGroup(listed(group.functions.map(shortBdf)), openWords(group))),
    },
    { title: words.contradictions, items: reply.contradictions.map(findingWords) },
    { title: words.gaps, items: reply.gaps.map(findingWords) },
    { title: words.remarks, items: reply.remarks.map(findingWords) },
  ];
  const unread = reply.notUnderstood.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return {
    from: words.readFrom(from),
    sources: reply.sources
      .filter(({ kind }) => kind !== 'command')
      .map(({ title, lines }) => words.source(title, lines)),
    iommu: sentence(iommu.why),
    certainty: certaintyText(certainty, moved),
    lists: [
      ...lists.filter(({ items }) => items.length > 0),
      ...(unread === 0 ? [] : [{ title: words.unread, items: [words.notUnderstood(unread)] }]),
    ],
    asks: reply.ask.map(({ command, why }) => ({ command, why: sentence(why) })),
  };
}

function certaintyText(certainty: OpenedImport['reply']['certainty'], moved: number): string {
  const { title, text } = certaintyWords(certainty, moved);
  return `${title}. ${text}`;
}

const findingWords = ({ text, lines }: Finding): string =>
  lines.length === 0 ? sentence(text) : words.finding(sentence(text), lineWords(lines));

import type { Finding, Gap } from './imported';
import * as says from '../../words/scenario/import';

type Sort = 'remark' | 'gap' | 'contradiction';

interface Topic {
  readonly sort: Sort;
  readonly ask: string | null;
  readonly line: number;
  readonly lines: Set<number>;
  readonly who: string[];
  readonly functions: Set<string>;
  count: number;
}

/** Collects what could not be read or decided; what many functions share becomes one sentence. */
export class Warnings {
  private readonly topics = new Map<string, Topic>();

  /** `topic` is the sentence, with `%` where the functions it is about go. */
  add(line: number, topic: string, who: string): void {
    this.note('remark', [line], topic, who, null);
  }

  /** Something that the text does not tell; `ask`: the command that would. */
  gap(line: number, topic: string, who: string, ask: string | null): void {
    this.note('gap', [line], topic, who, ask);
  }

  /** Two places that disagree; the sentence says which one was believed. */
  contradiction(lines: readonly number[], topic: string, who: string): void {
    this.note('contradiction', lines, topic, who, null);
  }

  private note(
    sort: Sort,
    lines: readonly number[],
    sentence: string,
    who: string,
    ask: string | null,
  ): void {
    let topic = this.topics.get(sentence);
    if (topic === undefined) {
      topic = { sort, ask, line: lines[0] ?? 1, lines: new Set(), who: [], functions: new Set(), count: 0 };
      this.topics.set(sentence, topic);
    }
    topic.count++;
    if (topic.who.length < NAMED) topic.who.push(who);
    for (const line of lines) if (topic.lines.size < MOST_LINES) topic.lines.add(line);
    const full = /^[0-9a-f]{2}:/i.test(who) ? `0000:${who}` : who;
    if (/^[0-9a-f]{4,8}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/i.test(full)) topic.functions.add(full);
  }

  /** All of them, in the order of their first lines: `line 312: …`. */
  list(): readonly string[] {
    return this.sorted().map(([sentence, topic]) => says.line(topic.line, wordsOf(sentence, topic)));
  }

  contradictions(): readonly Finding[] {
    return this.sorted('contradiction').map(([sentence, topic]) => findingOf(sentence, topic));
  }

  gaps(): readonly Gap[] {
    return this.sorted('gap').map(([sentence, topic]) => ({ ...findingOf(sentence, topic), ask: topic.ask }));
  }

  /** Those that are neither a gap nor a contradiction. */
  remarks(): readonly Finding[] {
    return this.sorted('remark').map(([sentence, topic]) => findingOf(sentence, topic));
  }

  private sorted(sort?: Sort): readonly (readonly [string, Topic])[] {
    return [...this.topics]
      .filter(([, topic]) => sort === undefined || topic.sort === sort)
      .toSorted(([, a], [, b]) => a.line - b.line);
  }
}

/** So many are named in a sentence; the list of functions has them all. */
const NAMED = 6;
const MOST_LINES = 100;

function wordsOf(sentence: string, { who, count }: Topic): string {
  const more = count > who.length ? says.andMore(count - who.length) : '';
  return sentence.replace('%', () => who.join(', ') + more);
}

const findingOf = (sentence: string, topic: Topic): Finding => ({
  text: wordsOf(sentence, topic),
  lines: [...topic.lines].toSorted((a, b) => a - b),
  functions: [...topic.functions],
});

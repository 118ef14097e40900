/** Collects what could not be read or decided; what many functions share becomes one sentence. */
export class Warnings {
  private readonly topics = new Map<
    string,
    { readonly line: number; readonly who: string[]; count: number }
  >();

  /** `topic` is the sentence, with `%` where the functions it is about go. */
  add(line: number, topic: string, who: string): void {
    const known = this.topics.get(topic);
    if (known === undefined) this.topics.set(topic, { line, who: [who], count: 1 });
    else {
      if (known.who.length < NAMED) known.who.push(who);
      known.count++;
    }
  }

  /** In the order of their first lines: `line 312: …`. */
  list(): readonly string[] {
    return [...this.topics]
      .toSorted(([, a], [, b]) => a.line - b.line)
      .map(([topic, { line, who, count }]) => {
        const more = count > who.length ? ` and ${count - who.length} more` : '';
        return `line ${line}: ${topic.replace('%', () => who.join(', ') + more)}`;
      });
  }
}

const NAMED = 6;

/** Of one line, over all devices: a person looks at one at a time. */
const MOST_OF_LINE = 200;
/** Of lines that went on as those before them. */
const MOST_ALIKE = 200;

/**
 * How many accesses are told with all that the hardware did. Each costs more than a hundred that are only counted, and where a
 * thousand devices are busy each of them has something to show in every line: what is told is bounded, what is counted never.
 */
export class CloseUps {
  private ofLine = 0;
  private alike = 0;

  /** A line is over. */
  begin(): void {
    this.ofLine = 0;
  }

  get spent(): boolean {
    return this.ofLine >= MOST_OF_LINE;
  }

  /** One is made; false: there are enough. */
  take(): boolean {
    if (this.spent) return false;
    this.ofLine++;
    return true;
  }

  /** One more line that is as the one before it; false: enough of those were shown. */
  again(): boolean {
    return ++this.alike <= MOST_ALIKE;
  }
}

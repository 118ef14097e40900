import { isName } from '../../lex';
import { Buffers } from './buffers';
import type { ImportedTrace, TraceKind } from './imported-trace';
import { Remarks } from './remarks';
import { TraceMachine } from './trace-machine';
import * as says from '../../../words/scenario/import-trace';

/** How many lines a script made of a recording may have. */
export const MOST_LINES = 5000;

/** A script in the making: lines, the names in it, and the machine that they need. */
export class TraceScene {
  readonly machine = new TraceMachine();
  readonly buffers = new Buffers();
  readonly remarks = new Remarks();
  private readonly body: string[] = [];
  private readonly names = new Set<string>();
  private readonly files = new Map<number, bigint>();
  private left = 0;
  recognised = 0;
  translated = 0;

  /** A name that nothing has yet: `ioas`, `ioas2` … */
  readonly fresh = (stem: string): string => {
    const base = isName(stem) ? stem : 'thing';
    let name = base;
    for (let n = 2; this.names.has(name); n++) name = `${base}${n}`;
    this.names.add(name);
    return name;
  };

  /** A line of the script for a line of the text. */
  say(text: string): void {
    if (this.body.length < MOST_LINES) this.body.push(text);
    else this.left++;
  }

  /** A line that stands for one of the text, with how that ended. `?`: nobody knows with what. */
  act(text: string, errno: string | null): void {
    this.translated++;
    this.say(errno === null || errno === '?' ? text : `${text} ! ${errno}`);
  }

  /** A file is as large as the furthest that any call maps of it. */
  fileBytes(fd: number, atLeast: bigint): bigint {
    const most = this.files.get(fd) ?? 0n;
    return most > atLeast ? most : atLeast;
  }

  fileUsed(fd: number, end: bigint): void {
    this.files.set(fd, this.fileBytes(fd, end));
  }

  finish(kind: TraceKind, title: string, driver: string | null): ImportedTrace {
    if (this.left > 0) this.remarks.lost(0, says.theScriptEndsAfterLinesMore(MOST_LINES, this.left));
    return {
      kind,
      lines: [...this.machine.lines(title, driver), ...this.body],
      recognised: this.recognised,
      translated: this.translated,
      remarks: this.remarks.list(),
    };
  }
}

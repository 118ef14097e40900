import { ERRNO } from '../../../engine/kernel/errno';
import { formatSize } from '../../literal';
import { fileCall } from './file-calls';
import type { TraceCall } from './imported-trace';
import { objectCall } from './object-calls';
import type { TraceScene } from './scene';
import { sizeWords } from './size-words';
import * as says from '../../../words/scenario/import-trace';

/** What a descriptor of the recorded program is. */
export interface OpenThing {
  readonly kind: 'context' | 'device' | 'group' | 'container' | 'queue' | 'memfd';
  /** In the script. Of a device that is not bound: none. */
  name: string | null;
  /** Of a device: as the machine calls it. */
  readonly device: string | null;
  /** Of a device that is bound, or a queue: its context's name. */
  context: string | null;
  /** Of a device: whether it is attached. */
  attached: boolean;
}

/** Calls of a recorded program, one after the other, as lines of a script. */
export class Translator {
  private readonly fds = new Map<number, OpenThing>();
  private readonly ids = new Map<string, string>();
  /** By stem and context: which of them there are. */
  private readonly made = new Map<string, string[]>();

  constructor(readonly scene: TraceScene) {}

  open(
    fd: number,
    thing: Omit<OpenThing, 'attached' | 'context'> & { readonly context?: string | null },
  ): OpenThing {
    const opened = { context: null, attached: false, ...thing };
    this.fds.set(fd, opened);
    return opened;
  }

  at(fd: number): OpenThing | null {
    return this.fds.get(fd) ?? null;
  }

  forget(fd: number): OpenThing | null {
    const thing = this.at(fd);
    this.fds.delete(fd);
    return thing;
  }

  /** Bound to a context that is closed: closed with it. */
  forgetContext(name: string): void {
    for (const [fd, { context }] of this.fds) if (context === name) this.fds.delete(fd);
  }

  /** What the script calls an object; null: no line that was seen made it. */
  named(context: string, id: bigint | null): string | null {
    return id === null ? null : (this.ids.get(`${context} ${id}`) ?? null);
  }

  /** The same of a call that failed: its id may have been nobody's. */
  namedOrId(context: string, id: bigint | null, { errno }: TraceCall): string | null {
    const name = this.named(context, id);
    if (name !== null || id === null || errno === null) return name;
    // Contexts are counted as they are opened.
    const number = [...this.fds.values()]
      .filter(({ kind }) => kind === 'context')
      .findIndex((each) => each.name === context);
    return number < 0 ? null : `hwpt:${number + 1}.${id}`;
  }

  /** A new object: its name. The id is remembered where the text tells it. */
  name(context: string, stem: string, id: bigint | null): string {
    const name = this.scene.fresh(stem);
    if (id !== null) this.ids.set(`${context} ${id}`, name);
    const key = `${context} ${stem}`;
    this.made.set(key, [...(this.made.get(key) ?? []), name]);
    return name;
  }

  alias(context: string, id: bigint, name: string): void {
    this.ids.set(`${context} ${id}`, name);
  }

  /** The only one of its sort; null where there are several, or none. */
  only(context: string, stem: string): string | null {
    const all = this.made.get(`${context} ${stem}`) ?? [];
    return all.length === 1 ? (all[0] ?? null) : null;
  }

  onlyContext(): bigint | null {
    return this.onlyFd(['context']);
  }

  onlyContainer(): bigint | null {
    return this.onlyFd(['container', 'context']);
  }

  private onlyFd(kinds: readonly OpenThing['kind'][]): bigint | null {
    const all = [...this.fds].filter(([, { kind }]) => kinds.includes(kind));
    return all.length === 1 && all[0] !== undefined ? BigInt(all[0][0]) : null;
  }

  /** The context of a descriptor; one that was opened before the text begins is opened here. */
  context(fd: number, line: number): OpenThing {
    const known = this.at(fd);
    if (known !== null && (known.kind === 'context' || known.kind === 'container')) return known;
    const name = this.scene.fresh('ctx');
    this.scene.say(`${name} = open /dev/iommu`);
    this.scene.remarks.took(line, says.noLineOpensThisDescriptor);
    return this.open(fd, { kind: 'context', name, device: null });
  }

  call(call: TraceCall): void {
    const { scene } = this;
    if (call.errno !== null && call.errno !== '?' && !(call.errno in ERRNO)) {
      scene.remarks.lost(call.line, says.isNoErrnoThatTheEngines(call.errno));
      return scene.say(`# line ${call.line}: ${call.names.join(' or ')} = ${call.errno}`);
    }
    if (call.errno === '?') scene.remarks.took(call.line, says.theCallFailedAndTheText);
    const why = call.names[0]?.startsWith('IOMMU_') ? objectCall(this, call) : fileCall(this, call);
    if (why === null) return;
    scene.remarks.lost(call.line, why);
    scene.say(`# line ${call.line}: ${call.names[0] ?? 'ioctl'}${ending(call)}: ${why}`);
  }

  /** A stretch of a program's memory as words of a line; null: nobody knows where it is. */
  memory(
    address: bigint,
    length: bigint,
    line: number,
  ): { readonly name: string; readonly options: string } | null {
    const found = this.scene.buffers.at(address, this.scene.fresh);
    if (found === null) return null;
    if (found.line !== null) {
      this.scene.say(found.line);
      if (!found.isTold) this.scene.remarks.took(line, says.theTextDoesNotShowWhereThis);
    }
    const options = [
      ...(found.offset === 0n ? [] : [`offset=${formatSize(found.offset)}`]),
      ...(found.offset === 0n && length === found.bytes ? [] : [`len=${sizeWords(length)}`]),
    ];
    return { name: found.name, options: options.map((option) => ` ${option}`).join('') };
  }
}

const ending = ({ errno }: TraceCall): string => (errno === null ? '' : ` = ${errno}`);

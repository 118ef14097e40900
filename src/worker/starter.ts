import type { WorkerLike } from './connection';
import { whyNotStarted, type Forbidden } from './why-not';
import * as says from '../words/worker';

type Listener = EventListenerOrEventListenerObject;
type Heard = 'message' | 'error' | 'messageerror';

/** What a browser gives; tests bring their own. */
export interface Host {
  readonly worker: (address: string | URL, options: WorkerOptions) => Worker;
  readonly read: (address: string | URL) => Promise<string>;
  /** Calls back for each directive of the page's policy that stood in the way; returns the way to end that. */
  readonly watch: (tell: (forbidden: Forbidden) => void) => () => void;
  /** The page has no origin of its own: it is in a sandbox, or a file. */
  readonly opaque: boolean;
  /** Address of the page. */
  readonly here: string;
}

export const BROWSER: Host = {
  worker: (address, options) => new Worker(address, options),
  async read(address) {
    const response = await fetch(address);
    if (!response.ok) throw new Error(says.theServerAnswered(response.status));
    return response.text();
  },
  watch(tell) {
    const hear = ({ effectiveDirective, blockedURI }: SecurityPolicyViolationEvent): void =>
      tell({ directive: effectiveDirective, blocked: blockedURI });
    document.addEventListener('securitypolicyviolation', hear);
    return () => document.removeEventListener('securitypolicyviolation', hear);
  },
  get opaque() {
    return origin === 'null';
  },
  get here() {
    return location.href;
  },
};

/**
 * A worker that is started in the first way that works: by its address, else, where there is no origin to start it from (a
 * sandbox, a file), its text as a classic worker from a blob: only that starts there. When
 * no way works, an error event says what the page lacks.
 */
export class Starter implements WorkerLike {
  private worker: Worker | null = null;
  private readonly listeners: Record<Heard, Set<Listener>> = {
    message: new Set(),
    error: new Set(),
    messageerror: new Set(),
  };
  private readonly forbidden: Forbidden[] = [];
  private readonly unwatch: () => void;
  /** It has spoken: what happens to it from now on is its own affair. */
  private alive = false;
  private ended = false;

  constructor(
    private readonly address: string | URL,
    private readonly host: Host = BROWSER,
  ) {
    this.unwatch = host.watch((each) => this.forbidden.push(each));
    try {
      this.take(host.worker(address, { type: 'module', name: 'engine' }), () => void this.startFromBlob());
    } catch {
      void this.startFromBlob(); // SecurityError: no origin that the address is of
    }
  }

  addEventListener(type: string, listener: Listener): void {
    this.listeners[type as Heard]?.add(listener);
  }
  removeEventListener(type: string, listener: Listener): void {
    this.listeners[type as Heard]?.delete(listener);
  }

  /** Before it has spoken nobody speaks to it: see Connection. */
  postMessage(message: unknown, transfer: Transferable[] = []): void {
    this.worker?.postMessage(message, transfer);
  }

  terminate(): void {
    this.ended = true;
    this.unwatch();
    this.worker?.terminate();
  }

  private async startFromBlob(): Promise<void> {
    this.worker = null;
    let text: string;
    try {
      text = await this.host.read(this.address);
    } catch (thrown) {
      return this.giveUp(says.couldNotBeRead(thrown instanceof Error ? thrown.message : String(thrown)));
    }
    if (this.ended) return;
    const home = new URL(this.address, this.host.here).href;
    // A blob has no place in the world: what the engine reads later lies beside its file.
    const blob = new Blob([`self.engineHome=${JSON.stringify(home)};\n`, text], { type: 'text/javascript' });
    const made = URL.createObjectURL(blob);
    try {
      this.take(this.host.worker(made, { type: 'classic', name: 'engine' }), (event) => {
        const { message } = event as Partial<ErrorEvent>;
        this.giveUp(message || null);
      });
    } catch (thrown) {
      this.giveUp(thrown instanceof Error ? thrown.message : String(thrown));
    }
    // By then the browser has read it, or refused it.
    setTimeout(() => URL.revokeObjectURL(made), 10_000);
  }

  private take(worker: Worker, failed: (event: Event) => void): void {
    this.worker = worker;
    worker.addEventListener('message', (event) => {
      if (!this.alive) this.unwatch();
      this.alive = true;
      this.tell('message', event);
    });
    worker.addEventListener('error', (event) => {
      if (this.ended) return;
      if (this.alive) return this.tell('error', event);
      event.preventDefault();
      worker.terminate();
      failed(event);
    });
    worker.addEventListener('messageerror', (event) => this.tell('messageerror', event));
  }

  private giveUp(detail: string | null): void {
    this.unwatch();
    if (this.ended) return;
    const message = whyNotStarted({ forbidden: this.forbidden, opaque: this.host.opaque, detail });
    this.tell('error', Object.assign(new Event('error'), { message }));
  }

  private tell(type: Heard, event: Event): void {
    for (const listener of [...this.listeners[type]]) {
      if (typeof listener === 'function') listener.call(this, event);
      else listener.handleEvent(event);
    }
  }
}

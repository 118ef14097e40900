import { wrap, type Endpoint } from 'comlink';
import { API_VERSION, type EngineApi, type ReadyMessage } from './api';
import * as says from '../words/worker';

/** What the page needs of a Worker: tests bring their own. */
export interface WorkerLike extends Endpoint {
  terminate(): void;
}

/** A call's end. `lost`: the worker died, hung, or threw before it could answer. */
export type Outcome<T> =
  { readonly status: 'ok'; readonly value: T } | { readonly status: 'lost'; readonly why: string };

export type Method = keyof EngineApi;
export type Arguments<M extends Method> = Parameters<EngineApi[M]>;
type Answers = { readonly [M in Method]: Awaited<ReturnType<EngineApi[M]>> };
export type Answer<M extends Method> = Answers[M];

/** How long each may take, in milliseconds, from the moment it is sent. */
export type Limits = Readonly<Record<Method | 'ready', number>>;

/**
 * One worker from its start to its end.
 *
 * Comlink neither waits for a worker to expose its methods nor settles what a dead one owes, so both are done here: calls
 * begin after the worker's `ready` message, and whatever ends the worker settles every call with `lost`.
 */
export class Connection {
  readonly ready: Promise<Outcome<undefined>>;
  private readonly remote;
  private settleReady: (outcome: Outcome<undefined>) => void = () => undefined;
  private readonly pending = new Set<(lost: Outcome<never>) => void>();
  private readyTimer: ReturnType<typeof setTimeout>;
  private ended: string | null = null;

  constructor(
    private readonly worker: WorkerLike,
    private readonly limits: Limits,
    private readonly onLost: (why: string) => void,
  ) {
    this.ready = new Promise((resolve) => (this.settleReady = resolve));
    this.readyTimer = setTimeout(
      () => this.lose(says.theEngineDidNotStartWithin(seconds(limits.ready))),
      limits.ready,
    );
    worker.addEventListener('message', this.onMessage);
    worker.addEventListener('error', this.onError);
    worker.addEventListener('messageerror', this.onMessageError);
    this.remote = wrap<EngineApi>(worker);
  }

  async call<M extends Method>(method: M, args: Arguments<M>): Promise<Outcome<Answer<M>>> {
    const ready = await this.ready;
    if (ready.status === 'lost') return ready;
    if (this.ended !== null) return { status: 'lost', why: this.ended };
    return new Promise((resolve) => {
      const settle = (outcome: Outcome<Answer<M>>): void => {
        clearTimeout(timer);
        this.pending.delete(settle);
        resolve(outcome);
      };
      const limit = this.limits[method];
      const timer = setTimeout(
        () => this.lose(says.theEngineDidNotAnswerWithin(method, seconds(limit))),
        limit,
      );
      this.pending.add(settle);
      // The arguments are exactly the method's own; TypeScript cannot see that through the union.
      const send = this.remote[method] as unknown as (...all: Arguments<M>) => Promise<Answer<M>>;
      send(...args).then(
        (value) => settle({ status: 'ok', value }),
        (thrown: unknown) => this.lose(`${method}: ${describeThrown(thrown)}`),
      );
    });
  }

  /** Ends the worker. What it still owes is lost, but nobody is alarmed. */
  close(): void {
    this.end(says.theEngineWasStopped);
  }

  private readonly onMessage = (event: Event): void => {
    const data: unknown = (event as MessageEvent).data;
    if (!isReady(data)) return;
    if (data.apiVersion !== API_VERSION) {
      this.lose(says.thePageSpeaksVersion(API_VERSION, data.apiVersion));
      return;
    }
    clearTimeout(this.readyTimer);
    this.settleReady({ status: 'ok', value: undefined });
  };

  private readonly onError = (event: Event): void => {
    event.preventDefault?.();
    const { message, filename, lineno } = event as Partial<ErrorEvent>;
    const where = filename ? ` (${filename.split('/').pop() ?? ''}:${lineno ?? 0})` : '';
    this.lose(message ? `${message}${where}` : says.theEngineCouldNotBeLoaded);
  };

  private readonly onMessageError = (): void => this.lose(says.aMessageOfTheEngineCould);

  private lose(why: string): void {
    if (this.ended !== null) return;
    this.end(why);
    this.onLost(why);
  }

  private end(why: string): void {
    if (this.ended !== null) return;
    this.ended = why;
    clearTimeout(this.readyTimer);
    this.worker.removeEventListener('message', this.onMessage);
    this.worker.removeEventListener('error', this.onError);
    this.worker.removeEventListener('messageerror', this.onMessageError);
    this.worker.terminate();
    const lost = { status: 'lost', why } as const;
    this.settleReady(lost);
    for (const settle of [...this.pending]) settle(lost);
  }
}

const seconds = (ms: number): string => `${ms / 1000} s`;

const describeThrown = (thrown: unknown): string =>
  thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);

function isReady(data: unknown): data is ReadyMessage {
  return typeof data === 'object' && data !== null && (data as Partial<ReadyMessage>).type === 'ready';
}

import { expose, type Endpoint } from 'comlink';
import { API_VERSION, type EngineApi } from '../worker/api';
import type { WorkerLike } from '../worker/connection';

/** A worker in the same thread: messages are cloned and arrive later, as real ones do. */
export class FakeWorker implements WorkerLike {
  terminated = false;
  private readonly outside = new EventTarget();
  private readonly inside = new EventTarget();

  /** `engine` null: a worker that never gets ready. */
  constructor(engine: Partial<EngineApi> | null, apiVersion = API_VERSION) {
    if (engine === null) return;
    expose(
      engine,
      endpoint(this.inside, (data) => this.deliver(this.outside, data)),
    );
    this.deliver(this.outside, { type: 'ready', apiVersion });
  }

  postMessage = (data: unknown): void => this.deliver(this.inside, data);
  addEventListener = this.outside.addEventListener.bind(this.outside) as Endpoint['addEventListener'];
  removeEventListener = this.outside.removeEventListener.bind(
    this.outside,
  ) as Endpoint['removeEventListener'];

  terminate(): void {
    this.terminated = true;
  }

  /** What a browser reports of a script error, or of a message that it cannot clone back. */
  fail(type: 'error' | 'messageerror', message = 'boom'): void {
    this.outside.dispatchEvent(Object.assign(new Event(type), { message }));
  }

  private deliver(to: EventTarget, data: unknown): void {
    const clone = structuredClone(data);
    setTimeout(() => {
      if (!this.terminated) to.dispatchEvent(new MessageEvent('message', { data: clone }));
    });
  }
}

const endpoint = (target: EventTarget, post: (data: unknown) => void): Endpoint => ({
  postMessage: post,
  addEventListener: target.addEventListener.bind(target) as Endpoint['addEventListener'],
  removeEventListener: target.removeEventListener.bind(target) as Endpoint['removeEventListener'],
});

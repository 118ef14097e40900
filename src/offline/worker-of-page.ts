import type { ToWorker } from './messages';

/** The service worker, as a page sees it. */

const ANSWER_MS = 3000;

/** Null: there is none, or this page may not have one. */
export async function registrationHere(): Promise<ServiceWorkerRegistration | null> {
  try {
    return (await navigator.serviceWorker.getRegistration()) ?? null;
  } catch {
    return null;
  }
}

export const tell = (worker: ServiceWorker | null, said: ToWorker, ports: MessagePort[] = []): void =>
  worker?.postMessage(said, ports);

/** Null: it does not answer. */
export function versionOf(worker: ServiceWorker): Promise<string | null> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent<unknown>) => resolve(typeof data === 'string' ? data : null);
    setTimeout(resolve, ANSWER_MS, null);
    tell(worker, { type: 'version' }, [port2]);
  });
}

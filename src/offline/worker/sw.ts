import { PrecacheController, type PrecacheEntry } from 'workbox-precaching';
import { lockOfVersion, type ToPage, type ToWorker } from '../messages';

/**
 * Keeps every file of a build, so that the playground works without a network.
 *
 * Workbox stores the files: it takes over what is there already, checks what it loads, and knows how servers redirect. Which
 * version answers is decided here, since that is what people are asked about: the page comes from what is stored, never from
 * the network first, so that a version is left only when somebody says so; and files of a version stay as long as a page of it
 * is open.
 */
declare const self: ServiceWorkerGlobalScope;
/** Written by .scripts/offline.ts */
declare const FILES: readonly PrecacheEntry[];
declare const VERSION: string;

/** An embed cannot ask anybody: it takes the newest version, unless the network lets it wait. */
const NETWORK_MS = 3000;

const { scope } = self.registration;
const PAGE = new URL('index.html', scope).href;
const files = new PrecacheController();
files.addToCacheList([...FILES]);

self.addEventListener('install', (event) => {
  event.waitUntil(
    alone(() => files.install(event)).catch(async (thrown: unknown) => {
      // The version before goes on as it was.
      await tellPages({ type: 'failed', why: isQuota(thrown) ? 'no-room' : 'incomplete' });
      throw thrown;
    }),
  );
});

self.addEventListener('activate', (event) => {
  // A first visit has its files from now on, though its page was there before.
  event.waitUntil(Promise.all([self.clients.claim(), tidy(event)]));
});

self.addEventListener('message', (event) => {
  const said = event.data as ToWorker;
  if (said.type === 'take-over') event.waitUntil(self.skipWaiting());
  else if (said.type === 'tidy') event.waitUntil(tidy(event));
  else event.ports[0]?.postMessage(VERSION);
});

self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || !url.href.startsWith(scope)) return;
  const isEmbed = url.searchParams.has('embed');
  url.search = url.hash = '';
  if (request.mode !== 'navigate') event.respondWith(fileAt(url.href, request));
  else if (url.href === scope || url.href === PAGE)
    event.respondWith(isEmbed ? newestPage(request) : fileAt(PAGE, request));
});

/** A file of this version; of another one, which an open page may still run; or whatever the network has. */
async function fileAt(address: string, request: Request): Promise<Response> {
  const kept = await files.matchPrecache(address);
  if (kept !== undefined) return kept;
  const cache = await self.caches.open(files.strategy.cacheName);
  return (await cache.match(address)) ?? fetch(request);
}

async function newestPage(request: Request): Promise<Response> {
  const late = new Promise<null>((resolve) => setTimeout(resolve, NETWORK_MS, null));
  const answer = await Promise.race([fetch(request).catch(() => null), late]);
  return answer?.ok === true ? answer : fileAt(PAGE, request);
}

/** Lets go what belongs to no version that runs, waits, or is being loaded. */
const tidy = (event: ExtendableEvent): Promise<unknown> =>
  alone(async () => {
    if (self.registration.installing !== null || self.registration.waiting !== null) return;
    const ours = lockOfVersion(scope, VERSION);
    const prefix = lockOfVersion(scope, '');
    const { held = [] } = (await self.navigator.locks?.query()) ?? {};
    const others = held.some(({ name }) => name?.startsWith(prefix) === true && name !== ours);
    if (!others) await files.activate(event);
  });

/** Loading and letting go share one store: never both at once. */
const alone = async (work: () => Promise<unknown>): Promise<unknown> =>
  self.navigator.locks === undefined
    ? work()
    : self.navigator.locks.request(`iommu-playground-files:${scope}`, work);

async function tellPages(news: ToPage): Promise<void> {
  for (const client of await self.clients.matchAll({ includeUncontrolled: true })) client.postMessage(news);
}

const isQuota = (thrown: unknown): boolean =>
  thrown instanceof DOMException && thrown.name === 'QuotaExceededError';

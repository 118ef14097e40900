import { readSaved } from '../app/saved';
import { ask } from './ask';
import { openLaunched } from './launched';
import { lockOfVersion, type ToPage } from './messages';
import { pageVersion, useOffline, type Keeping } from './state';
import { tell, versionOf } from './worker-of-page';

/** How often a page that stays open looks for a newer version. */
const CHECK_MS = 60 * 60_000;

/** Begins when the page is at rest; never in an embed. */
export async function startOffline(): Promise<void> {
  openLaunched();
  await keepPage();
}

/** Keeps the page for use without a network. */
export async function keepPage(): Promise<void> {
  const registration = await register();
  if (registration === null) return;
  holdVersion(registration.scope);
  tellOfKeeping(registration);
  followVersions(registration);
  setInterval(() => {
    if (document.visibilityState === 'visible') registration.update().catch(() => undefined);
  }, CHECK_MS);
}

/** Null: it may not be kept here, or need not. */
async function register(): Promise<ServiceWorkerRegistration | null> {
  if (import.meta.env.MODE === 'single') {
    keeping('file');
    return null;
  }
  // A frame is part of another page: what stays in the browser is that page's affair.
  if (window.top !== window || !/^https?:$/.test(location.protocol)) return null;
  if (!readSaved().offline) {
    keeping('off');
    return null;
  }
  try {
    const made: ServiceWorkerRegistration | undefined = await navigator.serviceWorker.register('./sw.js', {
      updateViaCache: 'none',
    });
    return made ?? null;
  } catch {
    return null; // forbidden, no secure context, or not served
  }
}

const keeping = (now: Keeping): void => useOffline.setState({ keeping: now });

/** As long as this page lives, so do the files that it may still ask for. */
function holdVersion(scope: string): void {
  const version = pageVersion();
  if (version === null || !('locks' in navigator)) return;
  const forever = new Promise<never>(() => undefined);
  void navigator.locks.request(lockOfVersion(scope, version), { mode: 'shared' }, () => forever);
}

function tellOfKeeping(registration: ServiceWorkerRegistration): void {
  navigator.serviceWorker.addEventListener('message', ({ data }: MessageEvent<ToPage>) => {
    // An update that fails leaves what there was.
    if (data.type === 'failed' && registration.active === null) keeping(data.why);
  });
  const first = registration.active === null ? registration.installing : null;
  keeping(first === null ? 'ready' : 'preparing');
  first?.addEventListener('statechange', () => {
    if (first.state === 'activated') keeping('ready');
    else if (first.state === 'redundant' && useOffline.getState().keeping === 'preparing')
      keeping('incomplete');
  });
  tell(registration.active, { type: 'tidy' });
}

function followVersions(registration: ServiceWorkerRegistration): void {
  const offer = async (worker: ServiceWorker): Promise<void> => {
    // A page that came past the store may be the newer one itself.
    if (registration.active === null || (await versionOf(worker)) === pageVersion()) return;
    useOffline.setState({ update: 'waiting' });
    ask();
  };
  if (registration.waiting !== null) void offer(registration.waiting);
  registration.addEventListener('updatefound', () => {
    const worker = registration.installing;
    worker?.addEventListener('statechange', () => {
      if (worker.state === 'installed') void offer(worker);
    });
  });
  const { serviceWorker } = navigator;
  serviceWorker.addEventListener('controllerchange', () => {
    const { controller } = serviceWorker;
    if (controller !== null) void compare(controller);
  });
}

/** Another tab may have agreed to a new version. */
async function compare(controller: ServiceWorker): Promise<void> {
  const version = await versionOf(controller);
  if (version === null) return;
  const same = version === pageVersion();
  useOffline.setState({ update: same ? 'none' : 'taken' });
  if (!same) ask();
}

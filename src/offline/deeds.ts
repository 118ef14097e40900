import { reloadPage } from '../app/rescue';
import { save } from '../app/saved';
import { useLesson } from '../lessons/current';
import { useApp } from '../store';
import type { Notice } from '../store/types';
import { OFFLINE as words } from '../words/offline';
import { ask } from './ask';
import { keepPage } from './start';
import { pageVersion, useOffline } from './state';
import { registrationHere, tell } from './worker-of-page';

const TAKE_MS = 10_000;

const say = (text: string, tone: Notice['tone'] = 'info'): void =>
  useApp.getState().actions.notify({ tone, text });

/** The person has agreed: the version that waits takes over, and this page is loaded anew with its scene. */
export async function takeUpdate(): Promise<void> {
  const waiting = (await registrationHere())?.waiting ?? null;
  if (waiting !== null) {
    const taken = new Promise((resolve) => {
      waiting.addEventListener('statechange', () => waiting.state === 'activated' && resolve(true));
      setTimeout(resolve, TAKE_MS, false);
    });
    tell(waiting, { type: 'take-over' });
    if (!(await taken)) return say(words.notTaken, 'error');
  }
  reload();
}

function reload(): void {
  const lesson = useLesson.getState().current?.lesson;
  if (lesson === undefined) return void reloadPage();
  // A lesson is kept by itself, and goes on where it was left.
  history.replaceState(null, '', `#lesson=${lesson.id}`);
  location.reload();
}

export async function checkForUpdate(): Promise<void> {
  if (useOffline.getState().update !== 'none') return ask();
  if (!navigator.onLine) return say(words.noNetwork, 'error');
  const version = pageVersion() ?? '';
  const registration = await registrationHere();
  try {
    if (registration === null) {
      if (version === ((await versionServed()) ?? '')) return say(words.newest(version));
      useOffline.setState({ update: 'waiting' });
      return ask();
    }
    await registration.update();
  } catch {
    return say(words.noAnswer, 'error');
  }
  // What has been found asks by itself when all of it is there.
  if (useOffline.getState().update === 'none')
    say(registration.installing === null ? words.newest(version) : words.loading);
}

/** Where nothing is kept, the page on the server says which version is there. */
async function versionServed(): Promise<string | undefined> {
  const answer = await fetch('./index.html', { cache: 'no-store' });
  if (!answer.ok) throw new Error(answer.statusText);
  return /<meta name="version" content="([^"]*)"/.exec(await answer.text())?.[1];
}

/** The way back: what answers for the server is gone with all that it has stored, and does not come again by itself. */
export async function forgetOffline(): Promise<void> {
  save({ offline: false });
  const registration = await registrationHere();
  if (registration !== null) {
    await registration.unregister();
    for (const name of await caches.keys()) if (name.endsWith(registration.scope)) await caches.delete(name);
  }
  useOffline.setState({ keeping: 'off', update: 'none' });
  say(words.forgotten);
}

export async function keepOffline(): Promise<void> {
  save({ offline: true });
  await keepPage();
  if (useOffline.getState().keeping === 'unavailable') say(words.cannotKeep, 'error');
  else say(words.keeping);
}

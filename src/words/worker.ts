/** Why the engine does not start or answer. */

export const theEngineDidNotStartWithin = (seconds: string): string =>
  `The engine did not start within ${seconds}.`;
export const theEngineDidNotAnswerWithin = (method: string, seconds: string): string =>
  `The engine did not answer ${method} within ${seconds}.`;
export const theEngineWasStopped = 'The engine was stopped.';
export const thePageSpeaksVersion = (API_VERSION: number, apiVersion: number): string =>
  `The page speaks version ${API_VERSION} of the engine's language, the engine ${apiVersion}: reload the page.`;
export const theEngineCouldNotBeLoaded = 'The engine could not be loaded.';
export const aMessageOfTheEngineCould = 'A message of the engine could not be read.';

export const theEngineHasNotBeenStarted = 'The engine has not been started.';
export const theEngineIsNotRunning = 'The engine is not running.';

export const theEngineMayNotStart =
  'The engine may not start: this frame is in a sandbox without an origin of its own, where only a worker from a blob starts, and the playground’s Content-Security-Policy forbids that. It needs worker-src blob: (or the frame allow-same-origin).';
export const theEngineMayNotBeRead = (originOf: string): string =>
  `The engine may not be read: the playground’s Content-Security-Policy forbids it in a sandbox. It needs connect-src ${originOf}`;
export const theEngineMayNotStartThe =
  "The engine may not start: the playground’s Content-Security-Policy forbids its worker. It needs worker-src 'self'";
export const theEngineCouldNotBeRead = (what: string): string =>
  `The engine could not be read${what}. This frame is in a sandbox without an origin of its own: the playground’s server has to send Access-Control-Allow-Origin: *, or the frame needs allow-same-origin.`;
export const theEngineCouldNotBeLoadedFor = (detail: string): string =>
  `The engine could not be loaded: ${detail}`;

export const theServerAnswered = (status: number): string => `the server answered ${status}`;
export const couldNotBeRead = (what: string): string => `could not be read: ${what}`;

export const line = (line: number, why: string): string => `line ${line}: ${why}`;

/** What is said when a part or the engine fails, and the report that can be copied. */

export const siteName = (version: string, what: string): string => `IOMMU Playground ${version}: ${what}`;
export const browser = (browser: string): string => `Browser: ${browser}`;
export const engine = (status: string): string => `Engine: ${status}`;
export const timeAfterLineOf = (cursor: number, total: number): string =>
  `Time: after line ${cursor} of ${total}`;
export const panel = (panel: string): string => `Panel: ${panel}`;
export const selected = (selection: string): string => `Selected: ${selection}`;
export const lastActionsNewestFirst = 'Last actions, newest first:';
export const script = 'Script:';
export const tookAway = (some: string): string => `took away ${some}`;
export const wrote = (some: string): string => `wrote ${some}`;
export const line = (count: number, what: string): string => `- line ${count}: ${what}`;
export const more = (more: number): string => `… ${more} more`;

export const copiedWhatHappenedYourBrowserYour =
  'Copied: what happened, your browser, your last actions, and the script.';
export const thisBrowserDoesNotLet = 'This browser does not let the page copy. Here it is:';
export const copyReport = 'Copy report';
export const report = 'Report';

export const yourSceneIsBack = 'Your scene is back, with its steps of undo.';

export const couldNotBeShown = (part: string): string => `${part} could not be shown`;
export const nothingIsLostYourScript =
  'Nothing is lost: your script and every step of undo are kept, also when the page is loaded again.';
export const tryAgain = 'Try again';
export const undoTheLastStep = 'Undo the last step';
export const reloadThePage = 'Reload the page';

export const theEngineStopped = 'The engine stopped';
export const itIsBeingStartedAgain = 'It is being started again from your script…';
export const yourScriptIsSafeWhatYou = 'Your script is safe. What you see is the last good state.';
export const restart = 'Restart';

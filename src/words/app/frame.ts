/** What the page’s own parts are called: header, rail, dock, views. */

export const scriptAndPlayback = 'Script and playback';
export const theTimeline = 'The timeline';
export const hideTheScript = 'Hide the script';
export const showTheScript = 'Show the script';
export const theScript = 'The script';

export const iommu = 'IOMMU';
export const playground = 'Playground';
export const undo = 'Undo';
export const redo = 'Redo';
export const hideTheSidePanel = 'Hide the side panel';
export const showTheSidePanel = 'Show the side panel';
export const share = 'Share';
export const siteName = 'IOMMU Playground';
export const pageTitle = (title: string): string => `${title} – IOMMU Playground`;
export const findACommandOrAnObject = 'Find a command or an object';
export const findOrDo = 'Find or do…';
export const startingTheEngine = 'Starting the engine…';
export const themeChangeTo = (theme: string, next: string): string => `Theme: ${theme}. Change to ${next}`;

export const scenes = 'Scenes';
export const readyMadeMachinesToTakeApart = 'Ready-made machines to take apart';
export const importIt = 'Import';
export const yourOwnMachineLspciDmesgAcpiTables = 'Your own machine: lspci, dmesg, ACPI tables';
export const editor = 'Editor';
export const theWholeScriptAsText = 'The whole script as text';
export const drafts = 'Drafts';
export const whatThisBrowserKeepsOfYourWork = 'What this browser keeps of your work';
export const help = 'Help';
export const keysAndWords = 'Keys and words';
export const open = 'Open';

export const skipTo = 'Skip to';
export const skipToTheCanvas = 'Skip to the canvas';
export const skipToTheDetails = 'Skip to the details';
export const skipToTheConsole = 'Skip to the console';

export const machine = 'Machine';
export const details = 'Details';
export const script = 'Script';
export const view = 'View';

export const theCanvas = 'The canvas';
export const whatIsOnStage = 'What is on stage';
export const theRefusal = 'The refusal';
export const widthOfTheSidePanel = 'Width of the side panel';
export const thisPanel = 'This panel';
export const heightOfTheScript = 'Height of the script';
export const theDialog = 'The dialog';
export const theMenu = 'The menu';
export const theLesson = 'The lesson';
export const theWalk = 'The walk';

export const thePage = 'The page';

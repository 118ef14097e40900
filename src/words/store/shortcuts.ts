/** What keys do. */

export const stepForwardATableRead = 'Step forward: a table read, or a line';
export const dismissAMessageOrWhatIsOutlined = 'Dismiss a message, or what is outlined';
export const whyTheSelectedDeviceShares = 'Why the selected device shares its group, or does not';
export const thisHelp = 'This help';
export const goFromObjectToObject = 'Go from object to object';
export const goToTheFirstObject = 'Go to the first object';
export const goToTheLastObject = 'Go to the last object';
export const selectTheObject = 'Select the object';
export const connectArrowsChooseATargetEnter = 'Connect: arrows choose a target, Enter does it';
export const selectMore = 'Select more';
export const selectItTooOrNotAnyMore = 'Select it too, or not any more';
export const selectEverything = 'Select everything';
export const moveWhatIsSelectedWithShiftFarther = 'Move what is selected; with Shift farther';
export const somethingNewArrowsChooseEnterMakesIt = 'Something new: arrows choose, Enter makes it';
export const copyAsLinesOfScript = 'Copy, as lines of script';
export const cut = 'Cut';
export const paste = 'Paste';
export const duplicate = 'Duplicate';
export const takeAwayADeviceIsDetachedFirst = 'Take away; a device is detached first';
export const menuOfTheObject = 'Menu of the object';
export const zoomIn = 'Zoom in';
export const zoomOut = 'Zoom out';
export const fitToView = 'Fit to view';

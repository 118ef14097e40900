/** Commands (search): titles, search words, explanations, and why not. */

export const attachAndBind = 'Attach and bind';
export const make = 'Make';
export const change = 'Change';
export const arrange = 'Arrange';
export const time = 'Time';
export const askAndOpen = 'Ask and open';
export const view = 'View';
export const linesOfTheScript = 'Lines of the script';
export const goTo = 'Go to';
export const recent = 'Recent';
export const machine = 'Machine';
export const objects = (count: number): string => `${count} objects`;

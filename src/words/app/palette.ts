/** The command palette. */

export const commandPalette = 'Command palette';
export const findACommandOrAnObject = 'Find a command or an object';
export const doSomethingOrFindAnObject = 'Do something, or find an object…';
export const choose = 'Choose…';
export const close = 'Close';
export const askingTheKernel = 'Asking the kernel…';
export const nothingIsCalledSoTheConsole = 'Nothing is called so. The console takes any line.';
export const keyDo = '{key} do it';
export const keysChoose = '{up} {down} choose';
export const keyBack = '{key} back';
export const keyClose = '{key} close';
export const now = 'now';

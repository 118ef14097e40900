/** Names of the panels on their tabs. */

export const object = 'Object';
export const groups = 'Groups';
export const list = 'List';
export const why = 'Why';
export const passthrough = 'Passthrough';
export const whatIf = 'What if';
export const walk = 'Walk';
export const space = 'Space';
export const trace = 'Trace';
export const calls = 'Calls';
export const events = 'Events';
export const locks = 'Locks';
export const compare = 'Compare';
export const hardware = 'Hardware';
export const caches = 'Caches';
export const registers = 'Registers';
export const queues = 'Queues';
export const memory = 'Memory';
export const sysfs = 'Sysfs';
export const outline = 'Outline';
export const lesson = 'Lesson';

import { keysOf } from '../store/shortcuts';
import type { AppState } from '../store/types';
import type { WorldId } from '../engine/sim/world';
import { APP_COMMANDS } from './app';
import { ARRANGE_COMMANDS } from './arrange';
import { ATTACH_COMMANDS } from './attach';
import type { Command, Readiness } from './command';
import { DEVICE_COMMANDS } from './device';
import { DMA_COMMANDS } from './dma';
import { DRAFT_COMMANDS } from './drafts';
import { GUEST_COMMANDS } from './guest';
import { HARDWARE_COMMANDS } from './hardware';
import { IOAS_COMMANDS } from './ioas';
import { IOMMUFD_COMMANDS } from './iommufd';
import { LESSON_COMMANDS } from './lesson';
import { MACHINE_COMMANDS } from './machine';
import { MEMORY_COMMANDS } from './memory';
import { REPORT_COMMANDS } from './report';
import { SHARE_COMMANDS } from './share';
import { SPACE_COMMANDS } from './space';
import { TIME_COMMANDS } from './time';
import { VERB_COMMANDS } from './verb-lines';
import { VIEW_COMMANDS } from './view';

export type { Choice, Command, CommandGroup, Readiness } from './command';
export { plainSubject, subjectOf } from './objects';

/** In the order in which menus show them. */
export const COMMANDS: readonly Command[] = [
  ...ATTACH_COMMANDS,
  ...DEVICE_COMMANDS,
  ...DMA_COMMANDS,
  ...IOAS_COMMANDS,
  ...IOMMUFD_COMMANDS,
  ...MEMORY_COMMANDS,
  ...SPACE_COMMANDS,
  ...GUEST_COMMANDS,
  ...HARDWARE_COMMANDS,
  ...ARRANGE_COMMANDS,
  ...MACHINE_COMMANDS,
  ...TIME_COMMANDS,
  ...SHARE_COMMANDS,
  ...REPORT_COMMANDS,
  ...DRAFT_COMMANDS,
  ...LESSON_COMMANDS,
  ...APP_COMMANDS,
  ...VIEW_COMMANDS,
  ...VERB_COMMANDS,
].map((command) => ({ ...command, keys: keysOf(command.id) }));

const BY_ID: ReadonlyMap<string, Command> = new Map(COMMANDS.map((command) => [command.id, command]));

export const commandById = (id: string): Command | null => BY_ID.get(id) ?? null;

export interface Offer {
  readonly command: Command;
  readonly readiness: Exclude<Readiness, 'hidden'>;
}

/** What can be done with these objects, or with nothing: also what cannot be done now, with the reason. */
export function commandsFor(app: AppState, subject: readonly WorldId[]): readonly Offer[] {
  return COMMANDS.flatMap((command) => {
    if ((command.on === null) !== (subject.length === 0)) return [];
    const readiness = command.readiness(app, subject);
    return readiness === 'hidden' ? [] : [{ command, readiness }];
  });
}

/** Runs a command, unless it makes no sense now; what stands against it is said. */
export async function runCommand(app: AppState, id: string, subject: readonly WorldId[]): Promise<void> {
  const command = commandById(id);
  const readiness = command?.readiness(app, subject) ?? 'hidden';
  if (command === null || readiness === 'hidden') return;
  if (readiness === 'ready') await command.run(app, subject);
  else app.actions.notify({ tone: 'info', text: `${command.label}: ${readiness.why}` });
}

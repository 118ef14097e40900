import type { DialogId, PanelId } from '../store/types';
import { onNothing, onSelection, type Command } from './command';

/** What changes nothing but what is seen. */

/** Every panel of the page, and words by which it is looked for. */
const PANELS: Readonly<Record<PanelId, readonly [label: string, words: string]>> = {
  object: ['Object', 'inspector properties'],
  walk: ['Walk', 'look-up page table translation'],
  groups: ['Groups', 'list isolation'],
  why: ['Why this group', 'isolation ACS'],
  passthrough: ['Passthrough', 'vfio VM'],
  'what-if': ['What if', 'slot ACS'],
  ioctls: ['Calls', 'ioctl strace log'],
  events: ['Events', 'trace log'],
  locks: ['Locks', 'tasks deadlock lockdep'],
  caches: ['Caches', 'IOTLB stale'],
  registers: ['Registers', 'GCMD'],
  queues: ['Queues', 'invalidation command'],
  memory: ['Memory', 'hex bytes physical'],
  space: ['Space', 'address strip IOVA physical frames areas reserved map'],
  sysfs: ['Sysfs', 'files iommu_groups'],
  outline: ['Outline', 'tree list objects'],
  compare: ['Compare two moments', 'diff before after snapshot'],
  lesson: ['Lesson', 'learn tutorial narration'],
};

const DIALOGS: Readonly<Record<Exclude<DialogId, 'share'>, readonly [label: string, words: string]>> = {
  gallery: ['Open a scene', 'gallery example scenario'],
  import: ['Import your machine', 'lspci dmesg ACPI paste'],
  script: ['Edit the script', 'editor text'],
  drafts: ['Drafts', 'autosave recover history versions saved'],
  help: ['Help', 'keys words verbs'],
};

type Words = readonly [label: string, words: string];
const rowsOf = <Id extends string>(rows: Readonly<Record<Id, Words>>): readonly (readonly [Id, Words])[] =>
  Object.entries<Words>(rows) as unknown as readonly (readonly [Id, Words])[];

const CAMERA = [
  { following: true, label: 'goes along with what plays' },
  { following: false, label: 'stays where it is' },
] as const;

const THEMES = [
  { theme: 'auto', label: 'as the system has it' },
  { theme: 'light', label: 'light' },
  { theme: 'dark', label: 'dark' },
] as const;

export const VIEW_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'view.palette',
    menu: 'never',
    label: 'Find a command or an object',
    group: 'view',
    words: 'palette search go to',
    show: (_none, { actions }) => actions.openPalette({ commandId: null, subject: [] }),
  }),
  onNothing({
    id: 'view.fit',
    label: 'Fit to view',
    group: 'view',
    words: 'zoom all camera',
    against: ({ objects }) => (Object.keys(objects).length === 0 ? 'There is nothing to see yet.' : null),
    show: (_none, { actions }) => actions.lookAt('all'),
  }),
  onNothing({
    id: 'view.in',
    menu: 'never',
    label: 'Zoom in',
    group: 'view',
    words: 'camera nearer',
    show: (_none, { actions }) => actions.lookAt('in'),
  }),
  onNothing({
    id: 'view.out',
    menu: 'never',
    label: 'Zoom out',
    group: 'view',
    words: 'camera farther',
    show: (_none, { actions }) => actions.lookAt('out'),
  }),
  onNothing({
    id: 'view.selection',
    menu: 'never',
    label: 'Bring the selection into view',
    group: 'view',
    words: 'center camera',
    against: ({ selection }) => (selection === null ? 'Nothing is selected.' : null),
    show: (_none, { actions, selection }) => {
      if (selection !== null) actions.lookAt(selection);
    },
  }),
  onSelection({
    id: 'view.follow',
    label: 'Follow in the event log',
    group: 'view',
    words: 'events trace filter only',
    fits: (ids) => ids.length === 1,
    show: ([id], { actions }) => {
      if (id !== undefined) actions.follow(id);
    },
  }),
  onNothing({
    id: 'view.dismiss',
    menu: 'never',
    label: 'Dismiss messages and outlines',
    group: 'view',
    show: (_none, { actions }) => {
      actions.dismissRefusal();
      actions.notify(null);
      actions.light(null);
    },
  }),
  onNothing({
    id: 'view.theme',
    label: 'Theme',
    group: 'view',
    words: 'dark light colours',
    choices: (_none, { theme: now, actions }) =>
      THEMES.map(({ theme, label }) => ({
        key: theme,
        label,
        current: theme === now,
        run: () => actions.setTheme(theme),
      })),
  }),
  onNothing({
    id: 'view.camera',
    menu: 'never',
    label: 'Camera',
    group: 'view',
    words: 'follow pan play automatic out of sight',
    choices: (_none, { following: now, actions }) =>
      CAMERA.map(({ following, label }) => ({
        key: String(following),
        label,
        current: following === now,
        run: () => actions.setFollowing(following),
      })),
  }),
  ...(['tree', 'table'] as const).map((look) =>
    onNothing({
      id: `view.outline-${look}`,
      menu: 'never',
      label: `Show the outline as a ${look}`,
      group: 'view',
      words: 'list objects rows',
      against: ({ outlineLook, panel }) =>
        outlineLook === look && panel === 'outline' ? `It is a ${look} already.` : null,
      show: (_none, { actions }) => {
        actions.showOutlineAs(look);
        actions.showPanel('outline');
      },
    }),
  ),
  onNothing({
    id: 'view.console',
    menu: 'never',
    label: 'Type a line',
    group: 'view',
    words: 'console command script',
    show: (_none, { actions }) => actions.prefill(''),
  }),
  onNothing({
    id: 'view.engine',
    label: 'Start the engine again',
    group: 'view',
    words: 'restart worker crash',
    fits: ({ engine }) => engine.status === 'crashed',
    show: (_none, { actions }) => actions.restartEngine(),
  }),
  ...rowsOf(DIALOGS).map(([id, [label, words]]) =>
    onNothing({
      id: `open.${id}`,
      menu: id === 'help' ? 'never' : 'ready',
      label,
      group: 'open',
      words,
      show: (_none, { actions }) => actions.openDialog(id),
    }),
  ),
  ...rowsOf(PANELS).map(([id, [label, words]]) =>
    onNothing({
      id: `panel.${id}`,
      label: `Show ${label}`,
      group: 'view',
      menu: 'never',
      words: `panel ${words}`,
      show: (_none, { actions }) => actions.showPanel(id),
    }),
  ),
];

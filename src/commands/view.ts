import type { DialogId, PanelId } from '../store/types';
import { onNothing, onSelection, type Command } from './command';
import * as says from '../words/commands/view';

/** What changes nothing but what is seen. */

/** Every panel of the page, and words by which it is looked for. */
const PANELS: Readonly<Record<PanelId, readonly [label: string, words: string]>> = {
  object: [says.object, says.inspectorProperties],
  walk: [says.walk, says.lookUpPageTableTranslation],
  groups: [says.groups, says.listIsolation],
  why: [says.whyThisGroup, says.isolationAcs],
  passthrough: [says.passthrough, says.vfioVm],
  'what-if': [says.whatIf, says.slotAcs],
  ioctls: [says.calls, says.ioctlStraceLog],
  events: [says.events, says.traceLog],
  locks: [says.locks, says.tasksDeadlockLockdep],
  caches: [says.caches, says.iotlbStale],
  registers: [says.registers, 'GCMD'],
  queues: [says.queues, says.invalidationCommand],
  memory: [says.memory, says.hexBytesPhysical],
  space: [says.space, says.addressStripIovaPhysicalFramesAreas],
  sysfs: [says.sysfs, says.filesIommuGroups],
  outline: [says.outline, says.treeListObjects],
  compare: [says.compareTwoMoments, says.diffBeforeAfterSnapshot],
  lesson: [says.lesson, says.learnTutorialNarration],
};

const DIALOGS: Readonly<
  Record<Exclude<DialogId, 'share' | 'report'>, readonly [label: string, words: string]>
> = {
  gallery: [says.openAScene, says.galleryExampleScenario],
  import: [says.importYourMachine, says.lspciDmesgAcpiPaste],
  script: [says.editTheScript, says.editorText],
  drafts: [says.drafts, says.autosaveRecoverHistoryVersionsSaved],
  help: [says.help, says.keysWordsVerbs],
};

type Words = readonly [label: string, words: string];
const rowsOf = <Id extends string>(rows: Readonly<Record<Id, Words>>): readonly (readonly [Id, Words])[] =>
  Object.entries<Words>(rows) as unknown as readonly (readonly [Id, Words])[];

const CAMERA = [
  { following: true, label: says.goesAlongWithWhatPlays },
  { following: false, label: says.staysWhereItIs },
] as const;

const THEMES = [
  { theme: 'auto', label: says.asTheSystemHasIt },
  { theme: 'light', label: says.light },
  { theme: 'dark', label: says.dark },
] as const;

export const VIEW_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'view.palette',
    menu: 'never',
    label: says.findACommandOrAnObject,
    group: 'view',
    words: says.paletteSearchGoToFinds,
    show: (_none, { actions }) => actions.openPalette({ commandId: null, subject: [] }),
  }),
  onNothing({
    id: 'view.fit',
    label: says.fitToView,
    group: 'view',
    words: says.zoomAllCameraFinds,
    against: ({ objects }) => (Object.keys(objects).length === 0 ? says.thereIsNothingToSeeYet : null),
    show: (_none, { actions }) => actions.lookAt('all'),
  }),
  onNothing({
    id: 'view.in',
    menu: 'never',
    label: says.zoomIn,
    group: 'view',
    words: says.cameraNearerFinds,
    show: (_none, { actions }) => actions.lookAt('in'),
  }),
  onNothing({
    id: 'view.out',
    menu: 'never',
    label: says.zoomOut,
    group: 'view',
    words: says.cameraFartherFinds,
    show: (_none, { actions }) => actions.lookAt('out'),
  }),
  onNothing({
    id: 'view.selection',
    menu: 'never',
    label: says.bringTheSelectionIntoView,
    group: 'view',
    words: says.centerCameraFinds,
    against: ({ selection }) => (selection === null ? says.nothingIsSelected : null),
    show: (_none, { actions, selection }) => {
      if (selection !== null) actions.lookAt(selection);
    },
  }),
  onSelection({
    id: 'view.follow',
    label: says.followInTheEventLog,
    group: 'view',
    words: says.eventsTraceFilterOnlyFinds,
    fits: (ids) => ids.length === 1,
    show: ([id], { actions }) => {
      if (id !== undefined) actions.follow(id);
    },
  }),
  onNothing({
    id: 'view.dismiss',
    menu: 'never',
    label: says.dismissMessagesAndOutlines,
    group: 'view',
    show: (_none, { actions }) => {
      actions.dismissRefusal();
      actions.notify(null);
      actions.light(null);
    },
  }),
  onNothing({
    id: 'view.theme',
    label: says.theme,
    group: 'view',
    words: says.darkLightColoursFinds,
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
    label: says.camera,
    group: 'view',
    words: says.followPanPlayAutomaticOutOfSightFinds,
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
      label: says.showTheOutlineAsA(look),
      group: 'view',
      words: says.listObjectsRowsFinds,
      against: ({ outlineLook, panel }) =>
        outlineLook === look && panel === 'outline' ? says.itIsAAlready(look) : null,
      show: (_none, { actions }) => {
        actions.showOutlineAs(look);
        actions.showPanel('outline');
      },
    }),
  ),
  onNothing({
    id: 'view.console',
    menu: 'never',
    label: says.typeALine,
    group: 'view',
    words: says.consoleCommandScriptFinds,
    show: (_none, { actions }) => actions.prefill(''),
  }),
  onNothing({
    id: 'view.engine',
    label: says.startTheEngineAgain,
    group: 'view',
    words: says.restartWorkerCrashFinds,
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
      label: says.show(label),
      group: 'view',
      menu: 'never',
      words: `panel ${words}`,
      show: (_none, { actions }) => actions.showPanel(id),
    }),
  ),
];

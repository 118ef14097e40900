import type { AppState } from '../store/types';
import { REPORT_COMMANDS_SAY as says } from '../words/commands/report';
import { onNothing, type Command } from './command';

/** The groups of the machine on paper. */

const noGroups = ({ objects }: AppState): string | null =>
  Object.values(objects).some(({ type }) => type === 'group') ? null : says.noGroups;

const DEEDS = ['print', 'save', 'copy'] as const;

export const REPORT_COMMANDS: readonly Command[] = [
  onNothing({
    id: 'report.open',
    menu: 'never',
    label: says.open,
    help: says.tip,
    group: 'open',
    words: says.finds,
    against: noGroups,
    show: (_none, { actions }) => actions.openDialog('report'),
  }),
  ...DEEDS.map((deed) =>
    onNothing({
      id: `report.${deed}`,
      menu: 'never',
      label: says[deed],
      group: 'open',
      words: says.finds,
      against: noGroups,
      show: (_none, { actions }) => actions.askPage(`report-${deed}`),
    }),
  ),
];

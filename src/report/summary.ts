import { REPORT as words } from '../words/report';
import type { GroupReport } from './report';

const MOST_NAMED = 12;

/** What most people want to know, before they read on. */
export function summaryOf(groups: readonly GroupReport[], ungrouped: number): string {
  const devices = groups.reduce((sum, { members }) => sum + members.length, 0) + ungrouped;
  const useful = groups.filter(({ members }) => members.some(({ isChipset }) => !isChipset));
  const [blocked, free] = [useful.filter(isBlocked), useful.filter((group) => !isBlocked(group))];
  const alone = free.flatMap(({ members }) => {
    const [only, ...more] = members.filter(({ isBridge }) => !isBridge);
    return only === undefined || more.length > 0 ? [] : [only.address];
  });
  return [
    words.counts(devices, groups.length),
    ...(ungrouped === 0 ? [] : [words.without(ungrouped)]),
    words.alone(alone.length, listed(alone)),
    words.along(free.length - alone.length),
    words.blocked(blocked.length),
  ]
    .filter((each) => each !== '')
    .join(' ');
}

const isBlocked = ({ verdict }: GroupReport): boolean => verdict?.state === 'blocked';

/** `01:00.0, 02:00.0 and 3 more` */
export function listed(names: readonly string[], most = MOST_NAMED): string {
  const shown = names.slice(0, most).join(', ');
  return names.length > most ? words.more(shown, names.length - most) : shown;
}

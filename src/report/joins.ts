import type { GroupJoin } from '../engine/sim/world';
import { ruleTitle } from '../panels/groups/rules';
import { addressOf } from '../panels/groups/words';
import { sentence } from '../panels/shared/sentence';
import { REPORT as words } from '../words/report';
import type { Join } from './report';

/** Why a group is one: devices that came in through the same one by the same evidence are told together. */
export function joinsOf(joins: readonly GroupJoin[]): readonly Join[] {
  const alike = new Map<string, GroupJoin[]>();
  for (const join of joins) {
    const key = JSON.stringify([
      join.withId,
      join.rule,
      ...textsOf(join).map((text) => nameless(text, join)),
    ]);
    const known = alike.get(key);
    if (known === undefined) alike.set(key, [join]);
    else known.push(join);
  }
  return [...alike.values()].flatMap((those) => {
    const [first] = those;
    return first === undefined ? [] : [joinOf(first, those)];
  });
}

/** All that differs from join to join, if anything does. */
const textsOf = ({ why, evidence }: GroupJoin): readonly string[] => [
  why,
  ...evidence.map(({ deviceId, where, what, rule }) => `${addressOf(deviceId)} ${where} ${what} ${rule}`),
];

/** The joining device itself is not what makes a difference. */
const nameless = (text: string, { deviceId }: GroupJoin): string => text.replaceAll(addressOf(deviceId), '');

function joinOf({ deviceId, withId, rule, why, evidence }: GroupJoin, those: readonly GroupJoin[]): Join {
  const device = addressOf(deviceId);
  const several = those.length > 1;
  return {
    devices: those.map((each) => addressOf(each.deviceId)),
    other: addressOf(withId),
    rule: ruleTitle(rule),
    why: sentence(several ? why.replaceAll(device, words.eachOfThem) : why),
    evidence: evidence
      // What each has for itself is not told of the first alone.
      .filter((each) => !several || each.deviceId !== deviceId)
      .map((each) => ({ address: addressOf(each.deviceId), where: each.where, what: each.what })),
    decidedBy: [...new Set(evidence.map((each) => `${each.rule}()`))],
  };
}

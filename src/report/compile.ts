import type { DeviceObject, GroupObject, IommuObject } from '../engine/sim/world';
import { cmdlineOf } from '../scenario/what-if/set-cmdline';
import { all, deviceName, find, type Objects } from '../panels/shared/words';
import { sentence } from '../panels/shared/sentence';
import type { OpenedImport } from '../panels/import/opened';
import { ownerWords } from '../panels/groups/words';
import { sceneTitle, shortBdf } from '../store/script';
import { plainHex } from '../ui/numbers';
import { REPORT as words } from '../words/report';
import { findingsOf } from './findings';
import { joinsOf } from './joins';
import { regionWords } from './regions';
import {
  MOST_TRIED,
  type Fact,
  type GroupReport,
  type MachineReport,
  type Member,
  type Tried,
} from './report';
import { summaryOf } from './summary';

interface Compiled {
  readonly objects: Objects;
  readonly script: string;
  readonly tried: Tried;
  readonly opened: OpenedImport | null;
}

/** All that the report says. Nothing of it depends on when or where it is made. */
export function compileReport({ objects, script, tried, opened }: Compiled): MachineReport {
  const made = all(objects, 'group').toSorted((a, b) => a.number - b.number);
  const inhabited = made.filter(({ deviceIds }) => deviceIds.length > 0);
  const common = commonOf(inhabited);
  const groups = inhabited.map((group) => groupReport(objects, group, common, tried));
  const ungrouped = all(objects, 'device')
    .filter(({ groupId }) => groupId === null)
    .map((device) => ({ member: memberOf(device), why: sentence(device.ungrouped) }));
  const alone = groups.filter(({ members }) => members.length === 1);
  return {
    title: sceneTitle(script) ?? words.untitled,
    facts: factsOf(objects, script, inhabited, common, tried, opened),
    summary: summaryOf(groups, ungrouped.length),
    shared: groups.filter(({ members }) => members.length > 1),
    single: alone.filter((group) => !isBridgesOnly(group)),
    bridges: alone.filter(isBridgesOnly),
    ungrouped,
    findings: opened === null ? null : findingsOf(opened),
    untried: inhabited.length > MOST_TRIED,
  };
}

export const isBridgesOnly = ({ members }: GroupReport): boolean => members.every(({ isBridge }) => isBridge);

/** What all groups have alike is said once. */
interface Common {
  readonly defaultType: string | null;
  readonly reserved: ReadonlySet<string>;
}

function commonOf(groups: readonly GroupObject[]): Common {
  const [first, ...rest] = groups;
  const type = first?.defaultType ?? null;
  const shared = regionsOf(first).filter((region) =>
    rest.every((group) => regionsOf(group).includes(region)),
  );
  return {
    defaultType: rest.every(({ defaultType }) => defaultType === type) ? type : null,
    reserved: new Set(shared),
  };
}

const regionsOf = (group: GroupObject | undefined): readonly string[] =>
  (group?.reserved ?? []).map(regionWords);

function groupReport(objects: Objects, group: GroupObject, common: Common, tried: Tried): GroupReport {
  const devices = group.deviceIds.flatMap((id) => find(objects, id, 'device') ?? []);
  return {
    id: group.id,
    number: group.number,
    members: devices.map(memberOf),
    joins: joinsOf(group.joins),
    verdict: tried.verdicts.get(group.id) ?? null,
    held: devices.flatMap(({ bdf, driver, isBridge }) =>
      driver === null || driver.managed || isBridge ? [] : [{ address: shortBdf(bdf), driver: driver.name }],
    ),
    defaultType: common.defaultType === null ? group.defaultType : null,
    owner: group.ownerId === null ? null : ownerWords(objects, group),
    reserved: regionsOf(group).filter((region) => !common.reserved.has(region)),
    mismatches: group.mismatches,
    partings: tried.partings.get(group.id) ?? null,
  };
}

/** Base class. Spec: PCI Code and ID Assignment, "Bridge Devices" */
const BRIDGES = 0x06;

/** No vendor and no device has the number ffff: the text that it came from gave a name only. */
const memberOf = (device: DeviceObject): Member => ({
  id: device.id,
  address: shortBdf(device.bdf),
  name: deviceName(device),
  className: device.className,
  ids:
    device.vendorId === 0xffff || device.deviceId === 0xffff || device.platform !== undefined
      ? null
      : `${plainHex(device.vendorId, 4)}:${plainHex(device.deviceId, 4)}`,
  driver: device.driver?.name ?? null,
  isBridge: device.isBridge,
  isChipset: device.classCode >>> 16 === BRIDGES,
});

function factsOf(
  objects: Objects,
  script: string,
  groups: readonly GroupObject[],
  common: Common,
  { verdicts }: Tried,
  opened: OpenedImport | null,
): readonly Fact[] {
  const names = words.facts;
  const cmdline = cmdlineOf(script);
  const units = all(objects, 'iommu').map(unitWords);
  const types = [...new Set(groups.map(({ defaultType }) => defaultType))];
  const having = (type: string): number => groups.filter(({ defaultType }) => defaultType === type).length;
  return [
    { name: names.iommu, values: units.length === 0 ? [names.noIommu] : units },
    ...(opened?.kernel == null ? [] : [{ name: names.kernel, values: [opened.kernel] }]),
    { name: names.rules, values: [names.rulesOf] },
    cmdline === ''
      ? { name: names.cmdline, values: [names.noCmdline] }
      : { name: names.cmdline, values: [cmdline], literal: true },
    {
      name: names.override,
      values: [/\bpcie_acs_override=/.test(cmdline) ? names.overridden : names.notOverridden],
    },
    {
      name: names.domain,
      values:
        common.defaultType === null
          ? types.map((type) => words.someOf(type, having(type)))
          : [words.allOf(common.defaultType)],
    },
    ...interruptFact(verdicts),
    ...(common.reserved.size === 0 ? [] : [{ name: names.reserved, values: [...common.reserved] }]),
  ];
}

const unitWords = ({ title, addressBits }: IommuObject): string => words.unit(title, addressBits);

/** Only as far as it was tried. */
function interruptFact(verdicts: Tried['verdicts']): readonly Fact[] {
  if (verdicts.size === 0) return [];
  const exposed = [...verdicts.values()].flatMap(({ obstacles }) =>
    obstacles.filter(({ kind }) => kind === 'interrupts'),
  );
  const name = words.facts.msi;
  return [{ name, values: [exposed.length === 0 ? words.facts.msiIsolated : words.facts.msiExposed] }];
}

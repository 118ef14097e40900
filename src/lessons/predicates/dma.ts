import type { Lookup, LookupPart } from '../../engine/sim/batch';
import type { DeviceObject } from '../../engine/sim/world';
import { parseNumber, parseRange } from '../../scenario/literal';
import { CAUSE_WORDS, causeOf, CAUSES } from '../causes';
import { objectOf, type Evidence } from '../evidence';
import { unmet, verdict, type Args, type Predicate, type Verdict } from './predicate';
import * as says from '../../words/lesson-files';

/** DMA of the learner: one that got through, or one that was refused. */

const COMMON = ['device', 'access', 'iova', 'pasid', 'through', 'nested'];

interface Try {
  readonly lookup: Lookup;
  readonly part: LookupPart;
}

const tries = ({ lookups }: Evidence): readonly Try[] =>
  lookups.flatMap((lookup) => lookup.parts.map((part) => ({ lookup, part })));

/** Whether it is one of those that are asked about. */
function isMeant({ lookup, part }: Try, { options }: Args, { objects }: Evidence): boolean {
  const { device, access, iova, pasid, through, nested } = options;
  const range = iova === undefined ? null : (parseRange(iova) ?? pointOf(iova));
  return (
    (device === undefined || objectOf(objects, device)?.id === lookup.deviceId) &&
    (access === undefined || lookup.access === access) &&
    (range === null || (part.iova >= range.start && part.iova <= range.last)) &&
    (pasid === undefined || lookup.pasid === Number(pasid)) &&
    (nested === undefined || part.steps.some(({ stage }) => stage === 2)) &&
    (through === undefined || [lookup.hwptId, lookup.ioasId].includes(objectOf(objects, through)?.id ?? ''))
  );
}

const pointOf = (text: string): { readonly start: bigint; readonly last: bigint } | null => {
  const value = parseNumber(text);
  return value === null ? null : { start: value, last: value };
};

const wrongOptions = ({ options: { access, iova } }: Args): string | null => {
  if (access !== undefined && access !== 'read' && access !== 'write') return says.accessIsReadOrWrite;
  if (iova !== undefined && parseRange(iova) === null && pointOf(iova) === null)
    return says.isNoAddress(iova);
  return null;
};

/** The last one of that device, as a sentence. */
function lastSeen(all: readonly Try[], evidence: Evidence, device: string | undefined): string {
  const id = device === undefined ? null : objectOf(evidence.objects, device)?.id;
  const last = all.findLast(({ lookup }) => id === null || lookup.deviceId === id);
  if (last === undefined) return says.hasMadeNoDma(device ?? says.noDevice);
  const { lookup, part } = last;
  const who =
    (evidence.objects[lookup.deviceId] as DeviceObject | undefined)?.bdf.replace(/^0000:/, '') ??
    says.theDevice;
  const what = `${who}: ${lookup.access} at 0x${part.iova.toString(16)}`;
  const cause = causeOf(part, lookup.access);
  if (cause !== null) return says.wasRefused(what, CAUSE_WORDS[cause]);
  if (part.peer !== null) return says.wentToAnotherDevicePastTheIommu(what);
  if (part.stalled !== undefined) return says.waitsForAnAnswer(what);
  if (part.pa === null) return says.reachedNothing(what);
  return says.reached0x(what, part.pa.toString(16), FROM[part.from]);
}

const FROM: Readonly<Record<LookupPart['from'], string>> = {
  walk: says.byAWalkOfTheTables,
  iotlb: says.byTheIotlb,
  'device-tlb': says.byItsOwnTlb,
  bypass: 'untranslated',
  peer: says.pastTheIommu,
};

const fault: Predicate = {
  usage: `[device=D] [access=read|write] [iova=…] [pasid=N] [cause=${CAUSES.join('|')}]`,
  words: [0, 0],
  options: [...COMMON, 'cause'],
  problem: (args) =>
    args.options.cause === undefined || CAUSES.some((cause) => cause === args.options.cause)
      ? wrongOptions(args)
      : says.causeIsOneOf(CAUSES.join(', ')),
  judge(args, evidence) {
    const all = tries(evidence);
    const met = all.some((each) => {
      const cause = causeOf(each.part, each.lookup.access);
      return cause !== null && (args.options.cause ?? cause) === cause && isMeant(each, args, evidence);
    });
    return verdict(met, lastSeen(all, evidence, args.options.device));
  },
};

const dma: Predicate = {
  usage:
    '[device=D] [access=read|write] [iova=…] [pasid=N] [through=HWPT|IOAS] [nested=yes] [from=walk|iotlb|device-tlb|bypass|peer] [page=4K|2M|1G] [reaches=D] [count=N]',
  words: [0, 0],
  options: [...COMMON, 'from', 'page', 'reaches', 'count'],
  problem: wrongOptions,
  judge(args, evidence) {
    const all = tries(evidence);
    const { from, page, reaches, count, device } = args.options;
    const found = all.filter(
      (each) =>
        each.part.fault === null &&
        (each.part.pa !== null || each.part.peer !== null) &&
        (from === undefined || each.part.from === from) &&
        (page === undefined || parseNumber(page) === leafBytes(each.part)) &&
        (reaches === undefined || each.part.peer?.deviceId === objectOf(evidence.objects, reaches)?.id) &&
        isMeant(each, args, evidence),
    );
    return verdict(found.length >= Number(count ?? 1), lastSeen(all, evidence, device));
  },
};

/** Of the entry that the walk ended at. */
function leafBytes({ steps }: LookupPart): bigint | null {
  const lg2 = steps.findLast(({ outcome }) => outcome === 'leaf')?.sizeLg2;
  return lg2 === undefined ? null : 1n << BigInt(lg2);
}

/** An SMMU holds a DMA until somebody answers. */
const stalled: Predicate = {
  usage: '[device=D]',
  words: [0, 0],
  options: ['device'],
  judge(args, evidence) {
    const all = tries(evidence);
    const met = all.some((each) => each.part.stalled !== undefined && isMeant(each, args, evidence));
    return verdict(met, lastSeen(all, evidence, args.options.device));
  },
};

/** What traffic saw beside the lines of this step. */
const traffic: Predicate = {
  usage: 'DEVICE [blocked=none|some] [least=N]',
  words: [1, 1],
  options: ['blocked', 'least'],
  judge({ words: [name = ''], options }, evidence): Verdict {
    const id = objectOf(evidence.objects, name)?.id;
    const runs = evidence.traffic.filter(({ deviceId }) => deviceId === id);
    const accesses = runs.reduce((sum, run) => sum + run.accesses, 0);
    const blocked = runs.reduce((sum, run) => sum + run.blocked, 0);
    if (accesses === 0) return unmet(says.noTrafficOfRanBeside(name));
    const right = options.blocked === undefined || (options.blocked === 'none') === (blocked === 0);
    return verdict(
      right && accesses >= Number(options.least ?? 1),
      says.accessesOfOfThemBlocked(accesses, name, blocked),
    );
  },
};

export const DMA_PREDICATES = { fault, dma, stalled, traffic } as const satisfies Readonly<
  Record<string, Predicate>
>;

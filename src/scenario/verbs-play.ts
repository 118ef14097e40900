import {
  address,
  anyDevice,
  buffer,
  atOnce,
  bdf,
  choice,
  defineVerb,
  flag,
  needed,
  number,
  option,
  param,
  pattern,
  range,
  saysAs,
  task,
  text,
  traffic,
  word,
  type VerbSpec,
} from './verb-spec';
import * as says from '../words/scenario/verbs-play';

/** A number, or an entry that the hardware has read. */
const ENTRY = '[a-z][a-z0-9-]*(?:/\\d)?(?:\\+\\w+)?';
const NUMBER = '0x[\\da-f_]+|[\\d_]+[KMGT]?';
const physical = pattern(new RegExp(`^(?:${ENTRY}|${NUMBER})$`, 'i'), says.n0x10a30000OrLeaf);
const physicalRange = pattern(
  new RegExp(`^(?:${ENTRY}|(?:${NUMBER})-(?:${NUMBER}))$`, 'i'),
  says.n0x10a300000x10a30fffOrLeaf,
);

/** What tells a row of accesses. */
const ROW = {
  params: [
    param('device', anyDevice, says.theDevice),
    param('access', choice('read', 'write'), says.whichWay),
    param('range', range, says.theAddressesItUsesBothEndsIncluded),
    param('size', number, says.bytesOfAnAccess4096AtMost),
  ],
  options: [
    option('pattern', choice('ring', 'random', 'scatter'), says.inWhichOrderRingUnlessSaid),
    option('seed', number, says.ofTheChanceInIt),
    option('pasid', number, says.thePasidOfItsRequestsNone),
  ],
} as const;

/** What devices do, and how a script plays it: tasks, failures, places and words. */
export const PLAY_VERBS: readonly VerbSpec[] = [
  defineVerb('dma', 'dma 01:00.0 write 0x100040 64', says.theDeviceReadsOrWritesMemory, {
    params: [
      param('device', anyDevice, says.theDevice),
      param('access', choice('read', 'write'), says.whichWay),
      param('iova', address, says.theAddressItUsesANumber),
      param('length', number, 'bytes'),
    ],
    options: [
      option('in', buffer, says.theBufferThatItsFirstByte),
      option('pasid', number, says.thePasidOfItsRequestsNone),
      option('reaches', bdf, says.theDeviceThatItMustReach),
    ],
    flags: [flag('exec', says.itAsksToExecute), flag('priv', says.itAsksForPrivilegedMode)],
  }),
  defineVerb('burst', 'burst 01:00.0 read 0x100000-0x13ffff 64 count=1000', says.theDeviceMakesManyAccesses, {
    begins: false,
    params: ROW.params,
    options: [
      needed('count', number, says.howMany100000AtMost),
      ...ROW.options,
      option('hits', number, says.howManyMustBeFound),
      option('misses', number, says.howManyMustBeLookedUp),
      option('blocked', number, says.howManyMustBeBlocked),
    ],
  }),
  defineVerb('traffic', 'net = traffic 01:00.0 write 0x100000-0x13ffff 256', says.fromNowOnTheDeviceMakes, {
    ...atOnce,
    naming: 'must',
    makes: 'traffic',
    ...ROW,
  }),
  defineVerb('stop', 'stop net', says.endsTheTrafficOfADevice, {
    ...atOnce,
    params: [param('traffic', traffic, says.madeByTraffic)],
  }),
  defineVerb('poke', 'poke 0x10a30000 "0x10a31003"', says.writesPhysicalMemoryBehindTheKernelsBack, {
    ...atOnce,
    params: [
      param('address', physical, says.aPhysicalAddressOrAnEntry),
      param('words', text, says.n64BitWordsOrBytesInHex),
    ],
  }),
  defineVerb('peek', 'peek 0x10a30000 is "0x10a31003"', says.readsPhysicalMemory, {
    ...atOnce,
    params: [param('address', physical, says.aPhysicalAddressOrAnEntryThat), ...saysAs],
    options: [option('len', number, says.bytesA64BitWordUnlessSaid)],
  }),
  defineVerb('store', 'store buf 0x1000 "0x10a31003"', says.aProgramWritesItsOwnMemory, {
    ...atOnce,
    params: [
      param('buffer', buffer, says.itsMemory),
      param('offset', number, says.whereInIt),
      param('words', text, says.n64BitWordsOrBytesInHex),
    ],
  }),
  defineVerb('read_register', 'read_register dmar0 GSTS', says.readsARegisterOfAnIommu, {
    ...atOnce,
    params: [
      param('unit', word, says.theIommu),
      param('register', word, says.byNameOrByOffsetInHex),
      ...saysAs,
    ],
  }),
  defineVerb('write_register', 'write_register dmar0 GCMD 0x0', says.writesARegisterOfAnIommu, {
    ...atOnce,
    params: [
      param('unit', word, says.theIommu),
      param('register', word, says.byNameOrByOffsetInHex),
      param('value', number, says.whatToWrite),
    ],
  }),
  defineVerb('hazard', 'hazard 0x10a30000-0x10a30fff read', says.fromNowOnMemoryAnswers, {
    ...atOnce,
    params: [
      param('range', physicalRange, says.physicalAddressesBothEndsIncluded),
      param('kind', choice('read', 'write', 'poison', 'none'), says.suchAccessesAreRefusedPoison),
    ],
  }),
  defineVerb('ignore-invalidations', 'ignore-invalidations 01:00.0 on', says.theDeviceDoesNotAnswerWhen, {
    ...atOnce,
    params: [
      param('bdf', bdf, says.theDevice),
      param('state', choice('on', 'off'), says.whetherItIgnoresThem),
    ],
  }),
  defineVerb('begin', 't1 = begin REPLACE dev hwpt2', says.startsAnActionAsATask, {
    begins: false,
    naming: 'must',
    makes: 'task',
    params: [param('action', { kind: 'action' }, says.whatItDoesAsALine)],
  }),
  defineVerb('step', 'step t1 until=igroup->lock', says.movesATaskOnPast, {
    begins: false,
    params: [
      param('task', task, says.madeByBegin),
      param('count', number, says.eventsOneUnlessSaid, 'optional'),
    ],
    options: [option('until', word, says.theLockThatItIsToTake)],
    flags: [flag('timeout', says.theTimeOfWhatItWaits)],
  }),
  defineVerb('finish', 'finish t1', says.runsATaskToItsEnd, {
    begins: false,
    params: [param('task', task, says.madeByBegin)],
  }),
  defineVerb('fail-nth', 'fail-nth 3', says.makesTheNThAllocation, {
    ...atOnce,
    params: [param('n', number, says.whichOfThem)],
  }),
  defineVerb('place', 'place hwpt 420 160', says.whereSomethingStandsOnTheCanvas, {
    ...atOnce,
    params: [
      param('what', { kind: 'thing' }, says.aNameAPciAddress),
      param('x', { kind: 'coordinate' }, says.pixelsFromTheLeft),
      param('y', { kind: 'coordinate' }, says.pixelsFromTheTop),
    ],
  }),
  defineVerb('note', 'note "Two functions share a group"', says.aSentenceShownBesideTheScene, {
    ...atOnce,
    params: [param('text', { kind: 'text' }, says.theSentence)],
  }),
];

import {
  buffer,
  choice,
  context,
  defineVerb,
  device,
  flag,
  ioas,
  named,
  needed,
  number,
  option,
  param,
  saysAs,
  text,
  word,
  type VerbSpec,
} from './verb-spec';
import * as says from '../words/scenario/verbs-iommufd';

const access = param('access', choice('r', 'w', 'rw'), says.whatTheDeviceMayDo);
const iovaOption = option('iova', number, says.whereWithoutItTheKernelChooses);
const hwpt = named('hwpt');
const viommu = named('viommu');
const anyObject = named(
  'device',
  'ioas',
  'hwpt',
  'access',
  'fault',
  'viommu',
  'vdevice',
  'veventq',
  'hw-queue',
);
const TYPE_HELP = says.itsTypeANumber;
const data = option('data', text, says.whatOnlyTheDriverUnderstandsBytes);

/** The calls of /dev/iommu, in their numbers' order as far as that reads well. */
export const IOMMUFD_VERBS: readonly VerbSpec[] = [
  defineVerb('IOAS_ALLOC', 'ioas = IOAS_ALLOC ctx', says.makesAnIoAddressSpace, {
    naming: 'must',
    makes: 'ioas',
    params: [param('ctx', context, says.aContextMadeByOpen)],
  }),
  defineVerb('IOAS_MAP', 'IOAS_MAP ioas buf iova=0x100000 len=2M rw', says.mapsMemoryOfAProcess, {
    naming: 'may',
    params: [param('ioas', ioas, says.whereTo), param('buffer', buffer, says.memoryMadeByMmap), access],
    options: [
      iovaOption,
      option('offset', number, says.whereInTheBufferToBegin),
      option('len', number, says.bytesTheRestOfTheBuffer),
      option('by', word, says.theProcessThatCallsWhoOpened),
    ],
  }),
  defineVerb('IOAS_MAP_FILE', 'IOAS_MAP_FILE ioas file iova=0x100000 rw', says.mapsAMemfdAtAnIova, {
    naming: 'may',
    params: [
      param('ioas', ioas, says.whereTo),
      param('file', named('memfd'), says.aFileMadeByMemfdCreate),
      access,
    ],
    options: [
      iovaOption,
      option('offset', number, says.whereInTheFileToBegin),
      option('len', number, says.bytesTheRestOfTheFile),
    ],
  }),
  defineVerb('IOAS_UNMAP', 'IOAS_UNMAP ioas iova=0x100000 len=2M', says.takesWholeMappingsOut, {
    params: [param('ioas', ioas, says.whereFrom)],
    options: [option('iova', number, says.firstAddress), option('len', number, 'bytes')],
    flags: [flag('all', 'everything')],
    oneOf: [['iova', 'len'], ['all']],
  }),
  defineVerb('IOAS_COPY', 'IOAS_COPY ioas2 ioas src=0x100000 len=2M rw', says.mapsWhatAnotherIoasHasMapped, {
    params: [param('ioas', ioas, says.whereTo), param('from', ioas, says.theIoasToCopyFrom), access],
    options: [needed('src', number, 'IOVA there'), needed('len', number, 'bytes'), iovaOption],
  }),
  defineVerb('IOAS_IOVA_RANGES', 'IOAS_IOVA_RANGES ioas', says.asksWhichIOVAsMayBeUsed, {
    params: [param('ioas', ioas, says.ofWhichIoas), ...saysAs],
  }),
  defineVerb(
    'IOAS_ALLOW_IOVAS',
    'IOAS_ALLOW_IOVAS ioas 0x0-0xffff',
    says.keepsTheseIOVAsUsableWhoeverAttaches,
    {
      params: [
        param('ioas', ioas, says.ofWhichIoas),
        param('range', { kind: 'range' }, says.startLastBothIncluded, 'repeated'),
      ],
    },
  ),
  defineVerb('IOAS_CHANGE_PROCESS', 'IOAS_CHANGE_PROCESS ctx heir', says.makesFilesThatOthersMappedCount, {
    params: [
      param('ctx', context, says.aContextMadeByOpen),
      param('process', word, says.whoCallsQemuUnlessSaidOtherwise, 'optional'),
    ],
  }),
  defineVerb('OPTION', 'OPTION ioas HUGE_PAGES 0', says.asksForASetting, {
    params: [
      param('of', named('context', 'ioas'), says.aContextForRlimitMode),
      param('option', choice('RLIMIT_MODE', 'HUGE_PAGES'), 'which'),
      param('value', number, says.whatItIsToBe, 'optional'),
    ],
  }),
  defineVerb('VFIO_IOAS', 'VFIO_IOAS ctx SET ioas', says.theIoasThatCallsOfVfio, {
    naming: 'may',
    makes: 'ioas',
    params: [
      param('ctx', context, says.aContextMadeByOpen),
      param('op', choice('GET', 'SET', 'CLEAR'), says.whatToDo),
      param('ioas', ioas, says.forSet, 'optional'),
    ],
  }),
  defineVerb('GET_HW_INFO', 'GET_HW_INFO dev', says.asksWhatTheIommu, {
    params: [param('dev', device, says.aBoundDevice), ...saysAs],
    options: [
      option('type', word, says.theKindOfDataAskedFor),
      option('len', number, says.roomForSoManyBytes),
    ],
  }),
  defineVerb('HWPT_ALLOC', 'hwpt = HWPT_ALLOC dev ioas', says.makesAHardwarePageTable, {
    naming: 'must',
    makes: 'hwpt',
    params: [
      param('dev', device, says.aBoundDevice),
      param('over', named('ioas', 'hwpt', 'viommu'), says.theIoasItTranslates),
    ],
    options: [
      option('fault', named('fault'), says.theQueueThatGetsItsPageFaults),
      option('type', word, TYPE_HELP),
      data,
    ],
    flags: [
      flag('nest-parent', says.itMayBeTheParent),
      flag('dirty', says.itTracksWhichPagesWereWritten),
      flag('pasid', says.itMayServeDmaWithAPasid),
    ],
  }),
  defineVerb('HWPT_SET_DIRTY_TRACKING', 'HWPT_SET_DIRTY_TRACKING hwpt on', says.notesWhichPagesAreWritten, {
    params: [param('hwpt', hwpt, says.madeWithDirty), param('state', choice('on', 'off'), says.fromNowOn)],
  }),
  defineVerb(
    'HWPT_GET_DIRTY_BITMAP',
    'HWPT_GET_DIRTY_BITMAP hwpt iova=0x100000 len=2M',
    says.asksWhichPagesWereWritten,
    {
      params: [param('hwpt', hwpt, says.oneThatTracks), ...saysAs],
      options: [
        needed('iova', number, says.firstAddress),
        needed('len', number, 'bytes'),
        option('page', number, says.aBitStandsForSoMany),
      ],
      flags: [flag('no-clear', says.itDoesNotForget)],
    },
  ),
  defineVerb('HWPT_INVALIDATE', 'HWPT_INVALIDATE guest type=1 entry=16 data="00 00"', says.dropsWhatCaches, {
    params: [param('of', named('hwpt', 'viommu'), says.aNestedHwptOrAVIOMMU)],
    options: [
      option('type', word, TYPE_HELP),
      data,
      option('entry', number, says.bytesAnEntryAll),
      option('count', number, says.entriesAsManyAsThere),
    ],
  }),
  defineVerb('FAULT_QUEUE_ALLOC', 'faults = FAULT_QUEUE_ALLOC ctx', says.makesAQueueForPageFaults, {
    naming: 'must',
    makes: 'fault',
    params: [param('ctx', context, says.aContextMadeByOpen)],
  }),
  defineVerb('VIOMMU_ALLOC', 'viommu = VIOMMU_ALLOC dev parent type=1', says.givesAVmASlice, {
    naming: 'must',
    makes: 'viommu',
    params: [param('dev', device, says.aBoundDevice), param('parent', hwpt, says.madeWithNestParent)],
    options: [option('type', word, TYPE_HELP), data],
  }),
  defineVerb('VDEVICE_ALLOC', 'vdev = VDEVICE_ALLOC viommu dev id=0x10', says.aDeviceUnderTheVMsNumber, {
    naming: 'must',
    makes: 'vdevice',
    params: [param('viommu', viommu, says.madeByViommuAlloc), param('dev', device, says.aBoundDevice)],
    options: [needed('id', number, says.asTheVmNumbersIt)],
  }),
  defineVerb('VEVENTQ_ALLOC', 'events = VEVENTQ_ALLOC viommu type=1 depth=8', says.tellsAVmOfEvents, {
    naming: 'must',
    makes: 'veventq',
    params: [param('viommu', viommu, says.madeByViommuAlloc)],
    options: [option('type', word, TYPE_HELP), needed('depth', number, says.howManyEventsWaitAtMost)],
  }),
  defineVerb(
    'HW_QUEUE_ALLOC',
    'queue = HW_QUEUE_ALLOC viommu type=1 index=0 iova=0x100000 len=64K',
    says.aQueueInTheVMsMemory,
    {
      naming: 'must',
      makes: 'hw-queue',
      params: [param('viommu', viommu, says.madeByViommuAlloc)],
      options: [
        option('type', word, TYPE_HELP),
        option('index', number, says.whichOfItsQueues),
        needed('iova', number, says.whereItLies),
        needed('len', number, 'bytes'),
      ],
    },
  ),
  defineVerb('DESTROY', 'DESTROY ioas', says.destroysAnIommufdObject, {
    params: [param('object', anyObject, says.whatToDestroy)],
  }),
];

const mock = param('dev', device, says.madeByTestMockDomain);

/** What a kernel with its own tests built in does beside (`machine … selftest`). */
export const TEST_VERBS: readonly VerbSpec[] = [
  defineVerb('TEST_MOCK_DOMAIN', 'dev = TEST_MOCK_DOMAIN ioas', says.aMockDeviceBoundAndAttached, {
    naming: 'may',
    makes: 'device',
    params: [param('target', named('ioas', 'hwpt'), says.whatItIsAttachedTo)],
    flags: [flag('pasid', says.itHasPASIDs), flag('no-dirty', says.nobodyCanTellWhatItHasWritten)],
  }),
  defineVerb('TEST_MOCK_DOMAIN_REPLACE', 'TEST_MOCK_DOMAIN_REPLACE dev hwpt', says.movesAMockDevice, {
    params: [mock, param('target', named('ioas', 'hwpt'), says.whereTo)],
  }),
  defineVerb('TEST_TRIGGER_IOPF', 'TEST_TRIGGER_IOPF dev 0x1000 rw group=5', says.aMockDeviceAsksForAPage, {
    params: [mock, param('iova', number, 'where'), access],
    options: [
      option('group', number, says.numberOfTheGroupOfRequests),
      option('pasid', number, says.ofWhichOfItsAddressSpaces),
    ],
  }),
  defineVerb('TEST_TRIGGER_VEVENT', 'TEST_TRIGGER_VEVENT dev', says.somethingItsVmWantsToKnow, {
    params: [mock],
  }),
];

const mediated = param('access', named('access'), says.madeByAccess);
const where = param('iova', number, says.firstAddress);
const length = param('length', number, 'bytes');

/** What a driver does that reaches the memory of an IOAS with the CPU. */
export const ACCESS_VERBS: readonly VerbSpec[] = [
  defineVerb('ACCESS', 'mdev = ACCESS ioas pin', says.aDriverThatReachesMemory, {
    naming: 'must',
    makes: 'access',
    params: [param('ioas', ioas, says.whoseMemory)],
    flags: [flag('pin', says.itMayHoldPages)],
  }),
  defineVerb('access_pin', 'access_pin mdev 0x100000 8K rw', says.theDriverHoldsPages, {
    params: [mediated, where, length, param('for', choice('r', 'rw'), says.readingAloneOrWritingToo)],
  }),
  defineVerb('access_unpin', 'access_unpin mdev 0x100000 8K', says.theDriverLetsGo, {
    params: [mediated, where, length],
  }),
  defineVerb('access_rw', 'access_rw mdev write 0x100000 64', says.theDriverCopiesToOrFromMemory, {
    params: [mediated, param('way', choice('read', 'write'), says.whichWay), where, length],
    flags: [flag('kthread', says.asAThreadOfTheKernel)],
  }),
  defineVerb('access_replace', 'access_replace mdev ioas2', says.theDriverGoesToAnotherIoas, {
    params: [mediated, param('ioas', ioas, says.whereTo)],
  }),
  defineVerb('access_destroy', 'access_destroy mdev', says.theDriverIsDone, { params: [mediated] }),
];

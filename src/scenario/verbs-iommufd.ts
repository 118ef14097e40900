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

const access = param('access', choice('r', 'w', 'rw'), 'what the device may do');
const iovaOption = option('iova', number, 'where; without it the kernel chooses');
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
const TYPE_HELP = "its type: a number, or the header's name of it, such as VTD_S1";
const data = option('data', text, 'what only the driver understands: bytes in hex');

/** The calls of /dev/iommu, in their numbers' order as far as that reads well. */
export const IOMMUFD_VERBS: readonly VerbSpec[] = [
  defineVerb('IOAS_ALLOC', 'ioas = IOAS_ALLOC ctx', 'makes an IO address space', {
    naming: 'must',
    makes: 'ioas',
    params: [param('ctx', context, 'a context made by open')],
  }),
  defineVerb('IOAS_MAP', 'IOAS_MAP ioas buf iova=0x100000 len=2M rw', 'maps memory of a process at an IOVA', {
    naming: 'may',
    params: [param('ioas', ioas, 'where to'), param('buffer', buffer, 'memory made by mmap'), access],
    options: [
      iovaOption,
      option('offset', number, 'where in the buffer to begin'),
      option('len', number, 'bytes; the rest of the buffer unless said'),
      option('by', word, 'the process that calls; who opened the context unless said'),
    ],
  }),
  defineVerb('IOAS_MAP_FILE', 'IOAS_MAP_FILE ioas file iova=0x100000 rw', 'maps a memfd at an IOVA', {
    naming: 'may',
    params: [
      param('ioas', ioas, 'where to'),
      param('file', named('memfd'), 'a file made by memfd_create'),
      access,
    ],
    options: [
      iovaOption,
      option('offset', number, 'where in the file to begin'),
      option('len', number, 'bytes; the rest of the file unless said'),
    ],
  }),
  defineVerb('IOAS_UNMAP', 'IOAS_UNMAP ioas iova=0x100000 len=2M', 'takes whole mappings out', {
    params: [param('ioas', ioas, 'where from')],
    options: [option('iova', number, 'first address'), option('len', number, 'bytes')],
    flags: [flag('all', 'everything')],
    oneOf: [['iova', 'len'], ['all']],
  }),
  defineVerb(
    'IOAS_COPY',
    'IOAS_COPY ioas2 ioas src=0x100000 len=2M rw',
    'maps what another IOAS has mapped',
    {
      params: [param('ioas', ioas, 'where to'), param('from', ioas, 'the IOAS to copy from'), access],
      options: [needed('src', number, 'IOVA there'), needed('len', number, 'bytes'), iovaOption],
    },
  ),
  defineVerb('IOAS_IOVA_RANGES', 'IOAS_IOVA_RANGES ioas', 'asks which IOVAs may be used', {
    params: [param('ioas', ioas, 'of which IOAS'), ...saysAs],
  }),
  defineVerb(
    'IOAS_ALLOW_IOVAS',
    'IOAS_ALLOW_IOVAS ioas 0x0-0xffff',
    'keeps these IOVAs usable, whoever attaches',
    {
      params: [
        param('ioas', ioas, 'of which IOAS'),
        param('range', { kind: 'range' }, 'start-last, both included', 'repeated'),
      ],
    },
  ),
  defineVerb(
    'IOAS_CHANGE_PROCESS',
    'IOAS_CHANGE_PROCESS ctx heir',
    'makes files that others mapped count against the caller',
    {
      params: [
        param('ctx', context, 'a context made by open'),
        param('process', word, 'who calls; qemu unless said otherwise', 'optional'),
      ],
    },
  ),
  defineVerb('OPTION', 'OPTION ioas HUGE_PAGES 0', 'asks for a setting, or with a value sets it', {
    params: [
      param('of', named('context', 'ioas'), 'a context for RLIMIT_MODE, an IOAS for HUGE_PAGES'),
      param('option', choice('RLIMIT_MODE', 'HUGE_PAGES'), 'which'),
      param('value', number, 'what it is to be', 'optional'),
    ],
  }),
  defineVerb('VFIO_IOAS', 'VFIO_IOAS ctx SET ioas', 'the IOAS that calls of VFIO work on', {
    naming: 'may',
    makes: 'ioas',
    params: [
      param('ctx', context, 'a context made by open'),
      param('op', choice('GET', 'SET', 'CLEAR'), 'what to do'),
      param('ioas', ioas, 'for SET', 'optional'),
    ],
  }),
  defineVerb('GET_HW_INFO', 'GET_HW_INFO dev', 'asks what the IOMMU of a device can do', {
    params: [param('dev', device, 'a bound device'), ...saysAs],
    options: [
      option('type', word, 'the kind of data asked for'),
      option('len', number, 'room for so many bytes; 64 unless said'),
    ],
  }),
  defineVerb(
    'HWPT_ALLOC',
    'hwpt = HWPT_ALLOC dev ioas',
    'makes a hardware page table for a device over an IOAS',
    {
      naming: 'must',
      makes: 'hwpt',
      params: [
        param('dev', device, 'a bound device'),
        param('over', named('ioas', 'hwpt', 'viommu'), 'the IOAS it translates, or what it is nested in'),
      ],
      options: [
        option('fault', named('fault'), 'the queue that gets its page faults'),
        option('type', word, TYPE_HELP),
        data,
      ],
      flags: [
        flag('nest-parent', 'it may be the parent of a nested table'),
        flag('dirty', 'it tracks which pages were written'),
        flag('pasid', 'it may serve DMA with a PASID'),
      ],
    },
  ),
  defineVerb('HWPT_SET_DIRTY_TRACKING', 'HWPT_SET_DIRTY_TRACKING hwpt on', 'notes which pages are written', {
    params: [param('hwpt', hwpt, 'made with dirty'), param('state', choice('on', 'off'), 'from now on')],
  }),
  defineVerb(
    'HWPT_GET_DIRTY_BITMAP',
    'HWPT_GET_DIRTY_BITMAP hwpt iova=0x100000 len=2M',
    'asks which pages were written, and forgets them',
    {
      params: [param('hwpt', hwpt, 'one that tracks'), ...saysAs],
      options: [
        needed('iova', number, 'first address'),
        needed('len', number, 'bytes'),
        option('page', number, 'a bit stands for so many bytes; 4K unless said'),
      ],
      flags: [flag('no-clear', 'it does not forget')],
    },
  ),
  defineVerb(
    'HWPT_INVALIDATE',
    'HWPT_INVALIDATE guest type=1 entry=16 data="00 00"',
    "drops what caches have of a guest's table",
    {
      params: [param('of', named('hwpt', 'viommu'), 'a nested HWPT, or a vIOMMU')],
      options: [
        option('type', word, TYPE_HELP),
        data,
        option('entry', number, 'bytes an entry; all of it unless said'),
        option('count', number, 'entries; as many as there are unless said'),
      ],
    },
  ),
  defineVerb('FAULT_QUEUE_ALLOC', 'faults = FAULT_QUEUE_ALLOC ctx', 'makes a queue for page faults', {
    naming: 'must',
    makes: 'fault',
    params: [param('ctx', context, 'a context made by open')],
  }),
  defineVerb('VIOMMU_ALLOC', 'viommu = VIOMMU_ALLOC dev parent type=1', 'gives a VM a slice of an IOMMU', {
    naming: 'must',
    makes: 'viommu',
    params: [param('dev', device, 'a bound device'), param('parent', hwpt, 'made with nest-parent')],
    options: [option('type', word, TYPE_HELP), data],
  }),
  defineVerb('VDEVICE_ALLOC', 'vdev = VDEVICE_ALLOC viommu dev id=0x10', "a device under the VM's number", {
    naming: 'must',
    makes: 'vdevice',
    params: [param('viommu', viommu, 'made by VIOMMU_ALLOC'), param('dev', device, 'a bound device')],
    options: [needed('id', number, 'as the VM numbers it')],
  }),
  defineVerb('VEVENTQ_ALLOC', 'events = VEVENTQ_ALLOC viommu type=1 depth=8', 'tells a VM of events', {
    naming: 'must',
    makes: 'veventq',
    params: [param('viommu', viommu, 'made by VIOMMU_ALLOC')],
    options: [option('type', word, TYPE_HELP), needed('depth', number, 'how many events wait at most')],
  }),
  defineVerb(
    'HW_QUEUE_ALLOC',
    'queue = HW_QUEUE_ALLOC viommu type=1 index=0 iova=0x100000 len=64K',
    "a queue in the VM's memory that hardware reads by itself",
    {
      naming: 'must',
      makes: 'hw-queue',
      params: [param('viommu', viommu, 'made by VIOMMU_ALLOC')],
      options: [
        option('type', word, TYPE_HELP),
        option('index', number, 'which of its queues'),
        needed('iova', number, 'where it lies'),
        needed('len', number, 'bytes'),
      ],
    },
  ),
  defineVerb('DESTROY', 'DESTROY ioas', 'destroys an iommufd object', {
    params: [param('object', anyObject, 'what to destroy')],
  }),
];

const mock = param('dev', device, 'made by TEST_MOCK_DOMAIN');

/** What a kernel with its own tests built in does beside (`machine … selftest`). */
export const TEST_VERBS: readonly VerbSpec[] = [
  defineVerb('TEST_MOCK_DOMAIN', 'dev = TEST_MOCK_DOMAIN ioas', 'a mock device, bound and attached', {
    naming: 'may',
    makes: 'device',
    params: [param('target', named('ioas', 'hwpt'), 'what it is attached to')],
    flags: [flag('pasid', 'it has PASIDs'), flag('no-dirty', 'nobody can tell what it has written')],
  }),
  defineVerb('TEST_MOCK_DOMAIN_REPLACE', 'TEST_MOCK_DOMAIN_REPLACE dev hwpt', 'moves a mock device', {
    params: [mock, param('target', named('ioas', 'hwpt'), 'where to')],
  }),
  defineVerb(
    'TEST_TRIGGER_IOPF',
    'TEST_TRIGGER_IOPF dev 0x1000 rw group=5',
    'a mock device asks for a page',
    {
      params: [mock, param('iova', number, 'where'), access],
      options: [
        option('group', number, 'number of the group of requests'),
        option('pasid', number, 'of which of its address spaces'),
      ],
    },
  ),
  defineVerb('TEST_TRIGGER_VEVENT', 'TEST_TRIGGER_VEVENT dev', 'something its VM wants to know', {
    params: [mock],
  }),
];

const mediated = param('access', named('access'), 'made by ACCESS');
const where = param('iova', number, 'first address');
const length = param('length', number, 'bytes');

/** What a driver does that reaches the memory of an IOAS with the CPU. */
export const ACCESS_VERBS: readonly VerbSpec[] = [
  defineVerb('ACCESS', 'mdev = ACCESS ioas pin', 'a driver that reaches memory with the CPU', {
    naming: 'must',
    makes: 'access',
    params: [param('ioas', ioas, 'whose memory')],
    flags: [flag('pin', 'it may hold pages')],
  }),
  defineVerb('access_pin', 'access_pin mdev 0x100000 8K rw', 'the driver holds pages', {
    params: [mediated, where, length, param('for', choice('r', 'rw'), 'reading alone, or writing too')],
  }),
  defineVerb('access_unpin', 'access_unpin mdev 0x100000 8K', 'the driver lets go of what it held', {
    params: [mediated, where, length],
  }),
  defineVerb('access_rw', 'access_rw mdev write 0x100000 64', 'the driver copies to or from memory', {
    params: [mediated, param('way', choice('read', 'write'), 'which way'), where, length],
    flags: [flag('kthread', "as a thread of the kernel, in no process's memory")],
  }),
  defineVerb('access_replace', 'access_replace mdev ioas2', 'the driver goes to another IOAS', {
    params: [mediated, param('ioas', ioas, 'where to')],
  }),
  defineVerb('access_destroy', 'access_destroy mdev', 'the driver is done', { params: [mediated] }),
];

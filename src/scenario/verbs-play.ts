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

/** A number, or an entry that the hardware has read. */
const ENTRY = '[a-z][a-z0-9-]*(?:/\\d)?(?:\\+\\w+)?';
const NUMBER = '0x[\\da-f_]+|[\\d_]+[KMGT]?';
const physical = pattern(new RegExp(`^(?:${ENTRY}|${NUMBER})$`, 'i'), '0x10a30000 or leaf');
const physicalRange = pattern(
  new RegExp(`^(?:${ENTRY}|(?:${NUMBER})-(?:${NUMBER}))$`, 'i'),
  '0x10a30000-0x10a30fff or leaf',
);

/** What tells a row of accesses. */
const ROW = {
  params: [
    param('device', anyDevice, 'the device'),
    param('access', choice('read', 'write'), 'which way'),
    param('range', range, 'the addresses it uses, both ends included'),
    param('size', number, 'bytes of an access, 4096 at most'),
  ],
  options: [
    option('pattern', choice('ring', 'random', 'scatter'), 'in which order; ring unless said'),
    option('seed', number, 'of the chance in it; 1 unless said'),
    option('pasid', number, 'the PASID of its requests; none unless said'),
  ],
} as const;

/** What devices do, and how a script plays it: tasks, failures, places and words. */
export const PLAY_VERBS: readonly VerbSpec[] = [
  defineVerb('dma', 'dma 01:00.0 write 0x100040 64', 'the device reads or writes memory, through the IOMMU', {
    params: [
      param('device', anyDevice, 'the device'),
      param('access', choice('read', 'write'), 'which way'),
      param('iova', address, 'the address it uses: a number, or the name of a DMA address'),
      param('length', number, 'bytes'),
    ],
    options: [
      option('in', buffer, 'the buffer that its first byte must reach'),
      option('pasid', number, 'the PASID of its requests; none unless said'),
      option('reaches', bdf, 'the device that it must reach, past the IOMMU'),
    ],
    flags: [
      flag('exec', 'it asks to execute what it reads; with a PASID'),
      flag('priv', 'it asks for privileged mode; with a PASID'),
    ],
  }),
  defineVerb(
    'burst',
    'burst 01:00.0 read 0x100000-0x13ffff 64 count=1000',
    'the device makes many accesses',
    {
      begins: false,
      params: ROW.params,
      options: [
        needed('count', number, 'how many, 100000 at most'),
        ...ROW.options,
        option('hits', number, 'how many must be found in a cache'),
        option('misses', number, 'how many must be looked up in tables'),
        option('blocked', number, 'how many must be blocked'),
      ],
    },
  ),
  defineVerb(
    'traffic',
    'net = traffic 01:00.0 write 0x100000-0x13ffff 256',
    'from now on the device makes an access wherever it could, while the kernel works',
    { ...atOnce, naming: 'must', makes: 'traffic', ...ROW },
  ),
  defineVerb('stop', 'stop net', 'ends the traffic of a device', {
    ...atOnce,
    params: [param('traffic', traffic, 'made by traffic')],
  }),
  defineVerb('poke', 'poke 0x10a30000 "0x10a31003"', 'writes physical memory behind the kernel’s back', {
    ...atOnce,
    params: [
      param(
        'address',
        physical,
        'a physical address, or an entry that the hardware has read: leaf, table/2, ste',
      ),
      param('words', text, '64-bit words, or bytes in hex'),
    ],
  }),
  defineVerb('peek', 'peek 0x10a30000 is "0x10a31003"', 'reads physical memory', {
    ...atOnce,
    params: [
      param('address', physical, 'a physical address, or an entry that the hardware has read'),
      ...saysAs,
    ],
    options: [option('len', number, 'bytes; a 64-bit word unless said')],
  }),
  defineVerb('store', 'store buf 0x1000 "0x10a31003"', 'a program writes its own memory', {
    ...atOnce,
    params: [
      param('buffer', buffer, 'its memory'),
      param('offset', number, 'where in it'),
      param('words', text, '64-bit words, or bytes in hex'),
    ],
  }),
  defineVerb('read_register', 'read_register dmar0 GSTS', 'reads a register of an IOMMU', {
    ...atOnce,
    params: [
      param('unit', word, 'the IOMMU'),
      param('register', word, 'by name, or by offset in hex'),
      ...saysAs,
    ],
  }),
  defineVerb(
    'write_register',
    'write_register dmar0 GCMD 0x0',
    'writes a register of an IOMMU, behind its driver’s back',
    {
      ...atOnce,
      params: [
        param('unit', word, 'the IOMMU'),
        param('register', word, 'by name, or by offset in hex'),
        param('value', number, 'what to write'),
      ],
    },
  ),
  defineVerb(
    'hazard',
    'hazard 0x10a30000-0x10a30fff read',
    'from now on memory answers the accesses of IOMMUs so',
    {
      ...atOnce,
      params: [
        param('range', physicalRange, 'physical addresses, both ends included; or the page of an entry'),
        param(
          'kind',
          choice('read', 'write', 'poison', 'none'),
          'such accesses are refused; poison: what is read is corrupt',
        ),
      ],
    },
  ),
  defineVerb(
    'ignore-invalidations',
    'ignore-invalidations 01:00.0 on',
    'the device does not answer when its translations are invalidated',
    {
      ...atOnce,
      params: [
        param('bdf', bdf, 'the device'),
        param('state', choice('on', 'off'), 'whether it ignores them'),
      ],
    },
  ),
  defineVerb(
    'begin',
    't1 = begin REPLACE dev hwpt2',
    'starts an action as a task, stopped before its first lock',
    {
      begins: false,
      naming: 'must',
      makes: 'task',
      params: [param('action', { kind: 'action' }, 'what it does, as a line of its own')],
    },
  ),
  defineVerb('step', 'step t1 until=igroup->lock', 'moves a task on: past one lock event, or further', {
    begins: false,
    params: [
      param('task', task, 'made by begin'),
      param('count', number, 'events; one unless said', 'optional'),
    ],
    options: [option('until', word, 'the lock that it is to take')],
    flags: [flag('timeout', 'the time of what it waits for is up')],
  }),
  defineVerb('finish', 'finish t1', 'runs a task to its end and says how it ended', {
    begins: false,
    params: [param('task', task, 'made by begin')],
  }),
  defineVerb('fail-nth', 'fail-nth 3', 'makes the n-th allocation of the next line fail', {
    ...atOnce,
    params: [param('n', number, 'which, counted from 1')],
  }),
  defineVerb('place', 'place hwpt 420 160', 'where something stands on the canvas', {
    ...atOnce,
    params: [
      param('what', { kind: 'thing' }, 'a name, a PCI address or an id'),
      param('x', { kind: 'coordinate' }, 'pixels from the left'),
      param('y', { kind: 'coordinate' }, 'pixels from the top'),
    ],
  }),
  defineVerb('note', 'note "Two functions share a group"', 'a sentence shown beside the scene', {
    ...atOnce,
    params: [param('text', { kind: 'text' }, 'the sentence')],
  }),
];

import {
  atOnce,
  buffer,
  choice,
  defineVerb,
  named,
  number,
  option,
  param,
  pattern,
  saysAs,
  text,
  word,
  type VerbSpec,
} from './verb-spec';

const openFile = named('context', 'device', 'file', 'fault', 'veventq');
const PATH = pattern(
  /^\/dev\/(?:iommu|vfio\/(?:vfio|[0-9]+|devices\/vfio[0-9]+))$/,
  '/dev/iommu, /dev/vfio/vfio, /dev/vfio/7 or /dev/vfio/devices/vfio0',
);
const pages = option(
  'pages',
  choice('4K', '2M', '1G'),
  'size of its pages; the largest that fits unless said',
);

/** A program's files and its memory. */
export const FILE_VERBS: readonly VerbSpec[] = [
  defineVerb('open', 'ctx = open /dev/iommu', 'opens an iommufd context, or a file of VFIO', {
    naming: 'must',
    makes: 'context',
    params: [
      param('path', PATH, 'the character device'),
      param('process', word, 'who opens it; qemu unless said otherwise', 'optional'),
    ],
  }),
  defineVerb('close', 'close ctx', 'closes a file; a context goes with everything in it', {
    params: [param('file', named('context', 'device', 'file', 'fault', 'veventq', 'memfd'), 'what is open')],
  }),
  defineVerb('read', 'read faults', 'reads page faults or events from their queue', {
    params: [param('file', openFile, 'a queue'), ...saysAs],
    options: [option('count', number, 'bytes; plenty unless said')],
  }),
  defineVerb('write', 'write faults 1 SUCCESS', 'answers a page fault', {
    params: [
      param('file', openFile, 'a fault queue'),
      param('cookie', number, 'which group of faults', 'optional'),
      param('response', choice('SUCCESS', 'INVALID'), 'how they came out', 'optional'),
    ],
    options: [option('bytes', text, 'the very bytes instead, in hex')],
  }),
  defineVerb(
    'ioctl',
    'ioctl ctx 0x3b81 "0c 00 00 00 00 00 00 00 00 00 00 00"',
    'any call, by its number and bytes',
    {
      params: [
        param('file', openFile, 'what it is made on'),
        param('command', number, 'its number'),
        param('bytes', text, 'its structure, in hex', 'optional'),
      ],
      options: [option('arg', number, 'what it is given instead of the address of the structure')],
    },
  ),
  defineVerb('mmap', 'buf = mmap qemu 2M', 'gives a process memory', {
    ...atOnce,
    naming: 'must',
    makes: 'buffer',
    params: [param('process', word, 'whose memory'), param('length', number, 'bytes')],
    options: [pages],
  }),
  defineVerb('munmap', 'munmap buf', 'takes memory from a process; what others have pinned of it stays', {
    ...atOnce,
    params: [param('buffer', buffer, 'memory made by mmap')],
  }),
  defineVerb('memfd_create', 'file = memfd_create qemu 2M', 'makes a file in memory, for IOAS_MAP_FILE', {
    ...atOnce,
    naming: 'must',
    makes: 'memfd',
    params: [param('process', word, 'who has it open'), param('length', number, 'bytes')],
    options: [pages],
  }),
  defineVerb('exit', 'exit child', "ends a process's memory; what others have pinned of it stays", {
    ...atOnce,
    params: [param('process', word, 'which')],
  }),
];

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
import * as says from '../words/scenario/verbs-files';

const openFile = named('context', 'device', 'file', 'fault', 'veventq');
const PATH = pattern(
  /^\/dev\/(?:iommu|vfio\/(?:vfio|[0-9]+|devices\/vfio[0-9]+))$/,
  '/dev/iommu, /dev/vfio/vfio, /dev/vfio/7 or /dev/vfio/devices/vfio0',
);
const pages = option('pages', choice('4K', '2M', '1G'), says.sizeOfItsPagesTheLargest);

/** A program's files and its memory. */
export const FILE_VERBS: readonly VerbSpec[] = [
  defineVerb('open', 'ctx = open /dev/iommu', says.opensAnIommufdContext, {
    naming: 'must',
    makes: 'context',
    params: [
      param('path', PATH, says.theCharacterDevice),
      param('process', word, says.whoOpensItQemuUnlessSaidOtherwise, 'optional'),
    ],
  }),
  defineVerb('close', 'close ctx', says.closesAFileAContextGoes, {
    params: [param('file', named('context', 'device', 'file', 'fault', 'veventq', 'memfd'), says.whatIsOpen)],
  }),
  defineVerb('read', 'read faults', says.readsPageFaultsOrEvents, {
    params: [param('file', openFile, 'a queue'), ...saysAs],
    options: [option('count', number, says.bytesPlentyUnlessSaid)],
  }),
  defineVerb('write', 'write faults 1 SUCCESS', says.answersAPageFault, {
    params: [
      param('file', openFile, says.aFaultQueue),
      param('cookie', number, says.whichGroupOfFaults, 'optional'),
      param('response', choice('SUCCESS', 'INVALID'), says.howTheyCameOut, 'optional'),
    ],
    options: [option('bytes', text, says.theVeryBytesInsteadInHex)],
  }),
  defineVerb(
    'ioctl',
    'ioctl ctx 0x3b81 "0c 00 00 00 00 00 00 00 00 00 00 00"',
    says.anyCallByItsNumberAndBytes,
    {
      params: [
        param('file', openFile, says.whatItIsMadeOn),
        param('command', number, says.itsNumber),
        param('bytes', text, says.itsStructureInHex, 'optional'),
      ],
      options: [option('arg', number, says.whatItIsGivenInstead)],
    },
  ),
  defineVerb('mmap', 'buf = mmap qemu 2M', says.givesAProcessMemory, {
    ...atOnce,
    naming: 'must',
    makes: 'buffer',
    params: [param('process', word, says.whoseMemory), param('length', number, 'bytes')],
    options: [pages],
  }),
  defineVerb('munmap', 'munmap buf', says.takesMemoryFromAProcess, {
    ...atOnce,
    params: [param('buffer', buffer, says.memoryMadeByMmap)],
  }),
  defineVerb('memfd_create', 'file = memfd_create qemu 2M', says.makesAFileInMemory, {
    ...atOnce,
    naming: 'must',
    makes: 'memfd',
    params: [param('process', word, says.whoHasItOpen), param('length', number, 'bytes')],
    options: [pages],
  }),
  defineVerb('exit', 'exit child', says.endsAProcesssMemoryWhatOthers, {
    ...atOnce,
    params: [param('process', word, 'which')],
  }),
];

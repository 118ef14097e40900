import { PCI_KINDS } from '../engine/pci/function-spec';
import { PLATFORM_NAME } from './literal';
import {
  anyDevice,
  atOnce,
  bdf,
  choice,
  defineVerb,
  flag,
  number,
  option,
  param,
  pattern,
  range,
  text,
  word,
  saysAs,
  type VerbSpec,
} from './verb-spec';

const IDS = pattern(/^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}$/, '8086:10d3');
const ACS_BITS = '(?:SV|TB|RR|CR|UF|EC|DT)';
const ACS_SET = `(?:none|${ACS_BITS}(?:\\+${ACS_BITS})*)`;
const ACS = pattern(
  new RegExp(`^${ACS_SET}(?:@${ACS_SET})?(?:/${ACS_SET})?$`),
  'SV+RR+CR+UF, of SV TB RR CR UF EC DT',
);

const BAR = '[0-9a-fA-F]{1,16}-[0-9a-fA-F]{1,16}p?';
const BARS = pattern(new RegExp(`^${BAR}(?:\\+${BAR})*$`), 'f0000000-f0ffffff+fe000000-fe003fffp');
const DEVFN = '[01][0-9a-fA-F]\\.[0-7]';
const ALIASES = pattern(new RegExp(`^${DEVFN}(?:\\+${DEVFN})*$`), '10.0+11.0');
const SRIOV = pattern(/^[0-9]{1,5}@[0-9]{1,5}\/[0-9]{1,5}(?::[0-9a-fA-F]{4})?$/, '64@128/2:10ed');

const PLATFORM = pattern(PLATFORM_NAME, 'fe500000.dma-controller, or ARMH0061:00');
const STREAM = '(?:0x[0-9a-fA-F]{1,8}|[0-9]{1,9})';
const STREAMS = pattern(new RegExp(`^${STREAM}(?:\\+${STREAM})*$`), '0x100+0x101');

const PAGE_SIZES = pattern(/^[0-9]+[KMGT](?:\+[0-9]+[KMGT])*$/, '4K+2M+1G');

const DEFECT = '(?:replace-answers-new-queue|failed-replace-unreserves|smmu-dirty-without-flush)';
const DEFECTS = pattern(new RegExp(`^${DEFECT}(?:\\+${DEFECT})*$`), 'failed-replace-unreserves');

const CACHE = pattern(/^(?:off|[1-9][0-9]*x[1-9][0-9]*)$/, '64x4, or off');
/** Of an IOMMU of a vendor. */
const VENDOR_OPTIONS = [
  option(
    'mode',
    choice('legacy', 'scalable', 'v1', 'v2', 'upstream', 'coherent'),
    'VT-d: legacy or scalable; AMD: the tables that its driver prefers, v1 or v2; RISC-V: coherent, so that its devices can be bound',
  ),
  option('width', choice('39', '48', '57'), 'address bits of its tables; 48 unless said otherwise'),
  option('iotlb', CACHE, 'sets and ways of its IOTLB'),
  option('device-cache', CACHE, 'of its cache of device entries: contexts, DTEs, STEs, DCs'),
  option('process-cache', CACHE, 'of its cache of PASID entries, CDs, PCs'),
  option('walk-cache', CACHE, 'of its cache of table entries that are no leaves'),
];

/** What the machine is made of, and its kernel's start. */
export const MACHINE_VERBS: readonly VerbSpec[] = [
  defineVerb('machine', 'machine q35 iommu=vtd', 'names the machine and its IOMMU; first line, once', {
    ...atOnce,
    params: [param('name', { kind: 'word-or-text' }, 'what to call it')],
    options: [
      option(
        'iommu',
        choice('vtd', 'amd', 'smmuv3', 'riscv', 'none'),
        'which IOMMU it has; vtd unless said otherwise',
      ),
      ...VENDOR_OPTIONS,
      option('container', choice('type1', 'iommufd'), 'what answers at /dev/vfio/vfio; type1 unless said'),
      option('cmdline', text, 'what the boot loader hands to the kernel, as far as IOMMUs and PCI care'),
      option('defects', DEFECTS, 'mistakes of the real kernel that this one makes too; help lists them'),
    ],
    flags: [
      flag('strict', 'unmapped pages leave the IOTLB at once (iommu.strict=1)'),
      flag('selftest', 'the kernel has the commands of its own tests (CONFIG_IOMMUFD_TEST)'),
      flag('unsafe-interrupts', 'devices are given away even if their MSIs are not isolated'),
      flag('passthrough', 'native drivers use physical addresses (iommu.passthrough=1)'),
    ],
  }),
  defineVerb(
    'iommu',
    'iommu smmu0 generic pages=4K+2M aperture=0-0xffffffff',
    'one more IOMMU: of a vendor, or generic, with the abilities and refusals that you choose; before boot',
    {
      ...atOnce,
      params: [
        param('name', word, 'what to call it'),
        param('kind', choice('generic', 'vtd', 'amd', 'smmuv3', 'riscv'), 'what kind of IOMMU it is'),
      ],
      options: [
        ...VENDOR_OPTIONS,
        option('pages', PAGE_SIZES, 'sizes of its pages; 4K+2M+1G unless said otherwise'),
        option('aperture', range, 'the addresses that it translates; 48 bits unless said otherwise'),
        option(
          'driver',
          word,
          'its driver: IOMMUs of one driver take each other’s page tables; its own name',
        ),
        option('pasids', number, 'how many PASIDs it can tell apart; none unless said'),
        option(
          'groups',
          choice('pci', 'device', 'single', 'host-bridge', 'stream'),
          'how its driver makes groups; pci unless said',
        ),
      ],
      flags: [
        flag('no-coherency', 'DMA is not coherent with CPU caches'),
        flag('no-snoop-control', 'it cannot make no-snoop accesses coherent'),
        flag('no-dirty', 'it cannot track dirty pages'),
        flag('no-msi-isolation', 'it does not check interrupt messages'),
        flag('no-blocked', 'it has no domain that blocks everything: an empty page table does'),
        flag('attach-finalised', 'its page tables are complete only once attached'),
      ],
    },
  ),
  defineVerb(
    'pci',
    'pci 01:00.0 endpoint id=8086:10d3 class=020000',
    'adds a PCI function; parents come first',
    {
      params: [
        param('bdf', bdf, 'its address'),
        param('kind', choice(...PCI_KINDS), 'what sort of function it is'),
        param('label', { kind: 'text' }, 'its name for people', 'optional'),
      ],
      options: [
        option('id', IDS, 'vendor and device id'),
        option('sub', IDS, 'subsystem vendor and device id'),
        option('class', pattern(/^[0-9a-fA-F]{6}$/, '020000'), 'class code: base, sub, interface'),
        option('rev', number, 'revision'),
        option('bus', pattern(/^[0-9a-fA-F]{2}-[0-9a-fA-F]{2}$/, '01-03'), 'buses behind a bridge, in hex'),
        option(
          'acs',
          ACS,
          'ACS capability; after @ the control bits that firmware left, after / those that Linux left',
        ),
        option('vf', bdf, 'the physical function that this virtual one belongs to'),
        option(
          'group',
          pattern(/^(?:none|0|[1-9][0-9]*)$/, '7, or none'),
          'the IOMMU group that its own kernel reported',
        ),
        option('driver', word, 'the driver to bind at boot'),
        option('iommu', word, 'the IOMMU in whose scope it is, made by iommu, or none'),
        option('pasid', number, 'how many PASIDs it can use'),
        option(
          'alias',
          ALIASES,
          'other devices and functions of its bus whose requester ids its DMA carries',
        ),
        option(
          'sriov',
          SRIOV,
          'its virtual functions: how many it can have, offset, stride, and their device id',
        ),
        option('bars', BARS, 'its memory, start-last in hex; p behind what may be prefetched'),
      ],
      flags: [
        flag('mf', 'the multifunction bit of its header'),
        flag('ats', 'it caches translations itself'),
        flag('pri', 'it can ask for pages that are not there'),
        flag('untrusted', 'it sits behind an external port'),
        flag('external', 'the port leads out of the machine, so what is below it is untrusted'),
      ],
    },
  ),
  defineVerb(
    'platform',
    'platform fe500000.dma-controller stream=0x100 driver=pl330 "DMA controller"',
    'adds a device that is on no PCI bus, as device tree or ACPI list it; before boot',
    {
      ...atOnce,
      params: [
        param('name', PLATFORM, 'what the kernel calls it'),
        param('label', { kind: 'text' }, 'its name for people', 'optional'),
      ],
      options: [
        option('iommu', word, 'its IOMMU, made by iommu or the machine’s own (smmu0 …), or none'),
        option('stream', STREAMS, 'the StreamIDs by which its IOMMU knows it; its DMA carries the first'),
        option('driver', word, 'the driver to bind at boot'),
        option('pasid', number, 'how many PASIDs it can use, a power of two (pasid-num-bits)'),
      ],
      flags: [
        flag('stall', 'its faults may wait for an answer (dma-can-stall)'),
        flag('msi', 'its interrupts are messages that the interrupt controller keeps apart (msi-parent)'),
        flag('reset', 'VFIO knows how to reset it, and so takes it (_RST, or a reset module)'),
      ],
    },
  ),
  defineVerb(
    'reserve',
    'reserve 01:00.0 0x80000-0x8ffff direct',
    'firmware or the IOMMU driver keeps some of the addresses of a device; before boot',
    {
      ...atOnce,
      params: [
        param('device', anyDevice, 'the device'),
        param('range', range, 'start-last, both included'),
        param(
          'kind',
          choice('direct', 'direct-relaxable', 'reserved', 'msi', 'sw-msi'),
          'as reserved_regions of its group shows it',
        ),
      ],
    },
  ),
  defineVerb(
    'refuse',
    'refuse smmu0 attach 2 EINVAL',
    'an IOMMU driver refuses its n-th such call from now on, or every attach of a device',
    {
      ...atOnce,
      params: [
        param('unit', word, 'an IOMMU made by iommu'),
        param('call', choice('attach', 'map', 'alloc'), 'what it is asked'),
        param('which', word, 'which call from now on, counted from 1, or a PCI address: all of that device'),
        param('errno', word, 'what it answers'),
      ],
    },
  ),
  defineVerb(
    'boot',
    'boot',
    'Linux enumerates the bus, makes the groups and binds drivers; implied when needed',
  ),
  defineVerb('remove', 'remove 01:00.0', 'pulls a function out, with everything behind it', {
    params: [param('device', anyDevice, 'the function, or a platform device')],
  }),
  defineVerb(
    'setpci',
    'setpci 00:1c.0 "ECAP_ACS+6.w=0"',
    'reads or writes a register of configuration space, as the tool of that name',
    {
      ...atOnce,
      params: [
        param('bdf', bdf, 'the function'),
        param('register', text, 'its name or offset, width, and what to write, all in hex'),
        ...saysAs,
      ],
    },
  ),
  defineVerb('driver', 'driver 01:00.0 vfio-pci', 'unbinds the present driver and binds this one', {
    params: [param('device', anyDevice, 'the device'), param('driver', word, 'a driver, or none')],
  }),
];

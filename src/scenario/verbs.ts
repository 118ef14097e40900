import { PCI_KINDS } from '../engine/pci/function-spec';

/**
 * Every verb as data: the parser checks lines against this table, and completion and help in the editor read it.
 * GRAMMAR.md says the same for people; a test compares the two.
 */

/** What a name stands for, so that the editor can offer the right ones. */
export type NameKind = 'context' | 'device' | 'ioas' | 'hwpt' | 'buffer';

/** How a value is written. */
export type ValueType =
  /** A name given earlier in the script, or a world id such as `hwpt:1.3`. */
  | { readonly kind: 'name'; readonly of: readonly NameKind[] }
  | { readonly kind: 'bdf' }
  | { readonly kind: 'choice'; readonly values: readonly string[] }
  /** A word from outside the script: a driver, a process. */
  | { readonly kind: 'word' }
  /** 64-bit, never negative. */
  | { readonly kind: 'number' }
  | { readonly kind: 'coordinate' }
  | { readonly kind: 'range' }
  /** In quotes. */
  | { readonly kind: 'text' }
  | { readonly kind: 'word-or-text' }
  /** Anything on the canvas: a name, a PCI address, or a world id. */
  | { readonly kind: 'thing' }
  /** A notation of its own, shown by a sample. */
  | { readonly kind: 'pattern'; readonly pattern: RegExp; readonly sample: string };

export interface ParamSpec {
  readonly name: string;
  readonly type: ValueType;
  readonly help: string;
  readonly need: 'required' | 'optional' | 'repeated';
}

export interface OptionSpec {
  readonly key: string;
  readonly type: ValueType;
  readonly help: string;
  readonly required: boolean;
}

export interface FlagSpec {
  readonly word: string;
  readonly help: string;
}

export interface VerbSpec {
  readonly name: string;
  readonly help: string;
  readonly example: string;
  /** Whether `name =` may stand before it: `must`, because what it makes could not be used otherwise. */
  readonly naming: 'never' | 'may' | 'must';
  readonly makes: NameKind | null;
  readonly params: readonly ParamSpec[];
  readonly options: readonly OptionSpec[];
  readonly flags: readonly FlagSpec[];
  /** Sets of options or flags of which exactly one must be there in full. */
  readonly oneOf: readonly (readonly string[])[];
}

const context: ValueType = { kind: 'name', of: ['context'] };
const device: ValueType = { kind: 'name', of: ['device'] };
const ioas: ValueType = { kind: 'name', of: ['ioas'] };
const buffer: ValueType = { kind: 'name', of: ['buffer'] };
const attachable: ValueType = { kind: 'name', of: ['ioas', 'hwpt'] };
const anyObject: ValueType = { kind: 'name', of: ['device', 'ioas', 'hwpt'] };
const bdf: ValueType = { kind: 'bdf' };
const word: ValueType = { kind: 'word' };
const number: ValueType = { kind: 'number' };
const choice = (...values: readonly string[]): ValueType => ({ kind: 'choice', values });
const pattern = (source: RegExp, sample: string): ValueType => ({ kind: 'pattern', pattern: source, sample });

const param = (
  name: string,
  type: ValueType,
  help: string,
  need: ParamSpec['need'] = 'required',
): ParamSpec => ({ name, type, help, need });
const option = (key: string, type: ValueType, help: string, required = false): OptionSpec => ({
  key,
  type,
  help,
  required,
});
const needed = (key: string, type: ValueType, help: string): OptionSpec => option(key, type, help, true);
const flag = (text: string, help: string): FlagSpec => ({ word: text, help });

type Rest = Partial<Omit<VerbSpec, 'name' | 'help' | 'example'>>;

/** A row of the table; what it leaves out is absent. */
const defineVerb = (name: string, example: string, help: string, rest: Rest = {}): VerbSpec => ({
  name,
  help,
  example,
  naming: 'never',
  makes: null,
  params: [],
  options: [],
  flags: [],
  oneOf: [],
  ...rest,
});

const IDS = pattern(/^[0-9a-fA-F]{4}:[0-9a-fA-F]{4}$/, '8086:10d3');
const ACS_BITS = '(?:SV|TB|RR|CR|UF|EC|DT)';
const ACS_SET = `(?:none|${ACS_BITS}(?:\\+${ACS_BITS})*)`;
const ACS = pattern(new RegExp(`^${ACS_SET}(?:/${ACS_SET})?$`), 'SV+RR+CR+UF, of SV TB RR CR UF EC DT');

const access = param('access', choice('r', 'w', 'rw'), 'what the device may do');
const iovaOption = option('iova', number, 'where; without it the kernel chooses');
const attachParams = [
  param('dev', device, 'a bound device'),
  param('to', attachable, 'an IOAS (the kernel finds or makes a HWPT) or a HWPT'),
];

const TABLE: readonly VerbSpec[] = [
  defineVerb('machine', 'machine q35 iommu=vtd', 'names the machine and its IOMMU; first line, once', {
    params: [param('name', { kind: 'word-or-text' }, 'what to call it')],
    options: [
      option('iommu', choice('vtd', 'none'), 'which IOMMU it has; vtd unless said otherwise'),
      option(
        'width',
        choice('39', '48', '57'),
        'IOVA bits of its second-stage tables; 48 unless said otherwise',
      ),
      option('iotlb', pattern(/^[1-9][0-9]*x[1-9][0-9]*$/, '64x4'), 'sets and ways of its IOTLB'),
    ],
  }),
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
        option('acs', ACS, 'ACS capability, and after / the control bits'),
        option('vf', bdf, 'the physical function that this virtual one belongs to'),
        option(
          'group',
          pattern(/^(?:none|0|[1-9][0-9]*)$/, '7, or none'),
          'the IOMMU group that its own kernel reported',
        ),
        option('driver', word, 'the driver to bind at boot'),
      ],
      flags: [flag('mf', 'the multifunction bit of its header')],
    },
  ),
  defineVerb(
    'boot',
    'boot',
    'Linux enumerates the bus, makes the groups and binds drivers; implied when needed',
  ),
  defineVerb('driver', 'driver 01:00.0 vfio-pci', 'unbinds the present driver and binds this one', {
    params: [param('bdf', bdf, 'the device'), param('driver', word, 'a driver, or none')],
  }),
  defineVerb('open', 'ctx = open /dev/iommu', 'opens an iommufd context', {
    naming: 'must',
    makes: 'context',
    params: [
      param('path', choice('/dev/iommu'), 'the character device'),
      param('process', word, 'who opens it; qemu unless said otherwise', 'optional'),
    ],
  }),
  defineVerb('close', 'close ctx', 'closes a context, with everything in it', {
    params: [param('ctx', context, 'a context made by open')],
  }),
  defineVerb('IOAS_ALLOC', 'ioas = IOAS_ALLOC ctx', 'makes an IO address space', {
    naming: 'must',
    makes: 'ioas',
    params: [param('ctx', context, 'a context made by open')],
  }),
  defineVerb(
    'HWPT_ALLOC',
    'hwpt = HWPT_ALLOC dev ioas',
    'makes a hardware page table for a device over an IOAS',
    {
      naming: 'must',
      makes: 'hwpt',
      params: [param('dev', device, 'a bound device'), param('ioas', ioas, 'the IOAS it translates')],
      flags: [
        flag('nest-parent', 'it may be the parent of a nested table'),
        flag('dirty', 'it tracks which pages were written'),
      ],
    },
  ),
  defineVerb(
    'BIND',
    'dev = BIND ctx 01:00.0',
    'binds a vfio device to a context (VFIO_DEVICE_BIND_IOMMUFD)',
    {
      naming: 'must',
      makes: 'device',
      params: [
        param('ctx', context, 'a context made by open'),
        param('bdf', bdf, 'a device with a vfio driver'),
      ],
    },
  ),
  defineVerb(
    'ATTACH',
    'hwpt = ATTACH dev ioas',
    'attaches a bound device; the name is the HWPT that serves it',
    {
      naming: 'may',
      makes: 'hwpt',
      params: attachParams,
    },
  ),
  defineVerb('REPLACE', 'REPLACE dev ioas2', 'moves an attached device without a gap', {
    naming: 'may',
    makes: 'hwpt',
    params: attachParams,
  }),
  defineVerb('DETACH', 'DETACH dev', 'detaches a device; its DMA is blocked from then on', {
    params: [param('dev', device, 'a bound device')],
  }),
  defineVerb('UNBIND', 'UNBIND dev', 'closes the vfio device', {
    params: [param('dev', device, 'a bound device')],
  }),
  defineVerb('mmap', 'buf = mmap qemu 2M', 'gives a process memory', {
    naming: 'must',
    makes: 'buffer',
    params: [param('process', word, 'whose memory'), param('length', number, 'bytes')],
    options: [
      option('pages', choice('4K', '2M', '1G'), 'size of its pages; the largest that fits unless said'),
    ],
  }),
  defineVerb('IOAS_MAP', 'IOAS_MAP ioas buf iova=0x100000 len=2M rw', 'maps memory of a process at an IOVA', {
    naming: 'may',
    params: [param('ioas', ioas, 'where to'), param('buffer', buffer, 'memory made by mmap'), access],
    options: [
      iovaOption,
      option('offset', number, 'where in the buffer to begin'),
      option('len', number, 'bytes; the rest of the buffer unless said'),
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
    params: [param('ioas', ioas, 'of which IOAS')],
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
  defineVerb('DESTROY', 'DESTROY ioas', 'destroys an iommufd object', {
    params: [param('object', anyObject, 'what to destroy')],
  }),
  defineVerb('dma', 'dma 01:00.0 write 0x100040 64', 'the device reads or writes memory, through the IOMMU', {
    params: [
      param('bdf', bdf, 'the device'),
      param('access', choice('read', 'write'), 'which way'),
      param('iova', number, 'the address it uses'),
      param('length', number, 'bytes'),
    ],
  }),
  defineVerb('place', 'place hwpt 420 160', 'where something stands on the canvas', {
    params: [
      param('what', { kind: 'thing' }, 'a name, a PCI address or an id'),
      param('x', { kind: 'coordinate' }, 'pixels from the left'),
      param('y', { kind: 'coordinate' }, 'pixels from the top'),
    ],
  }),
  defineVerb('note', 'note "Two functions share a group"', 'a sentence shown beside the scene', {
    params: [param('text', { kind: 'text' }, 'the sentence')],
  }),
];

export const VERBS: ReadonlyMap<string, VerbSpec> = new Map(TABLE.map((verb) => [verb.name, verb]));

/** One line of help: `[name =] ATTACH dev to`. */
export function signature(verb: VerbSpec): string {
  const naming = { never: '', may: '[name =] ', must: 'name = ' }[verb.naming];
  const params = verb.params.map(({ name, type, need }) => {
    const shown = type.kind === 'choice' && type.values.length <= 3 ? type.values.join('|') : name;
    return { required: shown, optional: `[${shown}]`, repeated: `[${shown} …]` }[need];
  });
  const options = verb.options.map(({ key, required }) => (required ? `${key}=…` : `[${key}=…]`));
  const flags = verb.flags.map((each) => `[${each.word}]`);
  return `${naming}${[verb.name, ...params, ...options, ...flags].join(' ')}`;
}

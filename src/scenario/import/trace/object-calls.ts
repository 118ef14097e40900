import { structOf } from '../../../engine/uapi/payloads';
import { encode, type Fields } from '../../../engine/uapi/struct';
import { hexWords, sizeWords } from './size-words';
import type { Translator } from './translate';
import { numberOf, type TraceCall, type TraceFields } from './imported-trace';
import * as says from '../../../words/scenario/import-trace';

/** Calls of /dev/iommu as lines. Each says what it lacks where it cannot be one; null: it is one. */
export function objectCall(translator: Translator, call: TraceCall): string | null {
  const [name = ''] = call.names;
  const write = CALLS[name];
  if (write === undefined) return says.theScriptHasNoLineForIt;
  const context = translator.context(call.fd, call.line).name ?? 'ctx';
  return write({ translator, call, context });
}

interface Of {
  readonly translator: Translator;
  readonly call: TraceCall;
  readonly context: string;
}

const NO_STRUCTURE = says.theTextShowsWhereItsStructure;
const UNKNOWN_OBJECT = says.itIsAboutAnObject;

/** An object by the field with its id; where the structure is not shown the only one that there is. */
function object({ translator, call, context }: Of, field: string, stem: string): string | null {
  if (call.fields !== null) return translator.namedOrId(context, numberOf(call.fields, field), call);
  const only = translator.only(context, stem);
  if (only !== null)
    translator.scene.remarks.took(call.line, says.theStructureIsNotShownTakenIsThe(stem, only));
  return only;
}

/** `X = ` for what a call makes. Of a call that failed nothing is made. */
function made({ translator, call, context }: Of, field: string, stem: string): string {
  if (call.errno !== null) return '';
  return `${translator.name(context, stem, numberOf(call.out, field))} = `;
}

const has = (fields: TraceFields | null, flag: bigint): boolean =>
  ((numberOf(fields, 'flags') ?? 0n) & flag) !== 0n;

function access(fields: TraceFields): string {
  const word = `${has(fields, 4n) ? 'r' : ''}${has(fields, 2n) ? 'w' : ''}`;
  return word === '' ? '' : ` ${word}`;
}

const fixed = (fields: TraceFields): string =>
  has(fields, 1n) ? ` iova=${hexWords(numberOf(fields, 'iova') ?? 0n)}` : '';

const plain =
  (verb: string, field: string, stem: string) =>
  (of: Of): null => {
    of.translator.scene.act(`${made(of, field, stem)}${verb} ${of.context}`, of.call.errno);
    return null;
  };

function map(of: Of): string | null {
  const { translator, call } = of;
  const { fields } = call;
  if (fields === null) return NO_STRUCTURE;
  const ioas = object(of, 'ioas_id', 'ioas');
  const address = numberOf(fields, 'user_va');
  const length = numberOf(fields, 'length');
  if (ioas === null) return UNKNOWN_OBJECT;
  if (address === null || length === null || access(fields) === '') return says.itsMemoryOrItsAccess;
  const memory = translator.memory(address, length, call.line);
  if (memory === null) return says.itMapsMoreMemory;
  translator.scene.act(
    `IOAS_MAP ${ioas} ${memory.name}${fixed(fields)}${memory.options}${access(fields)}`,
    call.errno,
  );
  return null;
}

function mapFile(of: Of): string | null {
  const { translator, call } = of;
  const { fields } = call;
  if (fields === null) return NO_STRUCTURE;
  const ioas = object(of, 'ioas_id', 'ioas');
  if (ioas === null) return UNKNOWN_OBJECT;
  const length = numberOf(fields, 'length') ?? 0n;
  const start = numberOf(fields, 'start') ?? 0n;
  const fd = Number(numberOf(fields, 'fd') ?? -1n);
  let file = translator.at(fd);
  if (file?.kind !== 'memfd' || file.name === null) {
    const name = translator.scene.fresh('file');
    translator.scene.say(
      `${name} = memfd_create qemu ${sizeWords(translator.scene.fileBytes(fd, start + length))}`,
    );
    translator.scene.remarks.took(call.line, says.theTextDoesNotShowWhere);
    file = translator.open(fd, { kind: 'memfd', name, device: null });
  }
  const offset = start === 0n ? '' : ` offset=${sizeWords(start)}`;
  translator.scene.act(
    `IOAS_MAP_FILE ${ioas} ${file.name ?? ''}${fixed(fields)}${offset} len=${sizeWords(length)}${access(fields)}`,
    call.errno,
  );
  return null;
}

const EVERYTHING = (1n << 64n) - 1n;

function unmap(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const ioas = object(of, 'ioas_id', 'ioas');
  if (ioas === null) return UNKNOWN_OBJECT;
  const [iova, length] = [numberOf(fields, 'iova') ?? 0n, numberOf(fields, 'length') ?? 0n];
  const what =
    iova === 0n && length === EVERYTHING ? 'all' : `iova=${hexWords(iova)} len=${sizeWords(length)}`;
  of.translator.scene.act(`IOAS_UNMAP ${ioas} ${what}`, errno);
  return null;
}

function copy(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const [to, from] = [object(of, 'dst_ioas_id', 'ioas'), object(of, 'src_ioas_id', 'ioas')];
  if (to === null || from === null) return UNKNOWN_OBJECT;
  const at = has(fields, 1n) ? ` iova=${hexWords(numberOf(fields, 'dst_iova') ?? 0n)}` : '';
  const length = sizeWords(numberOf(fields, 'length') ?? 0n);
  const source = hexWords(numberOf(fields, 'src_iova') ?? 0n);
  of.translator.scene.act(`IOAS_COPY ${to} ${from} src=${source} len=${length}${at}${access(fields)}`, errno);
  return null;
}

function ranges(of: Of): string | null {
  const ioas = object(of, 'ioas_id', 'ioas');
  if (ioas === null) return of.call.fields === null ? NO_STRUCTURE : UNKNOWN_OBJECT;
  of.translator.scene.act(`IOAS_IOVA_RANGES ${ioas}`, of.call.errno);
  return null;
}

function allow(of: Of): string | null {
  const { fields, errno } = of.call;
  const list = fields?.get('allowed_iovas');
  if (fields === null) return NO_STRUCTURE;
  const none = numberOf(fields, 'num_iovas') === 0n;
  if (!none && (list === undefined || typeof list === 'bigint')) return NO_STRUCTURE;
  const ioas = object(of, 'ioas_id', 'ioas');
  if (ioas === null) return UNKNOWN_OBJECT;
  const shown = none || list === undefined || typeof list === 'bigint' ? [] : list;
  const words = shown.map(
    (range) => `${hexWords(numberOf(range, 'start') ?? 0n)}-${hexWords(numberOf(range, 'last') ?? 0n)}`,
  );
  of.translator.scene.act(`IOAS_ALLOW_IOVAS ${[ioas, ...words].join(' ')}`, errno);
  return null;
}

function option(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const isHuge = numberOf(fields, 'option_id') === 1n;
  const target = isHuge ? translatorNamed(of, 'object_id') : of.context;
  if (target === null) return UNKNOWN_OBJECT;
  const value = numberOf(fields, 'op') === 0n ? ` ${numberOf(fields, 'val64') ?? 0n}` : '';
  of.translator.scene.act(`OPTION ${target} ${isHuge ? 'HUGE_PAGES' : 'RLIMIT_MODE'}${value}`, errno);
  return null;
}

const translatorNamed = ({ translator, call, context }: Of, field: string): string | null =>
  translator.namedOrId(context, numberOf(call.fields, field), call);

function vfioIoas(of: Of): string | null {
  const { fields, errno, out } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const op = numberOf(fields, 'op') ?? 0n;
  if (op === 1n) {
    const ioas = translatorNamed(of, 'ioas_id');
    if (ioas === null) return UNKNOWN_OBJECT;
    of.translator.scene.act(`VFIO_IOAS ${of.context} SET ${ioas}`, errno);
    return null;
  }
  const id = op === 0n && errno === null ? numberOf(out, 'ioas_id') : null;
  const known = id === null ? null : of.translator.named(of.context, id);
  const name = id === null ? '' : `${known ?? of.translator.name(of.context, 'ioas', id)} = `;
  of.translator.scene.act(`${name}VFIO_IOAS ${of.context} ${op === 0n ? 'GET' : 'CLEAR'}`, errno);
  return null;
}

function hwptAlloc(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const type = numberOf(fields, 'data_type') ?? 0n;
  of.translator.scene.machine.hint(
    errno === null && type !== 0n ? type : null,
    errno === null && (has(fields, 1n) || has(fields, 2n)),
  );
  const [dev, on] = [translatorNamed(of, 'dev_id'), translatorNamed(of, 'pt_id')];
  if (dev === null || on === null) return UNKNOWN_OBJECT;
  const words = [
    ...(has(fields, 1n) ? ['nest-parent'] : []),
    ...(has(fields, 2n) ? ['dirty'] : []),
    ...(has(fields, 8n) ? ['pasid'] : []),
  ];
  if (has(fields, 4n)) {
    const queue = translatorNamed(of, 'fault_id');
    if (queue === null) return UNKNOWN_OBJECT;
    words.push(`fault=${queue}`);
  }
  const data = dataWords(of, 'data_type', 'data_uptr', 'data_len');
  if (data === null) return says.itsDataForTheDriver;
  of.translator.scene.act(
    [`${made(of, 'out_hwpt_id', 'hwpt')}HWPT_ALLOC ${dev} ${on}`, ...words, ...data].join(' '),
    errno,
  );
  return null;
}

/** `type=… data="…"`; null: there is data, and the text does not show it. */
function dataWords(of: Of, type: string, pointer: string, length: string): readonly string[] | null {
  const { fields } = of.call;
  const number = numberOf(fields, type) ?? 0n;
  const bytes = blob(of, pointer);
  if (bytes === null && (numberOf(fields, length) ?? 0n) !== 0n) return null;
  return [
    ...(number === 0n ? [] : [`type=${hexWords(number)}`]),
    ...(bytes === null ? [] : [`data="${bytes}"`]),
  ];
}

/** What a pointer led to, as bytes in hex, where the text takes it apart. */
function blob({ call }: Of, pointer: string): string | null {
  const entries = call.fields?.get(pointer);
  if (entries === undefined || typeof entries === 'bigint') return null;
  const known = structOf(call.names[0] ?? null, plainFields(call.fields), plainFields(call.fields));
  if (known === null) return null;
  return entries
    .map((entry) =>
      [...encode(known.struct, plainFields(entry))]
        .map((byte) => byte.toString(16).padStart(2, '0'))
        .join(' '),
    )
    .join(' ');
}

function plainFields(fields: TraceFields | null): Fields {
  const values: Fields = {};
  for (const [name, value] of fields ?? []) if (typeof value === 'bigint') values[name] = value;
  // Types are compared with numbers.
  for (const name of ['data_type', 'type', 'entry_len'])
    if (typeof values[name] === 'bigint') values[name] = Number(values[name]);
  return values;
}

function hwInfo(of: Of): string | null {
  const { fields, errno } = of.call;
  const dev = object(of, 'dev_id', 'dev');
  if (dev === null) return fields === null ? NO_STRUCTURE : UNKNOWN_OBJECT;
  const type = numberOf(fields, 'data_type') ?? 0n;
  const answered = errno === null ? numberOf(of.call.out, 'data_type') : null;
  of.translator.scene.machine.hwInfo(answered);
  const length = numberOf(fields, 'data_len');
  const words = [
    ...(has(fields, 1n) && type !== 0n ? [`type=${hexWords(type)}`] : []),
    ...(length === null || length === 64n ? [] : [`len=${length}`]),
  ];
  of.translator.scene.act(['GET_HW_INFO', dev, ...words].join(' '), errno);
  return null;
}

function setDirty(of: Of): string | null {
  const hwpt = translatorNamed(of, 'hwpt_id');
  if (hwpt === null) return of.call.fields === null ? NO_STRUCTURE : UNKNOWN_OBJECT;
  of.translator.scene.act(
    `HWPT_SET_DIRTY_TRACKING ${hwpt} ${has(of.call.fields, 1n) ? 'on' : 'off'}`,
    of.call.errno,
  );
  return null;
}

function getDirty(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const hwpt = translatorNamed(of, 'hwpt_id');
  if (hwpt === null) return UNKNOWN_OBJECT;
  const page = numberOf(fields, 'page_size') ?? 4096n;
  const words = [
    `iova=${hexWords(numberOf(fields, 'iova') ?? 0n)}`,
    `len=${sizeWords(numberOf(fields, 'length') ?? 0n)}`,
    ...(page === 4096n ? [] : [`page=${sizeWords(page)}`]),
    ...(has(fields, 1n) ? ['no-clear'] : []),
  ];
  of.translator.scene.act(['HWPT_GET_DIRTY_BITMAP', hwpt, ...words].join(' '), errno);
  return null;
}

function invalidate(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const hwpt = translatorNamed(of, 'hwpt_id');
  if (hwpt === null) return UNKNOWN_OBJECT;
  const data = blob(of, 'data_uptr');
  const [entry, count] = [numberOf(fields, 'entry_len') ?? 0n, numberOf(fields, 'entry_num') ?? 0n];
  if (data === null && count !== 0n && errno === null) return says.whatItInvalidatesIsNotShown;
  const type = numberOf(fields, 'data_type') ?? 0n;
  const words = [
    ...(type === 0n ? [] : [`type=${hexWords(type)}`]),
    ...(data === null ? [] : [`data="${data}"`]),
    ...(entry === 0n ? [] : [`entry=${entry}`]),
    ...(count === 0n && entry === 0n ? [] : [`count=${count}`]),
  ];
  of.translator.scene.act(['HWPT_INVALIDATE', hwpt, ...words].join(' '), errno);
  return null;
}

function viommuAlloc(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const type = numberOf(fields, 'type') ?? 0n;
  // Linux: enum iommu_viommu_type; both are of SMMUs
  of.translator.scene.machine.hint(type === 1n || type === 2n ? 2n : null, true);
  const [dev, hwpt] = [translatorNamed(of, 'dev_id'), translatorNamed(of, 'hwpt_id')];
  if (dev === null || hwpt === null) return UNKNOWN_OBJECT;
  const data = dataWords(of, 'type', 'data_uptr', 'data_len');
  if (data === null) return says.itsDataForTheDriver;
  of.translator.scene.act(
    [`${made(of, 'out_viommu_id', 'vm')}VIOMMU_ALLOC ${dev} ${hwpt}`, ...data].join(' '),
    errno,
  );
  return null;
}

function vdeviceAlloc(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const [vm, dev] = [translatorNamed(of, 'viommu_id'), translatorNamed(of, 'dev_id')];
  if (vm === null || dev === null) return UNKNOWN_OBJECT;
  const id = hexWords(numberOf(fields, 'virt_id') ?? 0n);
  of.translator.scene.act(`${made(of, 'out_vdevice_id', 'vdev')}VDEVICE_ALLOC ${vm} ${dev} id=${id}`, errno);
  return null;
}

function veventqAlloc(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const vm = translatorNamed(of, 'viommu_id');
  if (vm === null) return UNKNOWN_OBJECT;
  const type = numberOf(fields, 'type') ?? 0n;
  const depth = numberOf(fields, 'veventq_depth');
  const words = [...(type === 0n ? [] : [`type=${hexWords(type)}`]), `depth=${depth ?? 16n}`];
  const prefix = made(of, 'out_veventq_id', 'events');
  of.translator.scene.act([`${prefix}VEVENTQ_ALLOC ${vm}`, ...words].join(' '), errno);
  queueOpened(of, 'out_veventq_fd', prefix);
  return null;
}

function faultAlloc(of: Of): null {
  const prefix = made(of, 'out_fault_id', 'faults');
  of.translator.scene.act(`${prefix}FAULT_QUEUE_ALLOC ${of.context}`, of.call.errno);
  queueOpened(of, 'out_fault_fd', prefix);
  return null;
}

function queueOpened({ translator, call, context }: Of, field: string, prefix: string): void {
  const fd = numberOf(call.out, field);
  if (fd === null || call.errno !== null) return;
  translator.open(Number(fd), { kind: 'queue', name: prefix.replace(' = ', ''), device: null, context });
}

function hwQueueAlloc(of: Of): string | null {
  const { fields, errno } = of.call;
  if (fields === null) return NO_STRUCTURE;
  const vm = translatorNamed(of, 'viommu_id');
  if (vm === null) return UNKNOWN_OBJECT;
  const number = (name: string): bigint => numberOf(fields, name) ?? 0n;
  const words = [
    ...(number('type') === 0n ? [] : [`type=${hexWords(number('type'))}`]),
    ...(number('index') === 0n ? [] : [`index=${number('index')}`]),
    `iova=${hexWords(number('nesting_parent_iova'))}`,
    `len=${sizeWords(number('length'))}`,
  ];
  of.translator.scene.act(
    [`${made(of, 'out_hw_queue_id', 'queue')}HW_QUEUE_ALLOC ${vm}`, ...words].join(' '),
    errno,
  );
  return null;
}

function destroy(of: Of): string | null {
  const target = translatorNamed(of, 'id');
  if (target === null) return of.call.fields === null ? NO_STRUCTURE : UNKNOWN_OBJECT;
  of.translator.scene.act(`DESTROY ${target}`, of.call.errno);
  return null;
}

/** The kernel's own tests make devices by it. */
function test(of: Of): string | null {
  const { translator, call, context } = of;
  const { fields, out, errno } = call;
  if (fields === null) return NO_STRUCTURE;
  translator.scene.machine.selftest = true;
  const op = numberOf(fields, 'op') ?? 0n;
  if (op === 2n || op === 12n) {
    const target = translatorNamed(of, 'id');
    if (target === null) return UNKNOWN_OBJECT;
    const flags = numberOf(fields, 'dev_flags') ?? 0n;
    const words = [...((flags & 4n) === 0n ? [] : ['pasid']), ...((flags & 1n) === 0n ? [] : ['no-dirty'])];
    const name = errno === null ? translator.name(context, 'dev', numberOf(out, 'out_idev_id')) : null;
    const stdev = numberOf(out, 'out_stdev_id');
    if (name !== null && stdev !== null) translator.alias(context, stdev, name);
    const hwpt = numberOf(out, 'out_hwpt_id');
    translator.scene.act(
      [`${name === null ? '' : `${name} = `}TEST_MOCK_DOMAIN ${target}`, ...words].join(' '),
      errno,
    );
    // The script has no name for the table that came with it.
    if (hwpt !== null && translator.named(context, hwpt) === null)
      translator.alias(context, hwpt, `hwpt:${contextNumber(context)}.${hwpt}`);
    return null;
  }
  const dev = op === 10n ? translatorNamed(of, 'id') : translatorNamed(of, 'dev_id');
  if (op === 10n) {
    const target = translatorNamed(of, 'pt_id');
    if (dev === null || target === null) return UNKNOWN_OBJECT;
    translator.scene.act(`TEST_MOCK_DOMAIN_REPLACE ${dev} ${target}`, errno);
    return null;
  }
  if (op !== 15n && op !== 17n) return says.theScriptHasNoLine;
  if (dev === null) return UNKNOWN_OBJECT;
  if (op === 17n) {
    translator.scene.act(`TEST_TRIGGER_VEVENT ${dev}`, errno);
    return null;
  }
  const perm = numberOf(fields, 'perm') ?? 1n;
  const group = numberOf(fields, 'grpid') ?? 0n;
  const pasid = numberOf(fields, 'pasid') ?? 0n;
  const words = [
    hexWords(numberOf(fields, 'addr') ?? 0n),
    `${(perm & 1n) === 0n ? '' : 'r'}${(perm & 2n) === 0n ? '' : 'w'}`,
    ...(group === 0n ? [] : [`group=${group}`]),
    ...(pasid === 0n ? [] : [`pasid=${pasid}`]),
  ];
  translator.scene.act(`TEST_TRIGGER_IOPF ${dev} ${words.join(' ')}`, errno);
  return null;
}

/** Contexts are counted as they are opened, and so are their names. */
const contextNumber = (name: string): string => /\d+$/.exec(name)?.[0] ?? '1';

const CALLS: Readonly<Record<string, (of: Of) => string | null>> = {
  IOMMU_DESTROY: destroy,
  IOMMU_IOAS_ALLOC: plain('IOAS_ALLOC', 'out_ioas_id', 'ioas'),
  IOMMU_IOAS_MAP: map,
  IOMMU_IOAS_MAP_FILE: mapFile,
  IOMMU_IOAS_UNMAP: unmap,
  IOMMU_IOAS_COPY: copy,
  IOMMU_IOAS_IOVA_RANGES: ranges,
  IOMMU_IOAS_ALLOW_IOVAS: allow,
  IOMMU_IOAS_CHANGE_PROCESS: ({ translator, call, context }) => {
    translator.scene.act(`IOAS_CHANGE_PROCESS ${context}`, call.errno);
    return null;
  },
  IOMMU_OPTION: option,
  IOMMU_VFIO_IOAS: vfioIoas,
  IOMMU_HWPT_ALLOC: hwptAlloc,
  IOMMU_GET_HW_INFO: hwInfo,
  IOMMU_HWPT_SET_DIRTY_TRACKING: setDirty,
  IOMMU_HWPT_GET_DIRTY_BITMAP: getDirty,
  IOMMU_HWPT_INVALIDATE: invalidate,
  IOMMU_FAULT_QUEUE_ALLOC: faultAlloc,
  IOMMU_VIOMMU_ALLOC: viommuAlloc,
  IOMMU_VDEVICE_ALLOC: vdeviceAlloc,
  IOMMU_VEVENTQ_ALLOC: veventqAlloc,
  IOMMU_HW_QUEUE_ALLOC: hwQueueAlloc,
  IOMMU_TEST_CMD: test,
};

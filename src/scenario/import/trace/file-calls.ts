import { hexWords, sizeWords } from './size-words';
import type { OpenThing, Translator } from './translate';
import { numberOf, type TraceCall } from './imported-trace';
import * as says from '../../../words/scenario/import-trace';

/** Calls of VFIO's files as lines: of devices, groups and containers. What it lacks where it cannot be one; null: it is one. */
export function fileCall(translator: Translator, call: TraceCall): string | null {
  const thing = translator.at(call.fd);
  const name = call.names.find((each) => fits(each, thing));
  if (name === undefined) {
    // Interrupts, regions and resets: nothing that an IOMMU has to do with.
    if (call.names.every((each) => BESIDE.test(each))) return null;
    return thing === null ? NO_FILE : says.theScriptHasNoLineForIt;
  }
  return FILE_CALLS[name]?.(translator, call, thing ?? deviceOf(translator, call)) ?? null;
}

const NO_FILE = says.noLineOfTheTextOpens;
const NO_STRUCTURE = says.theTextShowsWhereItsStructure;
const NOT_BOUND = says.itsDeviceIsBound;

const BESIDE =
  /^VFIO_(?:GET_API_VERSION|DEVICE_(?:GET_REGION_INFO|GET_IRQ_INFO|SET_IRQS|RESET|GET_PCI_HOT_RESET_INFO|PCI_HOT_RESET|FEATURE|IOEVENTFD|QUERY_GFX_PLANE|GET_GFX_DMABUF)|IOMMU_(?:ENABLE|DISABLE|SPAPR_\w+|DIRTY_PAGES|GET_INFO|MAP_DMA|UNMAP_DMA)|EEH_PE_OP)$/;

/** One number stands for calls of devices and of containers: the descriptor decides. */
function fits(name: string, thing: OpenThing | null): boolean {
  if (!(name in FILE_CALLS)) return false;
  if (name.startsWith('VFIO_GROUP_')) return thing === null ? false : thing.kind === 'group';
  if (name.startsWith('VFIO_DEVICE_')) return thing === null || thing.kind === 'device';
  return thing?.kind === 'container' || thing?.kind === 'context';
}

/** A descriptor that nobody opened, and a call that only devices have. */
function deviceOf(translator: Translator, { fd, line }: TraceCall): OpenThing {
  translator.scene.remarks.took(line, says.noLineOfTheTextSays);
  return translator.open(fd, { kind: 'device', name: null, device: translator.scene.machine.invent() });
}

type FileCall = (translator: Translator, call: TraceCall, thing: OpenThing) => string | null;

const bind: FileCall = (translator, call, thing) => {
  const { scene } = translator;
  const told = numberOf(call.fields, 'iommufd');
  const fd = told ?? translator.onlyContext();
  if (fd === null) return NO_STRUCTURE;
  if (told === null) scene.remarks.took(call.line, says.theStructureIsNotShownTaken);
  const context = translator.context(Number(fd), call.line).name ?? 'ctx';
  const device = thing.device ?? scene.machine.invent();
  if (call.errno === null) {
    thing.name = translator.name(context, 'dev', numberOf(call.out, 'out_devid'));
    thing.context = context;
  }
  scene.act(
    `${thing.name !== null && call.errno === null ? `${thing.name} = ` : ''}BIND ${context} ${device}`,
    call.errno,
  );
  return null;
};

const attach: FileCall = (translator, call, thing) => {
  const { scene } = translator;
  const { name, context } = thing;
  if (name === null || context === null) return NOT_BOUND;
  const id = numberOf(call.fields, 'pt_id');
  const only = id === null ? translator.only(context, 'ioas') : null;
  const target = id === null ? only : translator.namedOrId(context, id, call);
  if (target === null) return id === null ? NO_STRUCTURE : says.itIsAboutAnObject;
  if (id === null) scene.remarks.took(call.line, says.theStructureIsNotShownTakenIs(target));
  const answered = numberOf(call.out, 'pt_id');
  const isNew = call.errno === null && answered !== null && translator.named(context, answered) === null;
  const made = isNew ? `${translator.name(context, 'hwpt', answered)} = ` : '';
  const pasid = pasidWords(call);
  const verb = pasid !== '' ? 'VFIO_DEVICE_ATTACH_IOMMUFD_PT' : thing.attached ? 'REPLACE' : 'ATTACH';
  scene.act(`${made}${verb} ${name} ${target}${pasid}`, call.errno);
  if (call.errno === null && pasid === '') thing.attached = true;
  return null;
};

const detach: FileCall = (translator, call, thing) => {
  if (thing.name === null) return NOT_BOUND;
  const pasid = pasidWords(call);
  translator.scene.act(`DETACH ${thing.name}${pasid}`, call.errno);
  if (call.errno === null && pasid === '') thing.attached = false;
  return null;
};

const pasidWords = ({ fields }: TraceCall): string =>
  ((numberOf(fields, 'flags') ?? 0n) & 1n) === 0n ? '' : ` pasid=${numberOf(fields, 'pasid') ?? 0n}`;

const info: FileCall = (translator, call, thing) => {
  if (thing.name === null) return null; // it says nothing about DMA
  translator.scene.act(`VFIO_DEVICE_GET_INFO ${thing.name}`, call.errno);
  return null;
};

const onFile =
  (verb: string): FileCall =>
  (translator, call, { name }) => {
    if (name === null) return NO_FILE;
    translator.scene.act(`${verb} ${name}`, call.errno);
    return null;
  };

const setContainer: FileCall = (translator, call, { name }) => {
  const fd = numberOf(call.fields, 'fd') ?? translator.onlyContainer();
  const container = fd === null ? null : translator.at(Number(fd));
  if (name === null || container?.name == null) return NO_STRUCTURE;
  translator.scene.act(`VFIO_GROUP_SET_CONTAINER ${name} ${container.name}`, call.errno);
  return null;
};

const getDevice: FileCall = (translator, call, { name }) => {
  const { scene } = translator;
  if (name === null) return NO_FILE;
  const told = /^"([^"]+)"$/.exec(call.argument ?? '')?.[1];
  if (told === undefined) return says.theTextDoesNotShow;
  const device = scene.machine.add(told);
  const made = call.errno === null ? scene.fresh('dev') : null;
  scene.act(`${made === null ? '' : `${made} = `}VFIO_GROUP_GET_DEVICE_FD ${name} ${device}`, call.errno);
  if (made !== null) translator.open(call.returned, { kind: 'device', name: made, device });
  return null;
};

const TYPES: Readonly<Record<string, string>> = {
  VFIO_TYPE1_IOMMU: 'TYPE1',
  VFIO_TYPE1v2_IOMMU: 'TYPE1v2',
  VFIO_DMA_CC_IOMMU: 'DMA_CC',
  VFIO_NOIOMMU_IOMMU: 'NOIOMMU',
  VFIO_UNMAP_ALL: 'UNMAP_ALL',
  '0x1': 'TYPE1',
  '0x3': 'TYPE1v2',
  '0x4': 'DMA_CC',
  '0x8': 'NOIOMMU',
  '0x9': 'UNMAP_ALL',
};

const withType =
  (verb: string): FileCall =>
  (translator, call, { name }) => {
    const type = TYPES[call.argument ?? ''];
    if (name === null) return NO_FILE;
    if (type === undefined) return says.theScriptKnowsNoSuchExtension;
    translator.scene.act(`${verb} ${name} ${type}`, call.errno);
    return null;
  };

const mapDma: FileCall = (translator, call, { name }) => {
  const { fields } = call;
  if (fields === null) return NO_STRUCTURE;
  if (name === null) return NO_FILE;
  const flags = numberOf(fields, 'flags') ?? 0n;
  const access = `${(flags & 1n) === 0n ? '' : 'r'}${(flags & 2n) === 0n ? '' : 'w'}`;
  const size = numberOf(fields, 'size') ?? 0n;
  const memory = translator.memory(numberOf(fields, 'vaddr') ?? 0n, size, call.line);
  if (memory === null || access === '') return says.itsMemoryOrItsAccess;
  const iova = hexWords(numberOf(fields, 'iova') ?? 0n);
  translator.scene.act(
    `VFIO_IOMMU_MAP_DMA ${name} ${memory.name} iova=${iova}${memory.options} ${access}`,
    call.errno,
  );
  return null;
};

const unmapDma: FileCall = (translator, call, { name }) => {
  const { fields } = call;
  if (fields === null) return NO_STRUCTURE;
  if (name === null) return NO_FILE;
  const all = ((numberOf(fields, 'flags') ?? 0n) & 2n) !== 0n;
  const what = all
    ? 'all'
    : `iova=${hexWords(numberOf(fields, 'iova') ?? 0n)} len=${sizeWords(numberOf(fields, 'size') ?? 0n)}`;
  translator.scene.act(`VFIO_IOMMU_UNMAP_DMA ${name} ${what}`, call.errno);
  return null;
};

const FILE_CALLS: Readonly<Record<string, FileCall>> = {
  VFIO_DEVICE_BIND_IOMMUFD: bind,
  VFIO_DEVICE_ATTACH_IOMMUFD_PT: attach,
  VFIO_DEVICE_DETACH_IOMMUFD_PT: detach,
  VFIO_DEVICE_GET_INFO: info,
  VFIO_GROUP_GET_STATUS: onFile('VFIO_GROUP_GET_STATUS'),
  VFIO_GROUP_UNSET_CONTAINER: onFile('VFIO_GROUP_UNSET_CONTAINER'),
  VFIO_GROUP_SET_CONTAINER: setContainer,
  VFIO_GROUP_GET_DEVICE_FD: getDevice,
  VFIO_CHECK_EXTENSION: withType('VFIO_CHECK_EXTENSION'),
  VFIO_SET_IOMMU: withType('VFIO_SET_IOMMU'),
  VFIO_IOMMU_GET_INFO: onFile('VFIO_IOMMU_GET_INFO'),
  VFIO_IOMMU_MAP_DMA: mapDma,
  VFIO_IOMMU_UNMAP_DMA: unmapDma,
};

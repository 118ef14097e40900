import { ERRNO_TEXT } from '../../../lib/errno-text';
import { errnoOf } from '../../../engine/uapi/strerror';
import { normalizeBdf } from '../../literal';
import type { ImportedTrace, TraceCall, TraceFields, TraceValue } from './imported-trace';
import { TraceScene } from './scene';
import { Translator } from './translate';
import * as says from '../../../words/scenario/import-trace';

/**
 * QEMU's own trace of its iommufd (`-trace 'iommufd*'`). The formats are its own; a field is told by its word, so that
 * lines of releases with a field more or less are read alike.
 *
 * QEMU: backends/trace-events, hw/vfio/trace-events, scripts/tracetool/backend/log.py
 */
export function importQemu(lines: Iterable<readonly [number: number, text: string]>): ImportedTrace | null {
  const events: Event[] = [];
  for (const [line, text] of lines) {
    const event = readEvent(text, line);
    if (event !== null) events.push(event);
    else sayWhy(events.at(-1), text);
  }
  if (events.length === 0) return null;
  const scene = new TraceScene();
  new Reader(scene).run(events);
  return scene.finish('qemu', says.recordedByQemu, 'vfio-pci');
}

interface Event {
  readonly line: number;
  readonly name: string;
  /** What follows the name. */
  readonly text: string;
  /** `word=number`, in hex or decimal. */
  readonly words: ReadonlyMap<string, bigint>;
  /** Null: the event does not say. */
  readonly ret: number | null;
  /** Of an event that failed: what QEMU printed behind it. */
  errno: string | null;
}

/** `12345@1700000000.123456:`, or nothing, or any time that others put before it. */
const EVENT = /(?:^|[\s:])(iommufd_(?:backend|cdev|viommu|change)_\w+|iommu_backend_set_fd)\s(.*)$/;

function readEvent(text: string, line: number): Event | null {
  if (!text.includes('iommu')) return null;
  const [, name, rest] = EVENT.exec(text) ?? [];
  if (name === undefined || rest === undefined) return null;
  const words = new Map<string, bigint>();
  for (const [, word = '', value = ''] of rest.matchAll(/\b(\w+)=(0x[0-9a-f]+|-?\d+)/gi))
    words.set(word, value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value));
  const ret = /\((-?\d+)\)\s*$/.exec(rest)?.[1];
  const failed = ret === undefined || Number(ret) >= 0 ? null : Number(ret);
  const errno = failed === null || failed === -1 ? null : errnoOf(-failed);
  return { line, name, text: rest, words, ret: ret === undefined ? null : Number(ret), errno };
}

const BY_TEXT = new Map(Object.entries(ERRNO_TEXT).map(([errno, text]) => [text as string, errno]));

/** `IOMMU_IOAS_MAP failed: Invalid argument`: the event before it says -1 alone. */
function sayWhy(event: Event | undefined, text: string): void {
  if (event === undefined || event.ret !== -1 || event.errno !== null) return;
  const said = /\bIOMMU_\w+ failed: (.+?)\s*$/.exec(text)?.[1];
  if (said !== undefined) event.errno = BY_TEXT.get(said) ?? null;
}

type Fields = Readonly<Record<string, bigint>>;

class Reader {
  private readonly translator: Translator;
  private readonly fdOfDevice = new Map<string, number>();

  constructor(private readonly scene: TraceScene) {
    this.translator = new Translator(scene);
  }

  run(events: readonly Event[]): void {
    for (const event of events) {
      if (event.name === 'iommufd_backend_map_dma')
        this.scene.buffers.used(at(event, 'addr'), at(event, 'size'));
      if (event.name === 'iommufd_backend_map_file_dma')
        this.scene.fileUsed(Number(at(event, 'fd')), at(event, 'start') + at(event, 'size'));
    }
    for (const event of events) {
      this.scene.recognised++;
      this.event(event);
    }
  }

  private event(event: Event): void {
    const { name } = event;
    const read = EVENTS[name];
    if (read !== undefined) return read.call(this, event);
    if (BESIDE.has(name)) return;
    this.scene.remarks.lost(event.line, says.noLineOfAScriptIsLike(name));
    this.scene.say(`# line ${event.line}: ${name}`);
  }

  call(
    event: Event,
    command: string,
    fields: Fields,
    out: Fields = {},
    fd = Number(at(event, 'iommufd')),
  ): void {
    const errno = event.ret !== null && event.ret < 0 ? (event.errno ?? '?') : null;
    const all = mapOf(fields);
    const call: TraceCall = {
      line: event.line,
      names: [command],
      fd,
      fields: all,
      out: new Map([...all, ...mapOf(out)]),
      argument: null,
      errno,
      returned: errno === null ? 0 : -1,
    };
    this.translator.call(call);
  }

  connect(event: Event): void {
    const fd = Number(at(event, 'fd'));
    if (this.translator.at(fd) !== null || fd < 0) return;
    const name = this.scene.fresh('ctx');
    this.scene.act(`${name} = open /dev/iommu`, null);
    this.translator.open(fd, { kind: 'context', name, device: null });
  }

  /** By then the descriptor is closed, and the event says -1. */
  disconnect(event: Event): void {
    const fd = this.translator.onlyContext();
    if (at(event, 'users') !== 0n || fd === null) return;
    const thing = this.translator.forget(Number(fd));
    if (thing?.name == null) return;
    this.translator.forgetContext(thing.name);
    this.scene.act(`close ${thing.name}`, null);
  }

  bound(event: Event): void {
    const [, name = ''] = /bound device (\S+) \(fd=/.exec(event.text) ?? [];
    const fd = Number(at(event, 'fd'));
    if (normalizeBdf(name) === null) this.scene.remarks.took(event.line, says.isNoPciAddressTheScript(name));
    const { machine } = this.scene;
    const device = normalizeBdf(name) === null ? machine.invent() : machine.add(name);
    this.fdOfDevice.set(name, fd);
    this.translator.open(fd, { kind: 'device', name: null, device });
    this.call(
      event,
      'VFIO_DEVICE_BIND_IOMMUFD',
      { iommufd: at(event, 'iommufd') },
      { out_devid: at(event, 'devid') },
      fd,
    );
  }

  attached(event: Event): void {
    const [, name = '', fd = ''] = /attached device (\S+) \((\d+)\)/.exec(event.text) ?? [];
    this.fdOfDevice.set(name, Number(fd));
    this.call(event, 'VFIO_DEVICE_ATTACH_IOMMUFD_PT', { pt_id: at(event, 'id') }, {}, Number(fd));
  }

  detached(event: Event): void {
    const [, name = ''] = /detached (\S+)/.exec(event.text) ?? [];
    this.call(event, 'VFIO_DEVICE_DETACH_IOMMUFD_PT', {}, {}, this.fdOfDevice.get(name) ?? -1);
  }
}

const at = ({ words }: Event, word: string): bigint => words.get(word) ?? 0n;

const mapOf = (fields: Fields): TraceFields => new Map<string, TraceValue>(Object.entries(fields));

const READABLE = 4n;
const WRITEABLE = 2n;
const FIXED = 1n;

const mapFlags = (event: Event): bigint => FIXED | READABLE | (at(event, 'readonly') === 0n ? WRITEABLE : 0n);

/** They say again what another event says, or nothing about DMA. */
const BESIDE = new Set([
  'iommufd_cdev_getfd',
  'iommufd_cdev_alloc_ioas',
  'iommufd_cdev_device_info',
  'iommufd_cdev_fail_attach_existing_container',
  'iommufd_cdev_pci_hot_reset_dep_devices',
]);

const EVENTS: Readonly<Record<string, (this: Reader, event: Event) => void>> = {
  iommufd_backend_connect(event) {
    this.connect(event);
  },
  iommu_backend_set_fd(event) {
    this.connect(event);
  },
  iommufd_backend_disconnect(event) {
    this.disconnect(event);
  },
  iommufd_cdev_connect_and_bind(event) {
    this.bound(event);
  },
  iommufd_cdev_attach_ioas_hwpt(event) {
    this.attached(event);
  },
  iommufd_cdev_detach_ioas_hwpt(event) {
    this.detached(event);
  },
  iommufd_change_process(event) {
    this.call(event, 'IOMMU_IOAS_CHANGE_PROCESS', {}, {}, Number(at(event, 'fd')));
  },
  iommufd_backend_alloc_ioas(event) {
    this.call(event, 'IOMMU_IOAS_ALLOC', {}, { out_ioas_id: at(event, 'ioas') });
  },
  iommufd_backend_free_id(event) {
    this.call(event, 'IOMMU_DESTROY', { id: at(event, 'id') });
  },
  iommufd_backend_map_dma(event) {
    this.call(event, 'IOMMU_IOAS_MAP', {
      flags: mapFlags(event),
      ioas_id: at(event, 'ioas'),
      user_va: at(event, 'addr'),
      length: at(event, 'size'),
      iova: at(event, 'iova'),
    });
  },
  iommufd_backend_map_file_dma(event) {
    this.call(event, 'IOMMU_IOAS_MAP_FILE', {
      flags: mapFlags(event),
      ioas_id: at(event, 'ioas'),
      fd: at(event, 'fd'),
      start: at(event, 'start'),
      length: at(event, 'size'),
      iova: at(event, 'iova'),
    });
  },
  iommufd_backend_unmap_dma(event) {
    this.call(event, 'IOMMU_IOAS_UNMAP', unmapped(event));
  },
  /** QEMU goes on as if it had worked, and says 0. */
  iommufd_backend_unmap_dma_non_exist(event) {
    this.call({ ...event, ret: -1, errno: 'ENOENT' }, 'IOMMU_IOAS_UNMAP', unmapped(event));
  },
  iommufd_backend_alloc_hwpt(event) {
    const words = {
      flags: at(event, 'flags'),
      dev_id: at(event, 'dev_id'),
      pt_id: at(event, 'pt_id'),
      data_type: at(event, 'hwpt_type'),
      data_len: at(event, 'len'),
      data_uptr: at(event, 'data_ptr'),
    };
    this.call(event, 'IOMMU_HWPT_ALLOC', words, { out_hwpt_id: at(event, 'out_hwpt') });
  },
  iommufd_backend_set_dirty(event) {
    this.call(event, 'IOMMU_HWPT_SET_DIRTY_TRACKING', {
      hwpt_id: at(event, 'hwpt'),
      flags: at(event, 'enable'),
    });
  },
  iommufd_backend_get_dirty_bitmap(event) {
    this.call(event, 'IOMMU_HWPT_GET_DIRTY_BITMAP', {
      hwpt_id: at(event, 'hwpt'),
      iova: at(event, 'iova'),
      length: at(event, 'size'),
      flags: at(event, 'flags'),
      page_size: at(event, 'page_size'),
    });
  },
  iommufd_backend_invalidate_cache(event) {
    this.call(event, 'IOMMU_HWPT_INVALIDATE', {
      hwpt_id: at(event, 'id'),
      data_type: at(event, 'data_type'),
      data_uptr: at(event, 'data_ptr'),
      entry_len: at(event, 'entry_len'),
      entry_num: at(event, 'entry_num'),
    });
  },
  iommufd_backend_alloc_viommu(event) {
    const words = { type: at(event, 'type'), dev_id: at(event, 'dev_id'), hwpt_id: at(event, 'hwpt_id') };
    this.call(event, 'IOMMU_VIOMMU_ALLOC', words, { out_viommu_id: at(event, 'viommu_id') });
  },
  iommufd_backend_alloc_vdev(event) {
    const words = {
      viommu_id: at(event, 'viommu_id'),
      dev_id: at(event, 'dev_id'),
      virt_id: at(event, 'virt_id'),
    };
    this.call(event, 'IOMMU_VDEVICE_ALLOC', words, { out_vdevice_id: at(event, 'vdev_id') });
  },
  iommufd_viommu_alloc_eventq(event) {
    this.call(
      event,
      'IOMMU_VEVENTQ_ALLOC',
      { viommu_id: at(event, 'viommu_id'), type: at(event, 'type') },
      { out_veventq_id: at(event, 'veventq_id'), out_veventq_fd: at(event, 'veventq_fd') },
    );
  },
};

const unmapped = (event: Event): Fields => ({
  ioas_id: at(event, 'ioas'),
  iova: at(event, 'iova'),
  length: at(event, 'size'),
});

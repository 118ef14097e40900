import type { TraceEvent } from '../../engine/trace/event';
import { shortBdf } from '../../store/script';
import { cacheWords } from '../../words/hardware';
import { EVENT, EVENT_KINDS } from '../../words/panels/events';

/** One event as a row: what kind, and what happened in words. */
export interface EventRow {
  readonly kind: string;
  readonly text: string;
  readonly tone: 'plain' | 'kernel' | 'fault';
}

const hex = (value: bigint | number): string => `0x${value.toString(16)}`;
const row = (kind: string, text: string, tone: EventRow['tone'] = 'plain'): EventRow => ({
  kind,
  text,
  tone,
});

/** What people call a kind; rows say the same. */
const KIND_WORDS: Readonly<Partial<Record<TraceEvent['kind'], string>>> = EVENT_KINDS;
export const kindWord = (kind: TraceEvent['kind']): string => KIND_WORDS[kind] ?? kind;

export function describeEvent(event: TraceEvent): EventRow {
  switch (event.kind) {
    case 'ioctl': {
      const name = event.name ?? EVENT.ioctlNumber(hex(event.cmd));
      const end = event.returned < 0 ? EVENT.errno(-event.returned) : String(event.returned);
      return row('ioctl', EVENT.ioctl(name, event.file, end));
    }
    case 'lock':
      return row('lock', EVENT.lock[event.op](event.lock));
    case 'register':
      return row('register', EVENT.register[event.op](event.name, hex(event.value)));
    case 'ownership':
      return row(
        'ownership',
        event.owner === null
          ? EVENT.kernels(event.group, event.ownerCount)
          : EVENT.belongs(event.group, event.owner, event.ownerCount),
      );
    case 'domain':
      return row('domain', EVENT.domain(shortBdf(event.device), event.from ?? EVENT.noDomain, event.to));
    case 'map':
    case 'unmap':
      return row(
        event.kind,
        EVENT[event.kind](event.domain, hex(event.iova), hex(event.last), event.entries),
      );
    case 'command':
      return row('command', EVENT.command(event.name, event.effect));
    case 'read': {
      const what = event.structure === 'table' ? EVENT.level(event.level + 1) : event.structure;
      const words = event.words.map(hex).join(' ');
      return row('read', EVENT.read(what, event.index, hex(event.pa), words));
    }
    case 'queue': {
      const words = event.words.map(hex).join(' ');
      return row('queue', EVENT.queue[event.structure](event.index, hex(event.pa), words));
    }
    case 'cache':
      return row('cache', EVENT.cache(cacheWords(event.cache).name, event.op, event.tag));
    case 'dma': {
      const end = event.pa === null ? EVENT.blocked : `→ ${hex(event.pa)}`;
      const device = shortBdf(event.device);
      return row('dma', EVENT.dma[event.access](device, event.bytes, hex(event.iova), end));
    }
    case 'fault': {
      const say = event.recorded ? EVENT.fault : EVENT.unrecorded;
      return row('fault', say(hex(event.reason), event.name), 'fault');
    }
    case 'log':
      return row(kindWord(event.kind), event.text, 'kernel');
    case 'guest-error':
      return row(kindWord(event.kind), event.text, 'fault');
    case 'unimplemented':
      return row(kindWord(event.kind), event.text, 'fault');
  }
}

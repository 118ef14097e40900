import type { TraceEvent } from '../../engine/trace/event';
import { shortBdf } from '../../store/script';
import { cacheWords } from '../../ui/hardware-words';
import { count } from '../../ui/numbers';

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
const KIND_WORDS: Readonly<Partial<Record<TraceEvent['kind'], string>>> = {
  log: 'kernel',
  'guest-error': 'misuse',
  unimplemented: 'lacking',
};
export const kindWord = (kind: TraceEvent['kind']): string => KIND_WORDS[kind] ?? kind;

const LOCK_WORDS = { acquire: 'takes', release: 'drops', wait: 'waits for' } as const;

const QUEUE_WORDS = {
  command: ['command', 'fetched from'],
  event: ['record', 'written to'],
  'page-request': ['page request', 'written to'],
} as const;

export function describeEvent(event: TraceEvent): EventRow {
  switch (event.kind) {
    case 'ioctl': {
      const name = event.name ?? `ioctl ${hex(event.cmd)}`;
      const end = event.returned < 0 ? `-1, errno ${-event.returned}` : String(event.returned);
      return row('ioctl', `${name} on ${event.file} = ${end}`);
    }
    case 'lock':
      return row('lock', `${LOCK_WORDS[event.op]} ${event.lock}`);
    case 'register':
      return row(
        'register',
        `${event.op}s ${event.name} ${event.op === 'write' ? '=' : '→'} ${hex(event.value)}`,
      );
    case 'ownership':
      return row(
        'ownership',
        `${event.group} ${event.owner === null ? 'is the kernel’s' : `belongs to ${event.owner}`}, count ${event.ownerCount}`,
      );
    case 'domain':
      return row('domain', `${shortBdf(event.device)}: ${event.from ?? 'none'} → ${event.to}`);
    case 'map':
    case 'unmap': {
      const done = event.kind === 'map' ? 'written' : 'cleared';
      const entries = count(event.entries, 'entry', 'entries');
      return row(event.kind, `${event.domain}: ${hex(event.iova)}–${hex(event.last)}, ${entries} ${done}`);
    }
    case 'command':
      return row('command', `${event.name}: ${event.effect}`);
    case 'read': {
      const what = event.structure === 'table' ? `level ${event.level + 1}` : event.structure;
      const words = event.words.map(hex).join(' ');
      return row('read', `${what} [${event.index}] at ${hex(event.pa)} = ${words}`);
    }
    case 'queue': {
      const [what, done] = QUEUE_WORDS[event.structure];
      return row(
        'queue',
        `${what} ${done} [${event.index}] at ${hex(event.pa)} = ${event.words.map(hex).join(' ')}`,
      );
    }
    case 'cache':
      return row('cache', `${cacheWords(event.cache).name} ${event.op}: ${event.tag}`);
    case 'dma': {
      const end = event.pa === null ? 'blocked' : `→ ${hex(event.pa)}`;
      const bytes = count(event.bytes, 'byte');
      return row('dma', `${shortBdf(event.device)} ${event.access}s ${bytes} at ${hex(event.iova)} ${end}`);
    }
    case 'fault': {
      const kept = event.recorded ? '' : ', not recorded';
      return row('fault', `${hex(event.reason)} ${event.name}${kept}`, 'fault');
    }
    case 'log':
      return row(kindWord(event.kind), event.text, 'kernel');
    case 'guest-error':
      return row(kindWord(event.kind), event.text, 'fault');
    case 'unimplemented':
      return row(kindWord(event.kind), event.text, 'fault');
  }
}

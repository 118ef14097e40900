import { hex } from '../../../lib/u64';
import { decodeDescriptor, descriptorName } from '../../hw/vtd/describe';
import { draft, message, structure, type Reading } from './draft';
import { fullBdf, hexNumber, hexValue } from './text';

/**
 * Trace events of the driver.
 *
 * Linux: drivers/iommu/intel/trace.h, iommu.h decode_prq_descriptor()
 */
export const readVtdTrace = (text: string): Reading | null =>
  readSubmit(text) ?? readPageRequest(text) ?? readCacheTag(text);

function readSubmit(text: string): Reading | null {
  const found = /\bqi_submit: (\w+) (\w+): 0x([0-9a-f]+) 0x([0-9a-f]+) 0x([0-9a-f]+) 0x([0-9a-f]+)/i.exec(
    text,
  );
  if (found === null) return null;
  const words = found.slice(3, 7).map(hexValue);
  const name = descriptorName(Number((words[0] ?? 0n) & 0xfn));
  return message(
    draft({
      source: 'Intel VT-d',
      kind: 'command',
      title: name,
      why: 'the driver put this descriptor into the invalidation queue',
      facts: [{ name: 'unit', value: found[2] ?? '' }],
      structures: [structure(name, words, decodeDescriptor(words))],
    }),
  );
}

const ASKS: Readonly<Record<string, string>> = {
  r: 'to read',
  w: 'to write',
  x: 'to execute',
  p: 'privileged',
  l: 'last of its group',
};

function readPageRequest(text: string): Reading | null {
  const found =
    /\bprq_report: (\w+)\/(\S+) seq# (\d+): rid=0x([0-9a-f]+) addr=0x([0-9a-f]+) ([r-][w-][x-][p-][l-]) pasid=0x([0-9a-f]+) index=0x([0-9a-f]+)/i.exec(
      text,
    );
  if (found === null) return null;
  const [, unit = '', device = '', seq = '', rid = '', page = '', letters = '', pasid = '', group = ''] =
    found;
  return message(
    draft({
      source: 'Intel VT-d',
      kind: 'notice',
      title: 'Page request',
      why: 'the device asks for a page that is not mapped, and waits for an answer',
      device: fullBdf(device) ?? device,
      access: letters.includes('w')
        ? 'write'
        : letters.includes('x')
          ? 'execute'
          : letters.includes('r')
            ? 'read'
            : null,
      // The event shows a page number.
      iova: hexValue(page) << 12n,
      pasid: hexNumber(pasid),
      facts: [
        { name: 'unit', value: unit },
        { name: 'asks', value: [...letters].flatMap((letter) => ASKS[letter] ?? []).join(', ') || 'nothing' },
        { name: 'group', value: hex(hexValue(group)) },
        { name: 'source id', value: `0x${rid}` },
        { name: 'number', value: seq },
      ],
    }),
  );
}

const CACHES: Readonly<Record<string, string>> = {
  iotlb: 'IOTLB',
  devtlb: 'device TLB',
  nesting_iotlb: 'IOTLB of a nesting parent',
  nesting_devtlb: 'device TLB of a nesting parent',
};

/** Which caches hold translations of a domain, and what is dropped from them. */
function readCacheTag(text: string): Reading | null {
  const tag = /\bcache_tag_(assign|unassign): (\w+)\/(\S+) type (\w+) did (\d+) pasid (\d+) ref (\d+)/.exec(
    text,
  );
  if (tag !== null) {
    const [, what, unit = '', device = '', cache = '', did = '', pasid = '', users = ''] = tag;
    const on = what === 'assign';
    return message(
      draft({
        source: 'Intel VT-d',
        kind: 'notice',
        title: on ? 'Cache tag assigned' : 'Cache tag dropped',
        why: on
          ? 'from now on this cache may hold translations of the domain, and is invalidated with it'
          : 'this cache holds nothing of the domain any more',
        device: fullBdf(device) ?? device,
        pasid: Number(pasid),
        facts: facts(unit, cache, did, ['users', users]),
      }),
    );
  }
  const flush =
    /\bcache_tag_flush_range(?:_np)?: (\w+) ([^\s[]+)\[(\d+)\] type (\w+) did (\d+) \[(0x[0-9a-f]+)-(0x[0-9a-f]+)\]/.exec(
      text,
    );
  if (flush === null) return null;
  const [, unit = '', device = '', pasid = '', cache = '', did = '', start = '', end = ''] = flush;
  return message(
    draft({
      source: 'Intel VT-d',
      kind: 'command',
      title: 'Range invalidated',
      why: 'the driver drops what this cache may hold of the range',
      device: fullBdf(device) ?? device,
      iova: hexValue(start),
      pasid: Number(pasid),
      facts: facts(unit, cache, did, ['range', `${start} to ${end}`]),
    }),
  );
}

const facts = (unit: string, cache: string, did: string, [name, value]: readonly [string, string]) => [
  { name: 'unit', value: unit },
  { name: 'cache', value: CACHES[cache] ?? cache },
  { name: 'domain', value: did },
  { name, value },
];

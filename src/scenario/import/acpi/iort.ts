import { placeIn, type AcpiTable, type Remarks } from './table';
import * as says from '../../../words/scenario/import-acpi';

/**
 * IORT: Arm's SMMUs and ITSs, and which ids of root complexes and devices they see as which.
 *
 * Spec: Arm DEN 0049E.f "IO Remapping Table"
 * Linux: include/acpi/actbl2.h, drivers/acpi/arm64/iort.c
 */
export interface Iort {
  readonly table: AcpiTable;
  /** By offset, in the order of the table. */
  readonly nodes: ReadonlyMap<number, IortNode>;
}

interface NodeHead {
  readonly offset: number;
  readonly revision: number;
  readonly mappings: readonly IdMapping[];
}

export type IortNode = NodeHead &
  (
    | { readonly kind: 'its' | 'pmcg' | 'other' }
    | { readonly kind: 'named-component'; readonly name: string }
    | { readonly kind: 'root-complex'; readonly segment: number; readonly ats: boolean }
    | { readonly kind: 'smmu'; readonly base: bigint }
    | {
        readonly kind: 'smmuv3';
        readonly base: bigint;
        /** The mapping that is of its own interrupts, not of what it translates; -1: none. */
        readonly ownMapping: number;
      }
    | {
        readonly kind: 'rmr';
        readonly remapPermitted: boolean;
        readonly regions: readonly {
          readonly offset: number;
          readonly start: bigint;
          readonly last: bigint;
        }[];
      }
  );

export interface IdMapping {
  readonly offset: number;
  readonly inputBase: number;
  /** Number of ids minus one. */
  readonly count: number;
  readonly outputBase: number;
  /** Offset of the node that it leads to. */
  readonly output: number;
  readonly single: boolean;
}

const TYPE_ITS = 0;
const TYPE_NAMED_COMPONENT = 1;
const TYPE_ROOT_COMPLEX = 2;
const TYPE_SMMU = 3;
const TYPE_SMMU_V3 = 4;
const TYPE_PMCG = 5;
const TYPE_RMR = 6;
/** Bytes that a node of each type has at least. */
const SHORTEST: Readonly<Record<number, number>> = {
  [TYPE_ITS]: 20,
  [TYPE_NAMED_COMPONENT]: 29,
  [TYPE_ROOT_COMPLEX]: 32,
  [TYPE_SMMU]: 60,
  [TYPE_SMMU_V3]: 60,
  [TYPE_PMCG]: 32,
  [TYPE_RMR]: 28,
};
const NODE_HEAD = 16;
const MAPPING_BYTES = 20;
const RMR_BYTES = 20;
/** RMR nodes count from DEN 0049E.d on. */
const RMR_REVISION = 5;

export function readIort(table: AcpiTable, remarks: Remarks): Iort {
  const { bytes } = table;
  const nodes = new Map<number, IortNode>();
  const count = bytes.u32(36);
  let offset = bytes.u32(40);
  for (let index = 0; index < count; index++) {
    const length = bytes.u16(offset + 1);
    if (offset < 48 || length < NODE_HEAD || offset + length > table.end) {
      remarks.gap(
        table,
        Math.min(offset, table.end),
        says.nodeOfIsNotWithin(placeIn(table, offset), index + 1, count),
      );
      break;
    }
    nodes.set(offset, readNode(table, offset, length, remarks));
    offset += length;
  }
  if (nodes.size > 0 && ![...nodes.values()].some(({ kind }) => kind === 'smmu' || kind === 'smmuv3'))
    remarks.add(table, 0, says.theIortTableListsNoSmmu);
  return { table, nodes };
}

function readNode(table: AcpiTable, offset: number, length: number, remarks: Remarks): IortNode {
  const { bytes } = table;
  const type = bytes.u8(offset);
  const head: NodeHead = {
    offset,
    revision: bytes.u8(offset + 3),
    mappings: readMappings(table, offset, length, remarks),
  };
  const shortest = SHORTEST[type];
  if (shortest === undefined) {
    if (type !== 7) remarks.add(table, offset, says.nodeTypeIsNotKnown(placeIn(table, offset), type));
    return { ...head, kind: 'other' };
  }
  if (length < shortest) {
    remarks.gap(table, offset, says.aNodeOfTypeNeedsBytes(placeIn(table, offset), type, shortest, length));
    return { ...head, kind: 'other' };
  }
  switch (type) {
    case TYPE_ITS:
      return { ...head, kind: 'its' };
    case TYPE_NAMED_COMPONENT:
      return { ...head, kind: 'named-component', name: bytes.text(offset + 29, offset + length) };
    case TYPE_ROOT_COMPLEX:
      return {
        ...head,
        kind: 'root-complex',
        ats: (bytes.u32(offset + 24) & 1) !== 0,
        segment: bytes.u32(offset + 28),
      };
    case TYPE_SMMU:
      return { ...head, kind: 'smmu', base: bytes.u64(offset + 16) };
    case TYPE_SMMU_V3:
      return {
        ...head,
        kind: 'smmuv3',
        base: bytes.u64(offset + 16),
        ownMapping: ownMapping(table, head, length),
      };
    case TYPE_RMR:
      return {
        ...head,
        kind: 'rmr',
        remapPermitted: (bytes.u32(offset + 16) & 1) !== 0,
        regions: readRegions(table, offset, length, remarks),
      };
    default:
      return { ...head, kind: 'pmcg' };
  }
}

function readMappings(
  table: AcpiTable,
  node: number,
  length: number,
  remarks: Remarks,
): readonly IdMapping[] {
  const { bytes } = table;
  const count = bytes.u32(node + 8);
  const first = bytes.u32(node + 12);
  if (count === 0 || first === 0) return [];
  const fit = Math.max(0, Math.floor((length - first) / MAPPING_BYTES));
  if (first < NODE_HEAD || count > fit)
    remarks.gap(
      table,
      node,
      says.idMappingsDoNotFitInto(
        placeIn(table, node),
        count,
        first < NODE_HEAD ? says.noneIs : says.are(fit),
      ),
    );
  const mappings: IdMapping[] = [];
  for (let index = 0; first >= NODE_HEAD && index < Math.min(count, fit); index++) {
    const offset = node + first + index * MAPPING_BYTES;
    mappings.push({
      offset,
      inputBase: bytes.u32(offset),
      count: bytes.u32(offset + 4),
      outputBase: bytes.u32(offset + 8),
      output: bytes.u32(offset + 12),
      single: (bytes.u32(offset + 16) & 1) !== 0,
    });
  }
  return mappings;
}

/** Linux: iort_get_id_mapping_index() */
function ownMapping({ bytes }: AcpiTable, { offset, revision, mappings }: NodeHead, length: number): number {
  if (revision < 1 || length < 68) return -1;
  const wired = [44, 48, 52, 56].every((at) => bytes.u32(offset + at) !== 0);
  const valid = revision < 5 ? !wired : (bytes.u32(offset + 24) & 0x10) !== 0;
  const index = bytes.u32(offset + 64);
  return valid && index < mappings.length ? index : -1;
}

/** Linux: iort_get_rmrs(), iort_rmr_alloc() */
function readRegions(
  table: AcpiTable,
  node: number,
  length: number,
  remarks: Remarks,
): readonly { readonly offset: number; readonly start: bigint; readonly last: bigint }[] {
  const { bytes } = table;
  const count = bytes.u32(node + 20);
  const first = bytes.u32(node + 24);
  if (table.revision < RMR_REVISION) {
    remarks.add(table, node, says.reservedMemoryInATable(placeIn(table, node), table.revision, RMR_REVISION));
    return [];
  }
  const regions: { offset: number; start: bigint; last: bigint }[] = [];
  for (let index = 0; index < count; index++) {
    const offset = node + first + index * RMR_BYTES;
    if (first < NODE_HEAD || offset + RMR_BYTES > node + length) {
      remarks.gap(table, node, says.memoryRangesDoNotFitInto(placeIn(table, node), count));
      break;
    }
    const start = bytes.u64(offset);
    const size = bytes.u64(offset + 8);
    if (size === 0n || start + size > 1n << 64n) {
      remarks.add(table, offset, says.aMemoryRangeThatCannot(placeIn(table, offset)));
      continue;
    }
    // What is not aligned to 64 KiB is widened to pages.
    const mask = (start | size) % 0x1_0000n === 0n ? 0x1_0000n : 0x1000n;
    const last = ((start + size + mask - 1n) / mask) * mask - 1n;
    regions.push({ offset, start: (start / mask) * mask, last });
  }
  return regions;
}

export interface MappedId {
  readonly node: IortNode;
  readonly id: number;
  readonly mapping: IdMapping | null;
}

/**
 * Follows an id from a node to the first one of the kinds wanted; null where no mapping takes it on.
 *
 * Linux: iort_node_map_id()
 */
export function mapId(
  iort: Iort,
  from: IortNode,
  id: number,
  wanted: readonly IortNode['kind'][],
): MappedId | null {
  let at: MappedId = { node: from, id, mapping: null };
  // A table may lead in a circle; no way is longer than there are nodes.
  for (let steps = 0; steps <= iort.nodes.size; steps++) {
    if (wanted.includes(at.node.kind)) return at;
    // The first mapping without a target spoils the whole node.
    if (at.node.mappings[0]?.output === 0) return null;
    const next = step(at.node, at.id);
    const node = next === null ? undefined : iort.nodes.get(next.mapping.output);
    if (next === null || node === undefined) return null;
    at = { node, id: next.id, mapping: next.mapping };
  }
  return null;
}

/** Linux: iort_id_map() */
function step(node: IortNode, id: number): { readonly mapping: IdMapping; readonly id: number } | null {
  const own = node.kind === 'smmuv3' ? node.ownMapping : -1;
  let atEnd: { readonly mapping: IdMapping; readonly id: number } | null = null;
  for (const [index, mapping] of node.mappings.entries()) {
    if (index === own) continue;
    const { inputBase, count, outputBase } = mapping;
    if (mapping.single) {
      if (node.kind === 'named-component' || node.kind === 'root-complex') return { mapping, id: outputBase };
      continue;
    }
    if (id < inputBase || id > inputBase + count) continue;
    if (atEnd !== null && id !== inputBase) continue;
    const mapped = { mapping, id: (outputBase + (id - inputBase)) >>> 0 };
    // Some firmware counts ids instead of ids minus one: a later range that begins here has it.
    if (count === 0 || id !== inputBase + count) return mapped;
    atEnd = mapped;
  }
  return atEnd;
}

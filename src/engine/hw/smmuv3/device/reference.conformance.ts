import type { PhysicalMemory } from '../../../memory/physical-memory';

/**
 * Stage-1 and stage-2 walks written anew from the document for the tests, over bigints, with nothing of the model: one
 * function a stage, no caches, no flag updates.
 *
 * Spec: Arm Architecture Reference Manual (DDI 0487), "The AArch64 Virtual Memory System Architecture"
 */
export interface Stage {
  readonly granule: number;
  readonly inputBits: number;
  readonly outputBits: number;
  readonly root: bigint;
  /** Stage 2: what SL0 says. */
  readonly startLevel?: number;
  readonly bigEndian?: boolean;
}

export interface Stage1 extends Stage {
  readonly affd?: boolean;
  readonly wxn?: boolean;
  readonly pan?: boolean;
  readonly had?: boolean;
  /** EL2 without E2H. */
  readonly el2?: boolean;
}

export interface Stage2 extends Stage {
  readonly affd?: boolean;
  readonly xnx?: boolean;
}

export interface Wanted {
  readonly kind: 'read' | 'write' | 'execute';
  readonly privileged: boolean;
}

export type Outcome =
  | { readonly ok: true; readonly pa: bigint; readonly level: number; readonly sizeLg2: number }
  | {
      readonly ok: false;
      readonly reason: number;
      readonly stage: 1 | 2;
      readonly cls: number;
      readonly ipa: bigint;
    };

const TRANSLATION = 0x10;
const ADDR_SIZE = 0x11;
const ACCESS = 0x12;
const PERMISSION = 0x13;
const EABT = 0x0b;

const bit = (word: bigint, n: number): boolean => ((word >> BigInt(n)) & 1n) === 1n;
const low = (bits: number): bigint => (1n << BigInt(bits)) - 1n;

function swap(word: bigint): bigint {
  let out = 0n;
  for (let n = 0n; n < 8n; n++) out |= ((word >> (8n * n)) & 0xffn) << (8n * (7n - n));
  return out;
}

interface Leaf {
  readonly desc: bigint;
  readonly level: number;
  readonly shift: number;
  readonly tables: readonly bigint[];
}

/** `read`: a descriptor by its address, or the fault of getting it. */
function descend(
  stage: Stage,
  address: bigint,
  read: (at: bigint) => bigint | Outcome,
): Leaf | number | Outcome {
  const { granule, inputBits, outputBits } = stage;
  const stride = granule - 3;
  const start = stage.startLevel ?? 4 - Math.ceil((inputBits - granule) / stride);
  let table = stage.root;
  const tables: bigint[] = [];
  for (let level = start; ; level++) {
    const shift = granule + (3 - level) * stride;
    const indexBits = level === start ? inputBits - shift : stride;
    if (level === start) table &= ~low(Math.max(indexBits + 3, 4));
    const got = read(table + ((address >> BigInt(shift)) & low(indexBits)) * 8n);
    if (typeof got !== 'bigint') return got;
    const desc = stage.bigEndian === true ? swap(got) : got;
    if (!bit(desc, 0)) return TRANSLATION;
    if (level === 3) return bit(desc, 1) ? { desc, level, shift, tables } : TRANSLATION;
    if (!bit(desc, 1)) {
      const blocks = granule === 12 ? [1, 2] : [2];
      return blocks.includes(level) ? { desc, level, shift, tables } : TRANSLATION;
    }
    const next = desc & low(48) & ~low(granule);
    if (next > low(outputBits)) return ADDR_SIZE;
    tables.push(desc);
    table = next;
  }
}

function place(
  { desc, shift, level }: Leaf,
  { granule, outputBits }: Stage,
  address: bigint,
): { pa: bigint; sizeLg2: number } | null {
  const base = desc & low(48) & ~low(shift);
  if (base > low(outputBits)) return null;
  const pa = base | (address & low(shift));
  const run = granule === 12 ? 4 : granule === 14 ? (level === 3 ? 7 : 5) : 5;
  const same = ((pa ^ address) >> BigInt(shift)) & low(run);
  return { pa, sizeLg2: bit(desc, 52) && same === 0n ? shift + run : shift };
}

const fail1 = (reason: number): Outcome => ({ ok: false, reason, stage: 1, cls: 2, ipa: 0n });

export function walk2(memory: PhysicalMemory, s: Stage2, ipa: bigint, wanted: Wanted, cls = 2): Outcome {
  const fail = (reason: number): Outcome => ({ ok: false, reason, stage: 2, cls, ipa });
  if (ipa > low(s.inputBits)) return fail(TRANSLATION);
  const leaf = descend(s, ipa, (at) => memory.readU64(Number(at)) ?? { ...fail(EABT), ipa: at });
  if (typeof leaf === 'number') return fail(leaf);
  if ('ok' in leaf) return leaf;
  const placed = place(leaf, s, ipa);
  if (placed === null) return fail(ADDR_SIZE);
  const { desc } = leaf;
  if (!bit(desc, 10) && s.affd !== true) return fail(ACCESS);
  const xn = (bit(desc, 54) ? 2 : 0) | (bit(desc, 53) ? 1 : 0);
  const executable = s.xnx === false ? xn < 2 : xn === 0 || (wanted.privileged ? xn === 3 : xn === 1);
  const granted = { read: bit(desc, 6), write: bit(desc, 7), execute: executable }[wanted.kind];
  if (!granted) return fail(PERMISSION);
  return { ok: true, ...placed, level: leaf.level };
}

/** Through stage 2 where there is one: tables and output are IPAs then. */
export function walk1(
  memory: PhysicalMemory,
  s: Stage1,
  second: Stage2 | null,
  va: bigint,
  wanted: Wanted,
): Outcome {
  const leaf = descend(s, va, (at) => {
    let pa = at;
    if (second !== null) {
      const through = walk2(memory, second, at, { kind: 'read', privileged: false }, 1);
      if (!through.ok) return through;
      pa = through.pa;
    }
    return memory.readU64(Number(pa)) ?? { ok: false, reason: EABT, stage: 1, cls: 1, ipa: pa };
  });
  if (typeof leaf === 'number') return fail1(leaf);
  if ('ok' in leaf) return leaf;
  const placed = place(leaf, s, va);
  if (placed === null) return fail1(ADDR_SIZE);
  const { desc } = leaf;
  if (!bit(desc, 10) && s.affd !== true) return fail1(ACCESS);
  if (!permitted(s, desc, s.had === true ? [] : leaf.tables, wanted)) return fail1(PERMISSION);
  if (second === null) return { ok: true, ...placed, level: leaf.level };
  const out = walk2(memory, second, placed.pa, wanted);
  return out.ok ? { ...out, level: leaf.level, sizeLg2: Math.min(out.sizeLg2, placed.sizeLg2) } : out;
}

function permitted(s: Stage1, desc: bigint, tables: readonly bigint[], wanted: Wanted): boolean {
  const any = (n: number): boolean => tables.some((table) => bit(table, n));
  const writable = !bit(desc, 7) && !any(62);
  if (s.el2 === true) {
    const never = bit(desc, 54) || any(60) || (s.wxn === true && writable);
    return { read: true, write: writable, execute: !never }[wanted.kind];
  }
  const user = bit(desc, 6) && !any(61);
  const userWritable = user && writable;
  if (!wanted.privileged) {
    const never = bit(desc, 54) || any(60) || (s.wxn === true && userWritable);
    return { read: user, write: userWritable, execute: !never }[wanted.kind];
  }
  const data = !(s.pan === true && user);
  const never = bit(desc, 53) || any(59) || userWritable || (s.wxn === true && writable);
  return { read: data, write: data && writable, execute: !never }[wanted.kind];
}

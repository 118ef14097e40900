import type { PhysicalMemory } from '../../memory/physical-memory';

/** What a walk found; `undefined` where the format has no such notion. */
export interface Found {
  readonly pa: bigint;
  readonly sizeLg2: number;
  readonly read: boolean;
  readonly write: boolean;
  readonly exec?: boolean;
  /** Of an unprivileged access. */
  readonly user?: boolean;
  readonly device?: boolean;
  /** Snooped whatever the device says. */
  readonly coherent?: boolean;
}

/**
 * A walk of one address as a document tells it, written without a look at the format's code: 64-bit words, one rule after the
 * other. Null where the address is not mapped; a word that breaks a rule throws.
 */
export type DocumentWalk = (
  memory: PhysicalMemory,
  rootPa: bigint,
  topLevel: number,
  va: bigint,
) => Found | null;

const read = (memory: PhysicalMemory, pa: bigint): bigint => {
  const word = memory.readU64(Number(pa));
  if (word === null) throw new Error(`no memory at ${pa.toString(16)}`);
  return word;
};
const bit = (word: bigint, n: number): boolean => ((word >> BigInt(n)) & 1n) !== 0n;
const bits = (word: bigint, high: number, low: number): bigint =>
  (word >> BigInt(low)) & ((1n << BigInt(high - low + 1)) - 1n);
const must = (condition: boolean, what: string): void => {
  if (!condition) throw new Error(`reserved: ${what}`);
};
/** The page at `base` of 2^sizeLg2 bytes, and the place in it. */
const within = (base: bigint, sizeLg2: number, va: bigint): bigint => {
  must(bits(base, sizeLg2 - 1, 0) === 0n, 'address of a page that is not aligned to its size');
  return base | bits(va, sizeLg2 - 1, 0);
};

/** Intel SDM vol. 3 section 4.5.4 "Linear-Address Translation with 4-Level Paging and 5-Level Paging", tables 4-14 to 4-20 */
export const walkX86: DocumentWalk = (memory, rootPa, topLevel, va) => {
  let table = rootPa;
  let write = true;
  let user = true;
  let exec = true;
  for (let level = topLevel; ; level--) {
    const shift = 12 + 9 * level;
    const entry = read(memory, table + bits(va, shift + 8, shift) * 8n);
    if (!bit(entry, 0)) return null;
    write &&= bit(entry, 1);
    user &&= bit(entry, 2);
    exec &&= !bit(entry, 63);
    must(bit(entry, 5), 'accessed is set by hardware otherwise, and Linux sets it');
    const address = bits(entry, 51, 12) << 12n;
    const isPage = level === 0 || bit(entry, 7);
    if (isPage) {
      must(level <= 2, 'a page at level 4 or 5');
      // Bit 12 of a large page's entry is PAT.
      return { pa: within(address, shift, va), sizeLg2: shift, read: true, write, exec, user };
    }
    table = address;
  }
};

/** RISC-V privileged architecture, "Virtual Address Translation Process"; Svnapot, table "Page table entry encodings when N=1" */
const walkRiscvFrom =
  (rootBits: number): DocumentWalk =>
  (memory, rootPa, topLevel, va) => {
    let a = rootPa;
    for (let i = topLevel; ; i--) {
      const shift = 12 + 9 * i;
      const vpn = bits(va, shift + (i === topLevel ? rootBits : 9) - 1, shift);
      const pte = read(memory, a + vpn * 8n);
      if (!bit(pte, 0)) return null;
      must(bit(pte, 1) || !bit(pte, 2), 'W without R');
      must(bits(pte, 60, 54) === 0n && bits(pte, 62, 61) === 0n, 'bits 62:54');
      const ppn = bits(pte, 53, 10);
      if (bits(pte, 3, 1) === 0n) {
        must(i > 0, 'a pointer at the last level');
        must(!bit(pte, 4) && !bit(pte, 6) && !bit(pte, 7) && !bit(pte, 63), 'U, A, D or N in a pointer');
        a = ppn << 12n;
        continue;
      }
      must(bit(pte, 6) && (!bit(pte, 2) || bit(pte, 7)), 'A and D faults');
      const may = { read: bit(pte, 1), write: bit(pte, 2), exec: bit(pte, 3), user: bit(pte, 4) };
      if (!bit(pte, 63)) return { pa: within(ppn << 12n, shift, va), sizeLg2: shift, ...may };
      must(i === 0 && bits(ppn, 3, 0) === 0b1000n, 'N with anything but 64 KiB');
      return { pa: within((ppn >> 4n) << 16n, 16, va), sizeLg2: 16, ...may };
    }
  };
/** Sv39, Sv48, Sv57; addresses are sign-extended, which selects the upper half of the root. */
export const walkRiscv = walkRiscvFrom(9);
/** Sv39x4, Sv48x4, Sv57x4: two more bits in the root. */
export const walkRiscvX4 = walkRiscvFrom(11);

/** Intel VT-d rev. 4.1 section 9.8 "Second-Stage Paging Entries" */
export const walkVtdss: DocumentWalk = (memory, rootPa, topLevel, va) => {
  let table = rootPa;
  let may = { read: true, write: true };
  for (let level = topLevel; ; level--) {
    const shift = 12 + 9 * level;
    const entry = read(memory, table + bits(va, shift + 8, shift) * 8n);
    // Present is: readable or writable.
    if (bits(entry, 1, 0) === 0n) return null;
    may = { read: may.read && bit(entry, 0), write: may.write && bit(entry, 1) };
    const address = bits(entry, 51, 12) << 12n;
    if (level === 0 || bit(entry, 7)) {
      must(level <= 2, 'a page at level 4 or 5');
      return { pa: within(address, shift, va), sizeLg2: shift, ...may, coherent: bit(entry, 11) };
    }
    must(!bit(entry, 11), 'snoop control in a pointer');
    table = address;
  }
};

/** AMD IOMMU rev. 3.10 section 2.2.3 "I/O Page Tables for Host Translations"; the selftest's tables have granules of 2 KiB */
export const walkAmdv1 =
  (granuleLg2: number): DocumentWalk =>
  (memory, rootPa, topLevel, va) => {
    let table = rootPa;
    let may = { read: true, write: true };
    for (let level = topLevel; ; level--) {
      const shift = granuleLg2 + 9 * level;
      const entry = read(memory, table + bits(va, Math.min(63, shift + 8), shift) * 8n);
      if (!bit(entry, 0)) return null;
      may = { read: may.read && bit(entry, 61), write: may.write && bit(entry, 62) };
      const found = { ...may, coherent: bit(entry, 60) };
      const field = bits(entry, 51, 12);
      const next = Number(bits(entry, 11, 9));
      if (next === 0) return { pa: within(field << BigInt(granuleLg2), shift, va), sizeLg2: shift, ...found };
      if (next === 7) {
        // The lowest zero of the field ends the part that is no address.
        let zero = 0;
        while (bit(field, zero)) zero++;
        const sizeLg2 = granuleLg2 + zero + 1;
        must(sizeLg2 > shift && sizeLg2 <= shift + 9, 'a page size of another level');
        const base = (field >> BigInt(zero + 1)) << BigInt(sizeLg2);
        return { pa: within(base, sizeLg2, va), sizeLg2, ...found };
      }
      must(next === level, 'a pointer that skips levels');
      table = field << BigInt(granuleLg2);
    }
  };

/** Arm DDI 0487, D8.3.1 "VMSAv8-64 descriptor formats", without LPA2; S2AP and AP of D8.4 */
export const walkArm =
  (stage: 1 | 2, granuleLg2: number, iasLg2: number): DocumentWalk =>
  (memory, rootPa, topLevel, va) => {
    const stride = granuleLg2 - 3;
    let table = rootPa;
    for (let level = 3 - topLevel; ; level++) {
      const shift = granuleLg2 + stride * (3 - level);
      // The first table resolves all that is left of the address, one table or several in a row.
      const high = level === 3 - topLevel ? iasLg2 - 1 : shift + stride - 1;
      const entry = read(memory, table + bits(va, high, shift) * 8n);
      if (!bit(entry, 0)) return null;
      const low = bits(entry, 47, granuleLg2) << BigInt(granuleLg2);
      const address = granuleLg2 === 16 ? low | (bits(entry, 15, 12) << 48n) : low;
      if (level < 3 && bit(entry, 1)) {
        must(bits(entry, 63, 59) === 0n, 'hierarchical permissions');
        table = address;
        continue;
      }
      must(level < 3 || bit(entry, 1), 'type 1 at the last level');
      must(bit(entry, 10), 'the access flag');
      const hint: Readonly<Record<number, number>> = { 12: 4, 14: level === 3 ? 7 : 5, 16: 5 };
      const joined = bit(entry, 52) ? (hint[granuleLg2] ?? 0) : 0;
      if (joined > 0) sameBut(memory, table, Number(bits(va, high, shift)), joined, shift, granuleLg2);
      const pa = within(address, shift, va);
      const exec = bits(entry, 54, 53) === 0n;
      must(exec || bits(entry, 54, 53) === 3n, 'one of the two XN bits');
      const shareable = bits(entry, 9, 8);
      const sizeLg2 = shift + joined;
      if (stage === 2) {
        const device = bits(entry, 5, 2) === 1n;
        must(shareable === (device ? 2n : 3n), 'shareability');
        return { pa, sizeLg2, read: bit(entry, 6), write: bit(entry, 7), exec, device };
      }
      must(bit(entry, 11), 'nG');
      // MAIR index 2 is device memory, 1 normal memory.
      const device = bits(entry, 4, 2) === 2n;
      must(device || bits(entry, 4, 2) === 1n, 'MAIR index');
      must(shareable === (device ? 2n : 3n), 'shareability');
      return { pa, sizeLg2, read: true, write: !bit(entry, 7), exec, user: bit(entry, 6), device };
    }
  };

/** With the contiguous hint all slots of the run must be alike but for their address, which goes up by one slot each. */
function sameBut(
  memory: PhysicalMemory,
  table: bigint,
  index: number,
  joinedLg2: number,
  shift: number,
  granuleLg2: number,
): void {
  const first = index - (index % 2 ** joinedLg2);
  const wordOf = (slot: number): bigint => read(memory, table + BigInt(first + slot) * 8n);
  const dirty = (1n << 7n) | (1n << 51n);
  const address = ((1n << 48n) - (1n << BigInt(shift))) | (granuleLg2 === 16 ? 0xf000n : 0n);
  const whole = (word: bigint): bigint =>
    (word & ((1n << 48n) - (1n << BigInt(granuleLg2)))) |
    (granuleLg2 === 16 ? bits(word, 15, 12) << 48n : 0n);
  must((whole(wordOf(0)) >> BigInt(shift)) % (1n << BigInt(joinedLg2)) === 0n, 'a run that is not aligned');
  for (let slot = 1; slot < 2 ** joinedLg2; slot++) {
    must(whole(wordOf(slot)) === whole(wordOf(0)) + (BigInt(slot) << BigInt(shift)), 'a gap in a run');
    const rest = (wordOf(slot) ^ wordOf(0)) & ~address & ~dirty;
    must(rest === 0n, 'a run that is not uniform');
  }
}

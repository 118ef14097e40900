import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { emptyEntry, prep, STE_0, STE_1, type EntryWords } from './bits';
import { cdKind, stage1Cd, svaCd } from './cd';
import { writeEntry, type EntryKind } from './entry-writer';
import { ATS, Invs, S2_VMID, S2_VMID_S1_CLEAR, type Inv, type InvType } from './invs';
import { abortSte, bypassSte, cdTableSte, stage2Ste, steKind } from './ste';

/**
 * The kernel's own cases, with its names, its entries and its expectations.
 *
 * Linux: drivers/iommu/arm/arm-smmu-v3/arm-smmu-v3-test.c, suite arm-smmu-v3-kunit-test
 */
const FEATURES = { attrTypesOvr: true, stalls: true, e2h: false };
const FAKE_CDTAB = 0xf0f0_f0f0_f0f0n;
const FAKE_TABLE = 0xdaed_beef_dead_beefn;
const S1DSS_BYPASS = 1;
const S1DSS_SSID0 = 2;
const NESTED_CONFIG = 7;

interface Feat {
  readonly ats?: boolean;
  readonly stall?: boolean;
  readonly nested?: boolean;
}
const ATS_ON: Feat = { ats: true };

const bypass = bypassSte(true);
const abort = abortSte();

/** arm_smmu_test_make_s2_ste() */
const s2 = ({ ats = false, stall = false }: Feat): EntryWords =>
  stage2Ste(
    { ...FEATURES, stallEnabled: stall },
    {
      vmid: 0,
      vttbr: FAKE_TABLE,
      vtcr: { ps: 1, tg: 2, sh: 3, orgn: 1, irgn: 2, sl: 3, tsz: 4 },
      fwb: false,
    },
    ats,
  );

/** arm_smmu_test_make_cdtable_ste() */
function cdtable(s1dss: number, { ats = false, stall = false, nested = false }: Feat, pa = FAKE_CDTAB) {
  const table = { s1fmt: 2, cdtabPa: pa, s1cdmax: 0xff };
  const ste = cdTableSte({ ...FEATURES, stallEnabled: stall }, table, ats, s1dss);
  if (!nested) return ste;
  const under = s2({ ats, stall });
  const first = ste[0]! | prep(STE_0.CFG, NESTED_CONFIG);
  return [first, ste[1]! | STE_1.MEV, ...under.slice(2)];
}

/** arm_smmu_test_make_s1_cd() */
const s1Cd = (asid: number): EntryWords =>
  stage1Cd(false, {
    asid,
    ttbr: FAKE_TABLE,
    tcr: { ips: 1, tg: 2, sh: 3, orgn: 1, irgn: 2, tsz: 4 },
    mair: 0xabc_def0_1234_5678n,
    hd: false,
  });

const CPU = { parange: 5, vaBits: 48, tg0: 0, mair: 0x0400_44ffn };
const NO_STALL = { stallEnabled: false, stallForce: false };
/** arm_smmu_test_make_sva_cd(), arm_smmu_test_make_sva_release_cd() */
const processCd = (asid: number): EntryWords => svaCd(NO_STALL, CPU, FAKE_TABLE, asid);
const releasedCd = (asid: number): EntryWords => svaCd(NO_STALL, CPU, null, asid);

/** arm_smmu_entry_differs_in_used_bits() */
function differs(kind: EntryKind, entry: readonly bigint[], from: readonly bigint[]): boolean {
  const used = kind.used(entry);
  const safe = kind.updateSafe?.(entry, from) ?? emptyEntry();
  return entry.some((word, n) => ((word ^ from[n]!) & used[n]! & ~safe[n]!) !== 0n);
}

/** arm_smmu_v3_test_ste_expect_transition(): what each sync finds, and what is there at the end. */
function transition(kind: EntryKind, from: readonly bigint[], to: readonly bigint[]) {
  const words = [...from];
  const seen = { syncs: 0, hitless: true, alwaysOldOrNew: true };
  const entry = {
    read: (index: number) => words[index]!,
    write: (index: number, word: bigint) => void (words[index] = word),
  };
  writeEntry(entry, to, kind, () => {
    seen.syncs++;
    if (words[0] === 0n) seen.hitless = false;
    else if (differs(kind, words, from) && differs(kind, words, to)) seen.alwaysOldOrNew = false;
  });
  expect(words).toEqual(to);
  return seen;
}

const hitless = (kind: EntryKind, from: EntryWords, to: EntryWords, syncs: number): void =>
  expect(transition(kind, from, to)).toEqual({ syncs, hitless: true, alwaysOldOrNew: true });
const disruptive = (kind: EntryKind, from: EntryWords, to: EntryWords, syncs: number): void =>
  expect(transition(kind, from, to)).toEqual({ syncs, hitless: false, alwaysOldOrNew: true });

describe('arm-smmu-v3-kunit-test', () => {
  const table = cdtable(S1DSS_SSID0, ATS_ON);
  const dssBypass = cdtable(S1DSS_BYPASS, ATS_ON);
  const zero = emptyEntry();

  it('arm_smmu_v3_write_ste_test_bypass_to_abort', () => hitless(steKind, bypass, abort, 2));
  it('arm_smmu_v3_write_ste_test_abort_to_bypass', () => hitless(steKind, abort, bypass, 2));
  it('arm_smmu_v3_write_ste_test_cdtable_to_abort', () => hitless(steKind, table, abort, 2));
  it('arm_smmu_v3_write_ste_test_abort_to_cdtable', () => hitless(steKind, abort, table, 2));
  it('arm_smmu_v3_write_ste_test_cdtable_to_bypass', () => hitless(steKind, table, bypass, 3));
  it('arm_smmu_v3_write_ste_test_bypass_to_cdtable', () => hitless(steKind, bypass, table, 3));
  it('arm_smmu_v3_write_ste_test_cdtable_s1dss_change', () => {
    hitless(steKind, table, dssBypass, 1);
    hitless(steKind, dssBypass, table, 1);
  });
  it('arm_smmu_v3_write_ste_test_s1dssbypass_to_stebypass', () => hitless(steKind, dssBypass, bypass, 2));
  it('arm_smmu_v3_write_ste_test_stebypass_to_s1dssbypass', () => hitless(steKind, bypass, dssBypass, 2));
  it('arm_smmu_v3_write_ste_test_s2_to_abort', () => hitless(steKind, s2(ATS_ON), abort, 2));
  it('arm_smmu_v3_write_ste_test_abort_to_s2', () => hitless(steKind, abort, s2(ATS_ON), 2));
  it('arm_smmu_v3_write_ste_test_s2_to_bypass', () => hitless(steKind, s2(ATS_ON), bypass, 2));
  it('arm_smmu_v3_write_ste_test_bypass_to_s2', () => hitless(steKind, bypass, s2(ATS_ON), 2));
  it('arm_smmu_v3_write_ste_test_s1_to_s2', () => hitless(steKind, table, s2(ATS_ON), 3));
  it('arm_smmu_v3_write_ste_test_s2_to_s1', () => hitless(steKind, s2(ATS_ON), table, 3));
  it('arm_smmu_v3_write_ste_test_non_hitless', () =>
    disruptive(steKind, table, cdtable(S1DSS_BYPASS, ATS_ON, 0x4b_4b4b_4b4bn), 3));
  it('arm_smmu_v3_write_cd_test_s1_clear', () => {
    disruptive(cdKind, zero, s1Cd(1997), 2);
    disruptive(cdKind, s1Cd(1997), zero, 2);
  });
  it('arm_smmu_v3_write_cd_test_s1_change_asid', () => {
    hitless(cdKind, s1Cd(778), s1Cd(1997), 1);
    hitless(cdKind, s1Cd(1997), s1Cd(778), 1);
  });
  it('arm_smmu_v3_write_ste_test_s1_to_s2_stall', () =>
    hitless(steKind, cdtable(S1DSS_SSID0, { stall: true }), s2({ stall: true }), 3));
  it('arm_smmu_v3_write_ste_test_s2_to_s1_stall', () =>
    hitless(steKind, s2({ stall: true }), cdtable(S1DSS_SSID0, { stall: true }), 3));
  it('arm_smmu_v3_write_ste_test_nested_s1dssbypass_to_s1bypass', () =>
    hitless(steKind, cdtable(S1DSS_BYPASS, { ats: true, nested: true }), s2({}), 3));
  it('arm_smmu_v3_write_ste_test_nested_s1bypass_to_s1dssbypass', () =>
    hitless(steKind, s2({}), cdtable(S1DSS_BYPASS, { ats: true, nested: true }), 2));
  it('arm_smmu_v3_write_cd_test_sva_clear', () => {
    disruptive(cdKind, zero, processCd(1997), 2);
    disruptive(cdKind, processCd(1997), zero, 2);
  });
  it('arm_smmu_v3_write_cd_test_sva_release', () => {
    hitless(cdKind, processCd(1997), releasedCd(1997), 2);
    hitless(cdKind, releasedCd(1997), processCd(1997), 2);
  });

  it('arm_smmu_v3_invs_test', () => {
    const inv = (type: InvType, id: number, ssid = 0): Inv => ({ type, id, ssid, pageLg2: 0, users: 0 });
    const invs1 = [inv(S2_VMID, 1), inv(S2_VMID_S1_CLEAR, 1), inv(ATS, 3)];
    const invs2 = [inv(S2_VMID, 1), inv(ATS, 4), inv(ATS, 5)];
    const invs3 = [inv(S2_VMID, 1), inv(ATS, 5), inv(ATS, 6)];
    const invs4 = [inv(ATS, 10, 1), inv(ATS, 10, 3), inv(ATS, 12, 1)];
    const invs5 = [inv(ATS, 10, 2), inv(ATS, 10, 3), inv(ATS, 12, 2)];
    const verify = (at: Invs, trashes: number, ids: number[], users: number[], ssids: number[]): void => {
      expect(at.trashes).toBe(trashes);
      expect(at.list.map((each) => each.id)).toEqual(ids);
      expect(at.list.map((each) => each.users)).toEqual(users);
      expect(at.list.map((each) => each.ssid)).toEqual(ssids);
    };
    let at = new Invs().merge(invs1);
    verify(at, 0, [1, 1, 3], [1, 1, 1], [0, 0, 0]);
    at = at.merge(invs2);
    verify(at, 0, [1, 1, 3, 4, 5], [2, 1, 1, 1, 1], [0, 0, 0, 0, 0]);
    at.unref(invs2);
    verify(at, 0, [1, 1, 3], [1, 1, 1], [0, 0, 0]);
    at = at.merge(invs3);
    verify(at, 0, [1, 1, 3, 5, 6], [2, 1, 1, 1, 1], [0, 0, 0, 0, 0]);
    at.unref(invs1);
    verify(at, 2, [1, 1, 3, 5, 6], [1, 0, 0, 1, 1], [0, 0, 0, 0, 0]);
    at = at.purge()!;
    verify(at, 0, [1, 5, 6], [1, 1, 1], [0, 0, 0]);
    at.unref(invs3);
    verify(at, 0, [], [], []);
    at = at.merge(invs4);
    verify(at, 0, [10, 10, 12], [1, 1, 1], [1, 3, 1]);
    at = at.merge(invs5);
    verify(at, 0, [10, 10, 10, 12, 12], [1, 1, 2, 1, 1], [1, 2, 3, 1, 2]);
    at.unref(invs5);
    verify(at, 1, [10, 10, 10, 12], [1, 0, 1, 1], [1, 2, 3, 1]);
    verify(at.purge()!, 0, [10, 10, 12], [1, 1, 1], [1, 3, 1]);
  });
});

describe('what hardware sees after each single store', () => {
  /**
   * Stronger than the kernel's cases, which look at each sync: here an observer reads the whole entry after every 64-bit
   * store. Spec: SMMUv3 3.21.3 "Configuration structure update procedure": 64-bit single-copy atomicity.
   */
  function everyStore(kind: EntryKind, from: EntryWords, to: EntryWords): boolean {
    const words = [...from];
    let fine = true;
    const valid = (entry: readonly bigint[]): boolean => (entry[0]! & kind.used(emptyEntry())[0]!) !== 0n;
    const entry = {
      read: (index: number) => words[index]!,
      write: (index: number, word: bigint): void => {
        words[index] = word;
        if (valid(words) && differs(kind, words, from) && differs(kind, words, to)) fine = false;
      },
    };
    writeEntry(entry, to, kind, () => undefined);
    return fine;
  }

  const stes = [
    abortSte(),
    bypassSte(true),
    bypassSte(false),
    ...[{}, ATS_ON, { stall: true }, { nested: true }, { ats: true, nested: true }].flatMap((feat) =>
      [0, S1DSS_BYPASS, S1DSS_SSID0].map((s1dss) => cdtable(s1dss, feat)),
    ),
    s2({}),
    s2(ATS_ON),
    s2({ stall: true }),
  ];

  it('a stream table entry means the old, the new, or nothing: all pairs of 21 entries', () => {
    for (const from of stes) for (const to of stes) expect(everyStore(steKind, from, to)).toBe(true);
  });

  it('a context descriptor means the old, the new, or nothing: all pairs', () => {
    const cds = [emptyEntry(), s1Cd(1), s1Cd(2), processCd(1), processCd(3), releasedCd(1), releasedCd(3)];
    for (const from of cds) for (const to of cds) expect(everyStore(cdKind, from, to)).toBe(true);
  });

  it('a store of all words in a row is caught: the observer can tell', () => {
    const words = [...bypass];
    const target = cdtable(S1DSS_SSID0, {});
    words[0] = target[0]!;
    expect(differs(steKind, words, bypass) && differs(steKind, words, target)).toBe(true);
  });
});

describe('invalidation lists against a bag of tags (property)', () => {
  const tag = fc.record({
    type: fc.constantFrom<InvType>(0, 1, 2, 3, 4),
    id: fc.nat(3),
    ssid: fc.nat(2),
  });
  const keyOf = ({ type, id, ssid }: { type: number; id: number; ssid: number }): string =>
    `${type}/${id}/${type >= ATS ? ssid : ''}`;
  const asInvs = (tags: { type: InvType; id: number; ssid: number }[]): Inv[] =>
    [...new Map(tags.map((each) => [keyOf(each), each])).values()]
      .sort((a, b) => a.type - b.type || a.id - b.id || a.ssid - b.ssid)
      .map((each) => ({ ...each, pageLg2: 0, users: 0 }));

  it('each tag has as many users as there were merges less unrefs, in order', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.array(tag), fc.boolean())), (steps) => {
        let invs = new Invs();
        const bag = new Map<string, number>();
        const added: Inv[][] = [];
        for (const [tags, purge] of steps) {
          const list = purge && added.length > 0 ? added.shift()! : asInvs(tags);
          const sign = purge && bag.size > 0 && !list.some((each) => !bag.get(keyOf(each))) ? -1 : 1;
          if (sign > 0) {
            invs = invs.merge(list);
            added.push(list);
          } else {
            invs.unref(list);
            invs = invs.purge() ?? invs;
          }
          for (const each of list) bag.set(keyOf(each), (bag.get(keyOf(each)) ?? 0) + sign);
          const live = [...invs.live()];
          const expected = [...bag].filter(([, users]) => users > 0).map(([key, users]) => `${key}=${users}`);
          expect(live.map((each) => `${keyOf(each)}=${each.users}`).sort()).toEqual(expected.sort());
          const order = live.map(
            (each) => each.type * 100 + each.id * 10 + (each.type >= ATS ? each.ssid : 0),
          );
          expect(order).toEqual([...order].sort((a, b) => a - b));
        }
      }),
    );
  });
});

import { describe, expect, it } from 'vitest';
import { NO_PASID, READ } from '../../port';
import {
  ALL_ON,
  COMMANDS,
  DEVTAB,
  EVENTS,
  Fixture,
  GCR3,
  GUEST,
  IRT,
  PAGE,
  SEMAPHORE,
  TABLE,
} from './fixture.conformance';

// Expected values: command layouts as drivers/iommu/amd/iommu.c build_*() writes them, reserved bits as VirtualBox
// include/VBox/iommu-amd.h lists them; what stops the buffer as OpenVMM's and VirtualBox's models do.
const op = (code: bigint): bigint => code << 60n;
const WAIT = op(1n);
const ILLEGAL = 0x5000n << 48n;
const MAPPED = 3n << 61n;

describe('COMPLETION_WAIT', () => {
  it('[wait] stores its data', () => {
    const f = new Fixture().on();
    f.command([WAIT | BigInt(SEMAPHORE) | 1n, 0xcafe_babe_1234_5678n]);
    expect(f.get(SEMAPHORE)).toBe(0xcafe_babe_1234_5678n);
    expect(f.reg(0x2000)).toBe(16n);
  });

  it('[wait] without S nothing is stored', () => {
    const f = new Fixture().on();
    f.command([WAIT | BigInt(SEMAPHORE), 1n]);
    expect(f.get(SEMAPHORE)).toBe(0n);
  });

  it('[wait] I sets ComWaitInt, and interrupts only with ComWaitIntEn', () => {
    const f = new Fixture().on(ALL_ON & ~16n);
    f.command([WAIT | 2n, 0n]);
    expect(f.reg(0x2020) & 4n).toBe(4n);
    expect(f.interrupts).toEqual([]);
    const loud = new Fixture().on();
    loud.command([WAIT | 2n, 0n]);
    expect(loud.interrupts).toEqual(['commands']);
    // Still set: nothing new to tell.
    loud.command([WAIT | 2n, 0n]);
    expect(loud.interrupts).toEqual(['commands']);
    loud.set(0x2020, 4n);
    loud.command([WAIT | 2n, 0n]);
    expect(loud.interrupts).toEqual(['commands', 'commands']);
  });

  it('[wait] a store to no memory is a COMMAND_HARDWARE_ERROR', () => {
    const f = new Fixture().on();
    f.command([WAIT | 0x8000n | 1n, 1n]);
    expect(f.events()).toEqual([[0x6200n << 48n, 0x8000n]]);
    expect(f.reg(0x2020) & 16n).toBe(0n);
    expect(f.reg(0x2000)).toBe(0n);
  });
});

describe('what stops the buffer', () => {
  it('[queue] an unknown opcode: the head stays, CmdBufRun goes, the event names the command', () => {
    for (const code of [0n, 9n, 0xan, 0xbn, 0xfn]) {
      const f = new Fixture().on();
      f.command([WAIT, 0n], [op(code), 0n], [WAIT | BigInt(SEMAPHORE) | 1n, 7n]);
      expect(f.events()).toEqual([[ILLEGAL, BigInt(COMMANDS + 16)]]);
      expect(f.reg(0x2000)).toBe(16n);
      expect(f.reg(0x2020) & 16n).toBe(0n);
      expect(f.get(SEMAPHORE)).toBe(0n);
    }
  });

  it('[queue] goes on after it was turned off and on', () => {
    const f = new Fixture().on();
    f.command([op(0xfn), 0n]);
    f.put(COMMANDS, WAIT | BigInt(SEMAPHORE) | 1n, 5n);
    f.set(0x18, ALL_ON);
    expect(f.get(SEMAPHORE)).toBe(0n);
    f.set(0x18, ALL_ON & ~(1n << 12n));
    f.set(0x18, ALL_ON);
    expect(f.get(SEMAPHORE)).toBe(5n);
    expect(f.reg(0x2020) & 16n).toBe(16n);
  });

  it('[queue] commands that the unit lacks are unknown', () => {
    const lacks = (code: bigint, config: object): boolean => {
      const f = new Fixture(0x100, config).on();
      f.command([op(code), 0n]);
      return f.events()[0]?.[0] === ILLEGAL;
    };
    expect(lacks(8n, { invalidateAll: false })).toBe(true);
    expect(lacks(8n, {})).toBe(false);
    expect(lacks(4n, { iotlbSupport: false })).toBe(true);
    expect(lacks(4n, {})).toBe(false);
    expect(lacks(6n, { prefetch: false })).toBe(true);
    expect(lacks(6n, {})).toBe(false);
    expect(lacks(7n, { pageRequests: false })).toBe(true);
    expect(lacks(7n, {})).toBe(false);
  });

  it('[queue] a buffer that is no memory: COMMAND_HARDWARE_ERROR', () => {
    const f = new Fixture().on();
    f.set(0x18, 0n);
    f.set(0x08, 0x8000n | (8n << 56n));
    f.set(0x18, ALL_ON);
    f.set(0x2008, 16n);
    expect(f.events()).toEqual([[0x6200n << 48n, 0x8000n]]);
    expect(f.reg(0x2020) & 16n).toBe(0n);
  });

  it('[queue] a buffer of a reserved length never runs', () => {
    for (const length of [0n, 1n, 7n]) {
      const f = new Fixture();
      f.set(0x08, BigInt(COMMANDS) | (length << 56n));
      f.set(0x18, ALL_ON);
      expect(f.reg(0x2020) & 16n).toBe(0n);
      f.set(0x2008, 16n);
      expect(f.reg(0x2000)).toBe(0n);
    }
  });

  it('[queue] wraps at its end', () => {
    const f = new Fixture().on();
    for (let n = 0; n < 300; n++) f.command([WAIT | BigInt(SEMAPHORE) | 1n, BigInt(n)]);
    expect(f.get(SEMAPHORE)).toBe(299n);
    expect(f.reg(0x2000)).toBe(BigInt((300 * 16) % 4096));
    expect(f.device.commands.done).toBe(300);
  });

  it('[queue] a tail beyond the buffer counts modulo its size', () => {
    const f = new Fixture().on();
    for (let n = 0; n < 44; n++) f.put(COMMANDS + n * 16, WAIT, 0n);
    f.set(0x2008, 300n * 16n);
    expect(f.reg(0x2000)).toBe(44n * 16n);
  });
});

describe('reserved bits of commands', () => {
  // Bits that may be set, by opcode; the others are swept.
  const KNOWN: Readonly<Record<string, readonly [bigint, bigint]>> = {
    '1': [0x000f_ffff_ffff_ffffn, (1n << 64n) - 1n],
    '2': [0xffffn, 0n],
    '3': [0x0000_ffff_000f_ffffn, ~0xff8n & ((1n << 64n) - 1n)],
    '4': [0x0fff_ffff_ffff_ffffn, ~0xffan & ((1n << 64n) - 1n)],
    '5': [0xffffn, 0n],
    '6': [0x000f_ffff_ff00_ffffn, ~0xfean & ((1n << 64n) - 1n)],
    '7': [0x000f_ffff_0000_ffffn, 0x0000_ffff_0000_0004n],
    '8': [0n, 0n],
  };
  for (const [code, known] of Object.entries(KNOWN)) {
    it(`[reserved] opcode ${code}: all 124 bits`, () => {
      const f = new Fixture().on();
      for (let bit = 0n; bit < 128n; bit++) {
        if (bit >= 60n && bit < 64n) continue;
        const words: [bigint, bigint] =
          bit < 64n ? [op(BigInt(code)) | (1n << bit), 0n] : [op(BigInt(code)), 1n << (bit - 64n)];
        // What stores needs somewhere to store.
        if (code === '1' && bit === 0n) continue;
        f.set(0x18, 0n);
        f.set(0x08, BigInt(COMMANDS) | (8n << 56n));
        f.set(0x10, BigInt(EVENTS) | (8n << 56n));
        f.set(0x18, ALL_ON);
        f.put(COMMANDS, ...words);
        f.set(0x2008, 16n);
        const allowed = ((bit < 64n ? known[0] >> bit : known[1] >> (bit - 64n)) & 1n) === 1n;
        expect(
          f.events().some(([low]) => low === ILLEGAL),
          `bit ${bit}`,
        ).toBe(!allowed);
      }
    });
  }
});

describe('stale until invalidated', () => {
  const NEW = 0x77_7000n;
  const pages = (domain: bigint, address: bigint, flags: bigint, pasid = 0n): [bigint, bigint] => [
    op(3n) | (domain << 32n) | pasid,
    address | flags,
  ];
  const [S, PDE, GN] = [1n, 2n, 4n];
  const ALL = 0x7fff_ffff_ffff_f000n | S;

  /** A mapping that was used and then changed. */
  const changed = (iova = 0x5000n): Fixture => {
    const f = new Fixture().attach(3);
    const [, , leaf = 0] = f.walk(3, 1, iova, BigInt(PAGE));
    f.read(iova);
    f.put(leaf, NEW | 1n | MAPPED);
    expect(f.read(iova)).toBe(BigInt(PAGE));
    return f;
  };

  it('[stale] IOTLB: one page of a domain', () => {
    const f = changed();
    f.command(pages(0xbeefn, 0x6000n, 0n), pages(0xbeeen, 0x5000n, 0n), pages(0xbeefn, 0x5000n, GN));
    expect(f.read(0x5000n)).toBe(BigInt(PAGE));
    f.command(pages(0xbeefn, 0x5000n, 0n));
    expect(f.read(0x5000n)).toBe(NEW);
  });

  it('[stale] IOTLB: a range coded in the address, as Linux build_inv_address() does', () => {
    // 0x4000-0x7fff: the highest bit that differs is 13; the address has ones below it.
    const within = changed();
    within.command(pages(0xbeefn, 0x5000n, S));
    expect(within.read(0x5000n)).toBe(NEW);
    const beside = changed(0x8000n);
    beside.command(pages(0xbeefn, 0x5000n, S));
    expect(beside.read(0x8000n)).toBe(BigInt(PAGE));
    const wide = changed(0x1_2345_6000n);
    wide.command(pages(0xbeefn, 0x1_7fff_f000n, S));
    expect(wide.read(0x1_2345_6000n)).toBe(NEW);
    const below = changed(0x0_2345_6000n);
    below.command(pages(0xbeefn, 0x1_7fff_f000n, S));
    expect(below.read(0x0_2345_6000n)).toBe(BigInt(PAGE));
  });

  it('[stale] IOTLB: a whole domain, and everything', () => {
    const f = changed();
    f.command(pages(0xbeefn, 0n, ALL));
    expect(f.read(0x5000n)).toBe(NEW);
    const g = changed();
    g.command([op(8n), 0n]);
    expect(g.read(0x5000n)).toBe(NEW);
  });

  it('[stale] IOTLB: an invalidation within a large page drops it', () => {
    const f = new Fixture().attach(3);
    const [, leaf = 0] = f.walk(3, 2, 0n, 0x20_0000n);
    f.read(0n);
    f.put(leaf, 0n);
    expect(f.read(0x1f_f000n)).toBe(0x3f_f000n);
    f.command(pages(0xbeefn, 0x3000n, 0n));
    expect(f.read(0x1f_f000n)).toBe('event 2 flags 0x0000');
  });

  it('[stale] pointers to tables stay without PDE', () => {
    const f = new Fixture().attach(3);
    const [, middle = 0] = f.walk(3, 1, 0x5000n, BigInt(PAGE));
    f.read(0x5000n);
    const other = TABLE + 0x8000;
    f.put(other + 5 * 8, NEW | 1n | MAPPED);
    f.put(middle, BigInt(other) | 1n | (1n << 9n) | MAPPED);
    f.command(pages(0xbeefn, 0n, ALL));
    expect(f.read(0x5000n)).toBe(BigInt(PAGE));
    f.command(pages(0xbeefn, 0x5000n, PDE));
    expect(f.read(0x5000n)).toBe(NEW);
  });

  it('[stale] pointers to tables: the range and the domain count for them, too', () => {
    const make = (): Fixture => {
      const f = new Fixture().attach(3);
      const [, middle = 0] = f.walk(3, 1, 0x5000n, BigInt(PAGE));
      f.read(0x5000n);
      f.put(TABLE + 0x8000 + 5 * 8, NEW | 1n | MAPPED);
      f.put(middle, BigInt(TABLE + 0x8000) | 1n | (1n << 9n) | MAPPED);
      f.command(pages(0xbeefn, 0x5000n, 0n));
      return f;
    };
    const f = make();
    f.command(pages(0xbeefn, 0x20_0000n, PDE), pages(0xbeeen, 0x5000n, PDE), pages(0xbeefn, 0x5000n, 0n));
    expect(f.read(0x5000n)).toBe(BigInt(PAGE));
    const g = make();
    g.command(pages(0xbeefn, 0x1f_f000n, PDE), pages(0xbeefn, 0x5000n, 0n));
    expect(g.read(0x5000n)).toBe(NEW);
  });

  it('[stale] the device’s entry', () => {
    const f = new Fixture().attach(1);
    f.walk(1, 1, 0n, BigInt(PAGE));
    f.read(0n);
    f.dte({ ir: false, iw: false });
    expect(f.read(0n)).toBe(BigInt(PAGE));
    f.command([op(2n) | 0x101n, 0n], pages(0xbeefn, 0n, ALL));
    expect(f.read(0n)).toBe(BigInt(PAGE));
    f.command([op(2n) | 0x100n, 0n]);
    expect(f.read(0n)).toBe('event 2 flags 0x0050');
  });

  it('[stale] an entry with V = 0 is not kept, but with NpCache', () => {
    const f = new Fixture().dte({ v: false }).on();
    expect(f.translate(0n)).toBe(2);
    f.dte({ ir: false });
    expect(f.translate(0n)).toBe(4);
    const np = new Fixture(0x100, { npCache: true }).dte({ v: false }).on();
    expect(np.translate(0n)).toBe(2);
    np.dte({ ir: false });
    expect(np.translate(0n)).toBe(2);
  });

  it('[stale] absent pages are not kept, but with NpCache', () => {
    const f = new Fixture().attach(1);
    f.read(0n);
    f.walk(1, 1, 0n, BigInt(PAGE));
    expect(f.read(0n)).toBe(BigInt(PAGE));
    const np = new Fixture(0x100, { npCache: true }).attach(1);
    np.read(0n);
    np.walk(1, 1, 0n, BigInt(PAGE));
    expect(np.read(0n)).toBe('event 2 flags 0x0000');
    expect(np.write(0n)).toBe('event 2 flags 0x0020');
    np.command(pages(0xbeefn, 0n, 0n));
    expect(np.read(0n)).toBe(BigInt(PAGE));
  });

  describe('of processes', () => {
    const process = (): { f: Fixture; leaf: number } => {
      const f = new Fixture().dte({ extra: Fixture.guest(0, 4) }).on();
      const leaf = f.process(1, 0, 4, 0x5000n, BigInt(PAGE)).at(-1) ?? 0;
      expect(f.outcome(0x5000n, READ, 1)).toBe(BigInt(PAGE));
      return { f, leaf };
    };

    it('[stale] translations, by PASID and domain', () => {
      const { f, leaf } = process();
      f.put(leaf, NEW | 7n);
      f.command(
        pages(0xbeefn, 0x5000n, GN, 2n),
        pages(0xbeeen, 0x5000n, GN, 1n),
        pages(0xbeefn, 0x6000n, GN, 1n),
        // The host's tables have no part in these.
        pages(0xbeefn, 0n, ALL | PDE),
      );
      expect(f.outcome(0x5000n, READ, 1)).toBe(BigInt(PAGE));
      f.command(pages(0xbeefn, 0x5000n, GN, 1n));
      expect(f.outcome(0x5000n, READ, 1)).toBe(NEW);
    });

    it('[stale] GCR3 entries: by all pages of the PASID with PDE, or with the device’s entry', () => {
      const { f } = process();
      f.put(GCR3 + 8, 0n);
      f.command(pages(0xbeefn, 0n, (ALL & ~PDE) | GN, 1n));
      expect(f.outcome(0x5000n, READ, 1)).toBe(BigInt(PAGE));
      f.command(pages(0xbeefn, 0n, ALL | PDE | GN, 2n));
      expect(f.outcome(0x5000n, READ, 1)).toBe(BigInt(PAGE));
      f.command(pages(0xbeefn, 0n, ALL | PDE | GN, 1n));
      expect(f.outcome(0x5000n, READ, 1)).toBe('event 2 flags 0x0005');
      const g = process().f;
      g.put(GCR3 + 8, 0n);
      g.command([op(2n) | 0x100n, 0n]);
      expect(g.outcome(0x5000n, READ, 1)).toBe('event 2 flags 0x0005');
    });

    it('[stale] what both tables made goes when the host’s change', () => {
      const f = new Fixture().dte({ mode: 3, root: TABLE, extra: Fixture.guest(0, 4) }).on();
      f.process(1, 0, 4, 0x5000n, 0x66_6000n);
      // Identity for the guest's tables: 2 MiB pages.
      f.walk(3, 2, BigInt(GUEST), BigInt(GUEST) & ~0x1f_ffffn);
      const [, , leaf = 0] = [0, 0, TABLE + 0x2000 + Number((0x66_6000n >> 12n) & 511n) * 8];
      f.put(TABLE + 0x1000 + 3 * 8, BigInt(TABLE + 0x2000) | 1n | (1n << 9n) | MAPPED);
      f.put(leaf, BigInt(PAGE) | 1n | MAPPED);
      expect(f.outcome(0x5000n, READ, 1)).toBe(BigInt(PAGE));
      f.put(leaf, NEW | 1n | MAPPED);
      expect(f.outcome(0x5000n, READ, 1)).toBe(BigInt(PAGE));
      // An address of the host's: which of the process's that is, nobody knows.
      f.command(pages(0xbeefn, 0x66_6000n, 0n));
      expect(f.outcome(0x5000n, READ, 1)).toBe(NEW);
    });
  });

  it('[stale] interrupt table entries', () => {
    const f = new Fixture().dte({ extra: [0n, 0n, BigInt(IRT) | 1n | (4n << 1n) | (2n << 60n)] }).on();
    const msi = (): boolean => f.device.interrupt(0x100, 0xfee0_0000, new Uint8Array([3, 0, 0, 0]));
    f.put(IRT + 8, (1n | (0x40n << 16n)) << 32n);
    expect(msi()).toBe(true);
    f.put(IRT + 8, (1n | (0x41n << 16n)) << 32n);
    msi();
    expect(f.device.lastInterrupt?.vector).toBe(0x40);
    f.command([op(5n) | 0x101n, 0n], [op(2n) | 0x100n, 0n]);
    msi();
    expect(f.device.lastInterrupt?.vector).toBe(0x40);
    f.command([op(5n) | 0x100n, 0n]);
    msi();
    expect(f.device.lastInterrupt?.vector).toBe(0x41);
  });

  it('[stale] with caches of no sets nothing ever is', () => {
    const none = { sets: 0, ways: 1 };
    const off = { iotlb: none, dteCache: none, pasidCache: none, pdeCache: none, interruptCache: none };
    const f = new Fixture(0x100, off).dte({ mode: 3, root: TABLE, extra: Fixture.guest(0, 4) }).on();
    const [, middle = 0, leaf = 0] = f.walk(3, 1, 0x5000n, BigInt(PAGE));
    expect(f.translate(0x5000n)).toBe(1);
    expect(f.translate(0x5000n)).toBe(1);
    f.put(leaf, NEW | 1n | MAPPED);
    expect(f.read(0x5000n)).toBe(NEW);
    f.put(middle, 0n);
    expect(f.read(0x5000n)).toBe('event 2 flags 0x0000');
    f.dte({ v: false });
    expect(f.translate(0x5000n, READ, NO_PASID)).toBe(2);
  });
});

describe('INVALIDATE_IOTLB_PAGES', () => {
  // Linux build_inv_iotlb_pages(): the PASID is cut in three.
  const command = (rid: bigint, pasid: bigint, address: bigint): [bigint, bigint] => [
    op(4n) |
      rid |
      (rid << 32n) |
      (32n << 24n) |
      (((pasid >> 8n) & 0xffn) << 16n) |
      ((pasid & 0xffn) << 48n) |
      (((pasid >> 16n) & 0xfn) << 56n),
    address,
  ];

  it('[device tlb] tells the device what to drop', () => {
    const f = new Fixture().on();
    f.command(command(0x100n, 0n, 0x5000n), command(0x100n, 0x1_2345n, 0x5000n | 5n));
    expect(f.invalidations).toEqual([
      { rid: 0x100, pasid: -1, iova: 0x5000n, sizeLg2: 12, global: false },
      { rid: 0x100, pasid: 0x1_2345, iova: 0x4000n, sizeLg2: 14, global: false },
    ]);
    f.command(command(0x100n, 0n, 0x7fff_ffff_ffff_f001n));
    expect(f.invalidations.at(-1)).toMatchObject({ iova: 0n, sizeLg2: 64 });
  });

  it('[device tlb] a device that does not answer: IOTLB_INV_TIMEOUT names device and command, and the buffer goes on', () => {
    const f = new Fixture().on();
    f.answers = false;
    f.command([WAIT, 0n], command(0x100n, 0n, 0x5000n), [WAIT | BigInt(SEMAPHORE) | 1n, 3n]);
    expect(f.events()).toEqual([[(0x7000n << 48n) | 0x100n, BigInt(COMMANDS + 16)]]);
    expect(f.get(SEMAPHORE)).toBe(3n);
  });

  // The driver says PASID 0 of a v2 domain: drivers/iommu/amd/iommu.c amd_iommu_domain_flush_pages().
  it('[device tlb] with GIoV what is said of PASID 0 reaches a device that sends none; without GIoV, PASID 0 is one as any', () => {
    const pasids = (giov: boolean, cached: boolean, control = ALL_ON): number[] => {
      const f = new Fixture().dte({ extra: Fixture.guest(0, 4, giov) }).on(control);
      if (cached) f.read(0x5000n);
      f.command(command(0x100n, 0n, 0x5000n | 4n), command(0x100n, 1n, 0x5000n | 4n));
      return f.invalidations.map(({ pasid }) => pasid);
    };
    for (const cached of [false, true]) {
      expect(pasids(true, cached)).toEqual([-1, 1]);
      expect(pasids(false, cached)).toEqual([0, 1]);
    }
    // GTEn = 0: no guest tables, GIoV or not.
    expect(pasids(true, false, ALL_ON & ~(1n << 16n))).toEqual([0, 1]);
  });

  it('[device tlb] looking at the entry for it logs nothing, even where there is none', () => {
    const f = new Fixture(0x80).on();
    f.set(0x00, BigInt(DEVTAB));
    const g = new Fixture().attach(7);
    for (const unit of [f, g]) unit.command(command(BigInt(unit.rid), 0n, 0x5000n | 4n));
    expect([...f.events(), ...g.events()]).toEqual([]);
    expect([f.invalidations[0]?.pasid, g.invalidations[0]?.pasid]).toEqual([0, 0]);
  });

  it('[device tlb] without a time-out nothing is logged', () => {
    const f = new Fixture().on(ALL_ON & ~(7n << 5n));
    f.answers = false;
    f.command(command(0x100n, 0n, 0x5000n));
    expect(f.events()).toEqual([]);
  });
});

describe('other commands', () => {
  it('[prefetch] fills the IOTLB and logs nothing', () => {
    const f = new Fixture().attach(2);
    f.walk(2, 1, 0x5000n, BigInt(PAGE));
    f.put(TABLE + 0x1000 + 6 * 8, 0x66_6000n | 1n | MAPPED);
    // PFCount counts from 0: three pages, one of which is not there.
    f.command([op(6n) | 0x100n | (2n << 24n), 0x5000n]);
    expect(f.translate(0x5000n)).toBe(0);
    expect(f.translate(0x6000n)).toBe(0);
    expect(f.translate(0x7000n)).toBe(4);
    expect(f.events()).toHaveLength(1);
  });

  it('[ppr] COMPLETE_PPR_REQUEST answers the device, as Linux build_complete_ppr() asks', () => {
    const f = new Fixture().on();
    f.command([op(7n) | 0x100n | (0x1_2345n << 32n), 4n | (0x1abn << 32n) | (1n << 44n)]);
    f.command([op(7n) | 0x100n, (0x7n << 32n) | (0xfn << 44n)]);
    expect(f.responses).toEqual([
      { rid: 0x100, pasid: 0x1_2345, group: 0x1ab, code: 1 },
      { rid: 0x100, pasid: -1, group: 7, code: 15 },
    ]);
  });

  it('[trace] every command says what it did', () => {
    const f = new Fixture().attach(1);
    f.walk(1, 1, 0n, BigInt(PAGE));
    f.read(0n);
    f.trace.take();
    f.command([op(3n) | (0xbeefn << 32n), 0n], [op(2n) | 0x100n, 0n], [op(0xfn), 0n]);
    const told = f.trace.take().flatMap((e) => (e.kind === 'command' ? [`${e.name}: ${e.effect}`] : []));
    expect(told).toEqual([
      'INVALIDATE_IOMMU_PAGES: 1 IOTLB entry dropped, 0 PDE entries dropped',
      'INVALIDATE_DEVTAB_ENTRY: 1 DTE entry dropped, 0 PASID entries dropped',
      'UNKNOWN: refused: ILLEGAL_COMMAND_ERROR',
    ]);
  });
});

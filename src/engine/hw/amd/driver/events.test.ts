import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { IommuClient } from '../../../iommu/ops';
import type { ReportedFault } from '../../unit';
import { linesOf, NIC, paging, rig, type Rig } from './fake-unit.conformance';

// Expected lines and answers: drivers/iommu/amd/{iommu,init,ppr}.c of the 7.1 merge window, by the functions named.

const STATUS = 0x2020;

/** The unit logs an entry, then interrupts. */
function log(
  r: Rig,
  which: 'event' | 'ppr',
  words: readonly [bigint, bigint],
  status = which === 'event' ? 2n : 0x40n,
) {
  const [base, tail] = which === 'event' ? [0x10, 0x2018] : [0x38, 0x2038];
  const at = Number(r.bus.read64(tail));
  const pa = Number(r.bus.read64(base) & 0xf_ffff_ffff_f000n) + at;
  r.memory.writeU64(pa, words[0]);
  r.memory.writeU64(pa + 8, words[1]);
  r.bus.registers.set(tail, BigInt((at + 16) % 8192));
  r.bus.registers.set(STATUS, status);
  r.driver.interrupt(which === 'event' ? 'faults' : 'page-requests');
  return { pa, left: [r.memory.readU64(pa), r.memory.readU64(pa + 8)] };
}

const event = (code: bigint, devid: bigint, flags: bigint, low = 0n): bigint =>
  (code << 60n) | (flags << 48n) | (low << 32n) | devid;

describe('events', () => {
  it('IO_PAGE_FAULT of a device that has a domain, has none, or is not known; the entry is left', () => {
    const r = rig();
    const words = [event(2n, 0x100n, 0x20n, 2n), 0xdead_b000n] as const;
    // amd_iommu_report_page_fault()
    expect(log(r, 'event', words).left).toEqual(words);
    expect(linesOf(r.trace)).toEqual([
      'AMD-Vi: Event logged [Device not attached to domain properly]',
      'AMD-Vi:   device=0000:01:00.0 domain=0x0002',
    ]);
    paging(r.driver).attachDev(NIC, null);
    linesOf(r.trace);
    log(r, 'event', words);
    log(r, 'event', [event(2n, 0x4218n, 0n, 2n), 0xf_ffff_ffff_f000n]);
    expect(linesOf(r.trace)).toEqual([
      'pci 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0002 address=0xdeadb000 flags=0x0020]',
      'AMD-Vi: Event logged [IO_PAGE_FAULT device=0000:42:03.0 domain=0x0002 address=0xffffffffff000 flags=0x0000]',
    ]);
    // Of an interrupt it does not matter whether there is a domain.
    r.driver.blockedDomain.attachDev(NIC, null);
    linesOf(r.trace);
    log(r, 'event', [event(2n, 0x100n, 8n), 0xfee0_0000n]);
    expect(linesOf(r.trace)).toEqual([
      'pci 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x0000 address=0xfee00000 flags=0x0008]',
    ]);
  });

  it.each<[bigint, string]>([
    [3n, 'DEV_TAB_HARDWARE_ERROR device=0000:01:00.0 address=0xabcd000 flags=0x0203]'],
    [4n, 'PAGE_TAB_HARDWARE_ERROR device=0000:01:00.0 pasid=0x50007 address=0xabcd000 flags=0x0203]'],
    [6n, 'COMMAND_HARDWARE_ERROR address=0xabcd000 flags=0x0203]'],
    [7n, 'IOTLB_INV_TIMEOUT device=0000:01:00.0 address=0xabcd000]'],
    [8n, 'INVALID_DEVICE_REQUEST device=0000:01:00.0 pasid=0x50007 address=0xabcd000 flags=0x0203]'],
    [9n, 'INVALID_PPR_REQUEST device=0000:01:00.0 pasid=0x00005 address=0xabcd000 flags=0x0203 tag=0x007]'],
    [15n, 'UNKNOWN event[0]=0x00050100 event[1]=0xf2030007 event[2]=0x0abcd000 event[3]=0x00000000'],
  ])('code %i', (code, text) => {
    const r = rig();
    // iommu_print_event(); the entry is zeroed by errata 732.
    const { left } = log(r, 'event', [event(code, 0x5_0100n, 0x203n, 7n), 0xabc_d000n]);
    expect(linesOf(r.trace)).toEqual([`iommu ivhd0: AMD-Vi: Event logged [${text}`]);
    expect(left).toEqual([0n, 0n]);
  });

  it('an illegal entry is shown with CONTROL, an illegal command with its words', () => {
    const r = rig();
    log(r, 'event', [event(1n, 0x100n, 0n), 0x1000n]);
    const control = r.bus.read64(0x18).toString(16);
    expect(linesOf(r.trace)).toEqual([
      'iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_DEV_TABLE_ENTRY device=0000:01:00.0 pasid=0x00000 address=0x1000 flags=0x0000]',
      `iommu ivhd0: AMD-Vi: Control Reg : 0x${control}`,
      'AMD-Vi: DTE[0]: 0000000000000003',
      'AMD-Vi: DTE[1]: 0000000000000000',
      'AMD-Vi: DTE[2]: 0000000000000001',
      'AMD-Vi: DTE[3]: 0000000000000000',
    ]);
    const at = r.bus.read64(8) & 0xf_ffff_ffff_f000n;
    r.memory.writeU64(Number(at), 0xf000_0000_0000_0001n);
    r.memory.writeU64(Number(at) + 8, 2n);
    log(r, 'event', [event(5n, 0n, 0n), at]);
    expect(linesOf(r.trace)).toEqual([
      `iommu ivhd0: AMD-Vi: Event logged [ILLEGAL_COMMAND_ERROR address=0x${at.toString(16)}]`,
      'AMD-Vi: CMD[0]: 00000001',
      'AMD-Vi: CMD[1]: f0000000',
      'AMD-Vi: CMD[2]: 00000002',
      'AMD-Vi: CMD[3]: 00000000',
    ]);
  });

  it('heads wrap; an interrupt without a reason reads the status and no more', () => {
    const r = rig();
    r.bus.registers.set(0x2010, 8176n).set(0x2018, 8176n);
    log(r, 'event', [event(7n, 0x100n, 0n), 0n]);
    expect(r.bus.read64(0x2010)).toBe(0n);
    linesOf(r.trace);
    r.bus.writes.splice(0);
    r.driver.interrupt('faults');
    expect([linesOf(r.trace), r.bus.writes]).toEqual([[], []]);
  });

  it('a log that overflowed is switched off and on', () => {
    const r = rig();
    r.bus.writes.splice(0);
    log(r, 'event', [event(7n, 0x100n, 0n), 0n], 3n);
    // amd_iommu_handle_irq(), amd_iommu_restart_log(): EventLogEn 2, EventIntEn 3
    const at = (write: string | undefined): bigint => BigInt(`0x${(write ?? '').split(' ')[1] ?? '0'}`);
    const [clear, head, ...restart] = r.bus.writes;
    expect([clear, head]).toEqual(['2020 3', '2010 10']);
    expect(restart.map((w) => (w.startsWith('18 ') ? Number((at(w) >> 2n) & 3n) : w))).toEqual([
      2,
      0,
      '2020 1',
      2,
      3,
    ]);
    expect(linesOf(r.trace)).toContain('AMD-Vi: IOMMU Event log restarting');
  });
});

describe('garbage', () => {
  it('in logs, heads, tails and status: the handler ends and takes no harm (property)', () => {
    const word = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
    const arbitrary = fc.record({
      entries: fc.array(fc.tuple(word, word), { maxLength: 12 }),
      registers: fc.array(fc.tuple(fc.constantFrom(0x2010, 0x2018, 0x2030, 0x2038), word), { maxLength: 4 }),
      status: fc.bigInt({ min: 0n, max: 0x7ffn }),
    });
    const r = rig({ abilitiesOf: () => ({ ats: true, pri: true, maxPasids: 8 }) });
    fc.assert(
      fc.property(arbitrary, ({ entries, registers, status }) => {
        for (const base of [0x10, 0x38]) {
          const pa = Number(r.bus.read64(base) & 0xf_ffff_ffff_f000n);
          for (const [n, words] of entries.entries())
            for (const [k, value] of words.entries()) r.memory.writeU64(pa + n * 16 + k * 8, value);
        }
        for (const [offset, value] of registers) r.bus.registers.set(offset, value);
        r.bus.registers.set(STATUS, status);
        r.driver.interrupt('faults');
        // What asked for the handler is answered: interrupts and overflows are cleared.
        expect(r.bus.read64(STATUS) & 0x63n).toBe(0n);
        expect(r.driver.faultLog.length).toBeLessThanOrEqual(64);
        const idle = paging(r.driver);
        expect(idle.attachDev(NIC, null).ok).toBe(true);
        r.driver.blockedDomain.attachDev(NIC, idle);
        idle.paging!.free();
        r.trace.take();
      }),
      { numRuns: 60 },
    );
  });
});

describe('page requests', () => {
  const GN = 0x100n;
  const READ = 4n;
  const WRITE = 0x20n;
  const USER = 0x40n;
  const request = (flags: bigint, tag: bigint, pasid: bigint, code = 1n): bigint =>
    (code << 60n) |
    (flags << 48n) |
    ((pasid >> 16n) << 42n) |
    (tag << 32n) |
    ((pasid & 0xffffn) << 16n) |
    0x100n;

  function asking(more = {}) {
    const reports: [string, ReportedFault][] = [];
    const gate = {
      allow: () => true,
      forbid: () => undefined,
      report: (device: IommuClient, fault: ReportedFault) => void reports.push([device.name, fault]),
    };
    const r = rig({
      pageRequests: gate,
      abilitiesOf: () => ({ ats: true, pri: true, maxPasids: 1024, ...more }),
    });
    r.driver.identityDomain.attachDev(NIC, null);
    r.bus.takeCommands();
    linesOf(r.trace);
    return { ...r, reports };
  }

  it('go to whoever handles them, and the entry is zeroed', () => {
    const r = asking();
    const { left } = log(r, 'ppr', [request(GN | READ | WRITE | USER, 0x203n, 5n), 0x7f00_0000_1234n]);
    // iommu_call_iopf_notifier()
    expect(r.reports).toEqual([
      [
        NIC.name,
        {
          pasid: 5,
          group: 3,
          iova: 0x7f00_0000_1000n,
          read: true,
          write: true,
          execute: false,
          privileged: false,
          last: true,
        },
      ],
    ]);
    expect([left, r.bus.takeCommands()]).toEqual([[0n, 0n], []]);
  });

  it.each<[string, bigint, string[]]>([
    ['without GN', request(READ, 0x203n, 5n), []],
    ['with RZ', request(GN | 0x80n, 0x203n, 5n), []],
    ['PASID 0', request(GN, 0x203n, 0n), ['AMD-Vi: Invalid PASID : 0x0, device : 0x0']],
    [
      'a PASID that the device has not',
      request(GN, 0x203n, 1024n),
      ['AMD-Vi: Invalid PASID : 0x400, device : 0x0'],
    ],
  ])('%s: answered with the kernel’s number for failure', (_, words, lines) => {
    const r = asking();
    log(r, 'ppr', [words, 0x1000n]);
    // amd_iommu_complete_ppr(): status IOMMU_PAGE_RESP_FAILURE = 2 in bits 15:12 of word 3
    expect(r.bus.takeCommands()).toEqual(['100 70000000 0 2003']);
    expect([r.reports, linesOf(r.trace)]).toEqual([[], lines]);
  });

  it('of another code are printed, of nobody dropped', () => {
    const r = asking();
    log(r, 'ppr', [request(GN, 3n, 5n, 2n), 0n]);
    log(r, 'ppr', [request(GN, 3n, 5n) & ~0xffffn, 0n]);
    expect([linesOf(r.trace), r.bus.takeCommands()]).toEqual([['AMD-Vi: Unknown PPR request received'], []]);
  });

  it('are answered with the PASID where the device wants it', () => {
    const r = asking({ prgResponsePasid: true });
    r.driver.pageResponse(NIC, { pasid: 5, grpid: 3, perm: 1, addr: 0x1000n, lastPage: true }, 'success');
    // build_complete_ppr(): PASID in word 1, GN in word 2
    expect(r.bus.takeCommands()).toEqual(['100 70000005 4 3']);
  });

  it('are answered by COMPLETE_PPR_REQUEST', () => {
    const r = asking();
    const fault = { pasid: 5, grpid: 0x1ff, perm: 1, addr: 0x1000n, lastPage: true };
    for (const response of ['success', 'invalid', 'failure'] as const)
      r.driver.pageResponse(NIC, fault, response);
    expect(r.bus.takeCommands()).toEqual([
      '100 70000000 0 1ff',
      '100 70000000 0 11ff',
      '100 70000000 0 21ff',
    ]);
  });
});

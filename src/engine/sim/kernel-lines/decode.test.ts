import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeKernelLines } from './decode';

const DMAR =
  'DMAR: [DMA Read NO_PASID] Request device [0a:00.0] fault addr 0xfffe0000 [fault reason 0x06] PTE Read access is not set';
const AMD =
  'nvme 0000:01:00.0: AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x000c address=0xffffc080 flags=0x0050]';

/** What tools put before a message: their manuals, and Linux: print_prefix(), trace_print_context(). */
describe('prefixes', () => {
  it.each([
    '',
    '[ 2333.598177] ',
    '[ 5167.951785][  T812] ',
    '[ 5167.951785] [    C0] ',
    '<3>[ 2333.598177] ',
    '<3>',
    '[  +0.000108] ',
    '[Fri May 22 09:34:59 2026] ',
    '[Di Mär 24 07:10:54 2026] ',
    'kern  :err   : [Fri May 22 09:34:59 2026] ',
    'May 30 17:35:46 localhost kernel: [  279.001078] ',
    'Mär 24 07:11:36 michal-Macmini kernel: ',
    'кві 06 13:54:36 cachyos kernel: ',
    '2020-04-04T13:22:42.369502-05:00 dell-server1 kernel: [    0.004000] ',
    '[   12.345678] host kernel: ',
    '> > ',
    '    ',
    '\u001b[32m[    2.709269] \u001b[0m\u001b[33m',
    'E[  304.828330] ',
    '| ',
  ])('%j', (prefix) => {
    for (const message of [DMAR, AMD]) {
      const { decoded, unknown } = decodeKernelLines(prefix + message);
      expect(unknown).toEqual([]);
      expect(decoded.map(({ text, lines, kind }) => ({ text, lines, kind }))).toEqual([
        { text: message, lines: 1, kind: 'fault' },
      ]);
    }
  });

  it('ftrace and perf script', () => {
    const text = [
      '# tracer: nop',
      ' irq/24-AMD-Vi-48    [002] ....   978.554289: io_page_fault: IOMMU:[drvname] 0000:05:00.0 iova=0x0000000091482640 flags=0x0001',
      ' kworker/u64:0-12   [011] .....   327.747766: unmap: IOMMU: iova=0x00000000fe980000 - 0x00000000fe984000 size=16384 unmapped_size=8192',
      'swapper 0 [000]  4.878076: iommu:map: IOMMU: iova=0x00000000fe980000 - 0x00000000fe984000 paddr=0x00000001063db000 size=16384',
      ' (udev-worker)-532   [010] .....     4.878076: add_device_to_group: IOMMU: groupID=14 device=0000:05:00.0',
    ].join('\n');
    const { decoded, unknown } = decodeKernelLines(text);
    expect(unknown).toEqual([]);
    expect(
      decoded.map(({ line, title, device, access, iova }) => [line, title, device, access, iova]),
    ).toEqual([
      [2, 'io_page_fault', '0000:05:00.0', 'write', 0x9148_2640n],
      [3, 'unmap', null, null, 0xfe98_0000n],
      [4, 'map', null, null, 0xfe98_0000n],
      [5, 'add_device_to_group', '0000:05:00.0', null, null],
    ]);
    expect(decoded[1]!.why).toMatch(/not all/);
  });
});

describe('wrapped lines', () => {
  const whole = decodeKernelLines(DMAR).decoded[0]!;
  const told = ({ device, access, iova, reason, title }: typeof whole) => ({
    device,
    access,
    iova,
    reason,
    title,
  });

  it('a terminal breaks anywhere: what was told of the whole line is told of its parts', () => {
    const begin = DMAR.indexOf('Request');
    for (let at = begin; at < DMAR.length; at++) {
      const { decoded } = decodeKernelLines(
        `[ 2333.598177] ${DMAR.slice(0, at)}\n${DMAR.slice(at)}\n[ 2334.0] usb 1-1: reset`,
      );
      expect(decoded.map(told), DMAR.slice(at)).toEqual([told(whole)]);
    }
  });

  it('mail breaks between words, and quotes', () => {
    const { decoded } = decodeKernelLines(
      '> Feb  6 12:37:29 host kernel: [932663.635942] xhci_hcd 0000:45:00.1:\n> AMD-Vi: Event logged [IO_PAGE_FAULT domain=0x002e\n> address=0xffffffe00000 flags=0x0000]\n> next',
    );
    expect(decoded).toHaveLength(1);
    expect(decoded[0]).toMatchObject({
      device: '0000:45:00.1',
      iova: 0xffff_ffe0_0000n,
      reason: 0x2000,
      lines: 3,
    });
  });

  it('a line with a stamp of its own is never what another one was broken into', () => {
    const { decoded } = decodeKernelLines(
      '[ 1.0] DMAR: [DMA Read NO_PASID] Request device [0a:00.0] fault addr\n[ 1.1] 0xfffe0000 [fault reason 0x06] PTE',
    );
    expect(decoded.map(({ iova }) => iova)).toEqual([null]);
  });
});

describe('other text', () => {
  it('is passed over', () => {
    const text = [
      'Hi all, my machine shows DMAR errors, see below.',
      '00:00.2 IOMMU: Advanced Micro Devices, Inc. [AMD] Starship/Matisse IOMMU',
      '\tIOMMU group: 14',
      'IOAS_MAP ioas buf iova=0x100000 len=2M rw',
      'iommufd_backend_map_dma  iommufd=15 ioas=2 iova=0x0 size=0xc0000 addr=0x7fb80f600000 readonly=0 (0)',
      '[    1.0] usb 1-1: new high-speed USB device',
    ].join('\n');
    expect(decodeKernelLines(text)).toEqual({ decoded: [], unknown: [], more: 0 });
  });

  it('what speaks of an IOMMU and is not understood is listed with its place', () => {
    const { unknown } = decodeKernelLines('a\n[ 1.0] DMAR: something new\n[ 1.0] AMD-Vi: nothing old\n');
    expect(unknown).toEqual([
      { line: 2, text: 'DMAR: something new' },
      { line: 3, text: 'AMD-Vi: nothing old' },
    ]);
  });

  it('a log of a hundred thousand faults: the first thousand, and how many more there are', () => {
    const { decoded, more } = decodeKernelLines(`${DMAR}\n`.repeat(100_000));
    expect([decoded.length, more]).toEqual([1000, 99_000]);
  });
});

describe('garbage', () => {
  const MESSAGES = [
    DMAR,
    AMD,
    'DMAR: Dump dmar1 table entries for IOVA 0x1026a4000',
    'DMAR: pasid table entry[0]: 0x0000000000000109',
    'DMAR: pte level: 4, pte value: 0x0000000103c0f027',
    'AMD-Vi: DTE[3]: 0000000000000003',
    'arm-smmu-v3 a.iommu: event 0x10 received:',
    'arm-smmu-v3 a.iommu: \t0x0000741000000010',
    'arm-smmu-v3 a.iommu: unpriv data write s1 "Input address caused fault" stag: 0x0',
    'arm-smmu-v3 a.iommu: skipping command in error state:',
    'arm-smmu a.iommu: Unhandled context fault: fsr=0x402, iova=0x1, fsynr=0x130000, cbfrsynra=0x300, cb=4',
    'riscv,iommu a.iommu: Fault 13 devid: 0x108 iotval: 12345000 iotval2: 0',
    'qi_submit: iotlb_inv dmar2: 0x800f2 0xf9a00005 0x0 0x0',
    '0x000000006c000 |\t0x0000000000000000\t0x000000086623f003',
  ];
  const line = fc.oneof(
    fc.constantFrom(...MESSAGES),
    fc.tuple(fc.constantFrom(...MESSAGES), fc.nat(120)).map(([text, at]) => text.slice(0, at)),
    fc.tuple(fc.constantFrom(...MESSAGES), fc.nat(120)).map(([text, at]) => text.slice(at)),
    fc
      .tuple(fc.constantFrom(...MESSAGES), fc.nat(120), fc.string())
      .map(([text, at, other]) => text.slice(0, at) + other + text.slice(at)),
    fc.string({ unit: 'binary' }),
  );

  it('nothing throws, every line is told of at most once, and every number stood in the text', () => {
    fc.assert(
      fc.property(fc.array(line, { maxLength: 14 }), (lines) => {
        const text = lines.join('\n');
        const { decoded, unknown } = decodeKernelLines(text);
        const count = text.split(/\r\n|\r|\n/).length;
        const used = decoded.reduce((sum, each) => sum + each.lines, 0) + unknown.length;
        expect(used).toBeLessThanOrEqual(count);
        // Wrapped numbers stand in two lines: line ends, and what stands before a line, are left out of the comparison.
        const digits = text.toLowerCase().replace(/[^0-9a-z]/g, '');
        for (const { iova, structures, line: from } of decoded) {
          expect(from).toBeLessThanOrEqual(count);
          if (iova !== null)
            expect(digits).toContain(
              (iova % 4096n === 0n && !digits.includes(iova.toString(16)) ? iova >> 12n : iova).toString(16),
            );
          for (const { words, bytes } of structures)
            for (const word of words) if (bytes === 8) expect(digits).toContain(word.toString(16));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

/** Lines of real kernels, collected from public lists. They are read where they lie, and nothing of them is kept here. */
const collected = new URL('../../../../../shared/conformance/fault-lines.txt', import.meta.url);
const isThere = existsSync(collected);
describe.skipIf(!isThere)('lines of real kernels (needs ../shared)', () => {
  const lines = (isThere ? readFileSync(collected, 'utf8') : '')
    .split('\n')
    .map((line) => (/^\s*#/.test(line) ? '' : line));
  const { decoded, unknown } = decodeKernelLines(lines.join('\n'));

  it('every one is understood but what is no fault', () => {
    // NVIDIA's extension of the SMMU tells that it is there: no driver of ours has it.
    expect(unknown.map(({ text }) => text.replace(/^\S+ \S+ /, ''))).toEqual([
      'found companion CMDQV device: NVDA200C:00',
    ]);
    const first = new Set(decoded.map(({ line }) => line));
    const begins = (pattern: RegExp): number[] =>
      lines.flatMap((line, n) => (pattern.test(line) ? [n + 1] : []));
    const FAULTS =
      /\[DMA (?:Read|Write)|INTR-REMAP\] |Event logged|event 0x\w\w received|event: \w|Unhandled context fault|global error|CMDQ error|io_page_fault:|map: IOMMU|qi_submit:|prq_report:|QI HEAD|fault status reg|RMRR|^\s*\w\w:\w\w\.\d\s+0x/;
    const expected = begins(FAULTS);
    expect(expected.length).toBeGreaterThan(100);
    expect(expected.filter((line) => !first.has(line))).toEqual([]);
  });

  it('faults have a device, an address and a reason wherever the line is whole', () => {
    const broken = decoded.filter(
      ({ kind, source, device, reason, title }) =>
        kind === 'fault' &&
        (reason === null || device === null) &&
        source !== 'IOMMU core' &&
        title !== 'IO_PAGE_FAULT',
    );
    expect(broken).toEqual([]);
    const kinds = new Set(decoded.map(({ source }) => source));
    expect([...kinds].sort()).toEqual(['AMD-Vi', 'Arm SMMUv2', 'Arm SMMUv3', 'IOMMU core', 'Intel VT-d']);
  });

  it('a name that the kernel printed is the name of the reason', () => {
    const named = decoded.filter(
      ({ source, kind, text }) => source === 'Intel VT-d' && kind === 'fault' && text.includes('] '),
    );
    for (const { text, title } of named) {
      const printed = /\[fault reason \w+\] (.*)$/.exec(text)?.[1] ?? '';
      expect(title.startsWith(printed), text).toBe(true);
    }
    expect(named.length).toBeGreaterThan(25);
  });
});

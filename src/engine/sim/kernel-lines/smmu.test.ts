import { describe, expect, it } from 'vitest';
import { decodeCommand, decodeEvent } from '../../hw/smmuv3/describe';
import {
  commandErrorLines,
  eventLines,
  globalErrorLines,
  pageRequestLines,
} from '../../hw/smmuv3/kernel-log';
import { reasonName, reasonWhy } from '../../hw/smmuv3/reasons';
import { decodeKernelLines } from './decode';

/** Lines written by hand from the format strings of drivers/iommu/arm, at the versions named. */
const read = (lines: string | readonly string[]) =>
  decodeKernelLines(typeof lines === 'string' ? lines : lines.join('\n'));
const only = (lines: string | readonly string[]) => {
  const { decoded, unknown } = read(lines);
  expect(unknown).toEqual([]);
  expect(decoded).toHaveLength(1);
  return decoded[0]!;
};
const UNIT = 'arm-smmu-v3 fc900000.iommu:';
const WORDS = [0x0000_0100_0000_0010n, 0x0000_0208_0000_0000n, 0x9_0000_f040n, 0n];
const raw = (words: readonly bigint[], unit = UNIT): string[] =>
  [`event 0x10 received:`, ...words.map((word) => `\t0x${word.toString(16).padStart(16, '0')}`)].map(
    (line) => `${unit} ${line}`,
  );

describe('SMMUv3 events', () => {
  it('until 6.15: the four words', () => {
    const line = only(raw(WORDS));
    // StreamID 63:32 of word 0, RnW bit 35 of word 1, InputAddr is word 2.
    expect(line).toMatchObject({
      kind: 'fault',
      title: 'F_TRANSLATION',
      reason: 0x10,
      device: 'sid 0x100',
      access: 'read',
      iova: 0x9_0000_f040n,
      pasid: null,
      lines: 5,
    });
    expect(line.structures).toEqual([
      { name: 'event record', words: WORDS, bytes: 8, fields: decodeEvent(WORDS) },
    ]);
  });

  it('7.1: the words, and what they say', () => {
    const line = only([
      ...raw(WORDS),
      `${UNIT} event: F_TRANSLATION client: 0000:01:00.0 sid: 0x100 ssid: 0x0 iova: 0x90000f040 ipa: 0x0`,
      `${UNIT} unpriv data read s1 "Input address caused fault" stag: 0x0`,
    ]);
    expect(line).toMatchObject({ device: '0000:01:00.0', lines: 7, access: 'read', iova: 0x9_0000_f040n });
    expect(line.facts).toContainEqual({ name: 'StreamID', value: '0x100' });
  });

  it('the words alone were not pasted', () => {
    const line = only([
      `${UNIT} event: F_PERMISSION client: (unassigned sid) sid: 0x18 ssid: 0x3 iova: 0x1000 ipa: 0x0`,
      `${UNIT} priv inst read s2 "Stage 1 translation table fetch" ttd_read stall stag: 0x7`,
    ]);
    expect(line).toMatchObject({
      title: 'F_PERMISSION',
      device: 'sid 0x18',
      access: 'execute',
      pasid: 3,
      reason: 0x13,
      lines: 2,
    });
    expect(line.facts).toContainEqual({ name: 'table was', value: 'read' });
  });

  it('records that are cut, and those of two units mixed', () => {
    const cut = only(raw(WORDS.slice(0, 2)));
    expect(cut).toMatchObject({ device: 'sid 0x100', access: 'read', iova: null });
    const other = 'arm-smmu-v3 arm-smmu-v3.3.auto:';
    const first = raw(WORDS);
    const second = raw([0x7_0000_0010n, 0n, 0x5000n, 0n], other);
    const { decoded } = read(first.flatMap((line, n) => [line, second[n]!]));
    expect(decoded.map(({ device, iova, lines }) => [device, iova, lines])).toEqual([
      ['sid 0x100', 0x9_0000_f040n, 5],
      ['sid 0x7', 0x5000n, 5],
    ]);
  });

  it('every event and flag comes back from the lines that are printed for it', () => {
    let checked = 0;
    for (let id = 1; id < 0x30; id++)
      for (let bit = 0; bit < 16; bit++) {
        const words = [
          (0x1234n << 32n) | (0x56n << 12n) | (bit % 2 === 0 ? 1n << 11n : 0n) | BigInt(id),
          (BigInt(1 << bit) << 32n) | 0x9n,
          0xabff_6100n,
          0xabff_6000n,
        ];
        const line = only(eventLines('smmu3', words, null));
        const fields = new Map(decodeEvent(words).map(({ name, value }) => [name, value]));
        expect(line.reason).toBe(id);
        if (reasonName(id) !== 'UNKNOWN') expect(line.why).toBe(reasonWhy(id));
        expect(line.device).toBe('sid 0x1234');
        expect(line.pasid).toBe(bit % 2 === 0 ? 0x56 : null);
        expect(line.iova).toBe(fields.get('InputAddr') ?? null);
        expect(line.structures[0]).toMatchObject({ words });
        if (id >= 0x10 && id <= 0x13)
          expect(line.access).toBe(
            fields.get('InD') === 1n ? 'execute' : fields.get('RnW') === 1n ? 'read' : 'write',
          );
        checked++;
      }
    expect(checked).toBe(0x2f * 16);
  });
});

describe('SMMUv3 errors', () => {
  it('global errors, bit by bit', () => {
    for (const bit of [0, 2, 3, 4, 5, 6, 7, 8]) {
      const { decoded, unknown } = read(globalErrorLines('smmu3', 1 << bit));
      expect(unknown).toEqual([]);
      const [first] = decoded;
      expect(first).toMatchObject({ kind: 'error', reason: 1 << bit });
      expect(
        first!.structures[0]!.fields.filter(({ value }) => value === 1n).map(({ bits }) => bits),
      ).toEqual([String(bit)]);
    }
  });

  it('errors of the command queue, with the command that is skipped', () => {
    const command = [0x0000_0100_0000_0040n, 0x34n];
    for (const code of [0, 1, 2, 3, 9]) {
      const line = only(commandErrorLines('smmu3', (code << 24) | 0x20f3, command));
      expect(line).toMatchObject({ kind: 'error', reason: code });
      // CMDQ_CONS.ERR is bits 30:24.
      expect(line.structures[0]).toMatchObject({ name: 'CMDQ_CONS', bytes: 4 });
      const skipped = line.structures.find(({ name }) => name === 'command');
      expect(skipped?.fields).toEqual(code === 1 || code === 9 ? decodeCommand(command) : undefined);
    }
    expect(only(`${UNIT} CMDQ error (cons 0x030120f3): ATC invalidate timeout`)).toMatchObject({
      title: 'Command queue error: ATC invalidate timeout',
      reason: 3,
    });
  });

  it('page requests that nobody answers', () => {
    // W is bit 61, R 60, last 62, SSV 63 of word 0; the group is 8:0 of word 1.
    const words = [(0xfn << 60n) | (0x2n << 32n) | 0x1234n, 0x7f00_1234_5007n];
    expect(only(pageRequestLines('smmu3', words))).toMatchObject({
      device: 'sid 0x1234',
      pasid: 2,
      access: 'write',
      iova: 0x7f00_1234_5000n,
    });
  });

  it('queues that overflow or hang', () => {
    for (const text of [
      'EVTQ overflow detected -- events lost',
      'PRIQ overflow detected -- requests lost',
      'CMDQ timeout',
      'CMD_SYNC timeout at 0x000000f3 [hwprod 0x000000f4, hwcons 0x000000f3]',
    ])
      expect(only(`${UNIT} ${text}`).kind).toBe('error');
  });
});

describe('SMMUv2', () => {
  it('a context fault, as 5.4 prints it', () => {
    const line = only(
      'arm-smmu 15000000.iommu: Unhandled context fault: fsr=0x402, iova=0x1032db3e0, fsynr=0x130011, cbfrsynra=0x300, cb=4',
    );
    // FSR.TF is bit 1, FORMAT 10:9; FSYNR0.WNR is bit 4; the StreamID is CBFRSYNRA 15:0.
    expect(line).toMatchObject({
      source: 'Arm SMMUv2',
      kind: 'fault',
      device: 'sid 0x300',
      iova: 0x1_032d_b3e0n,
      access: 'write',
      reason: 0x402,
    });
    expect(line.why).toBe('translation fault: nothing is mapped at this address');
    expect(line.structures.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['FSR', 4],
      ['FSYNR0', 4],
    ]);
  });

  it('7.1 takes the registers apart in lines of their own', () => {
    const line = only([
      'arm-smmu 5000000.iommu: Unhandled context fault: fsr=0x408, iova=0xbbfff800, fsynr=0x3e0021, cbfrsynra=0x828, cb=9',
      'arm-smmu 5000000.iommu: FSR    = 00000408 [Format=2 PF], SID=0x828',
      'arm-smmu 5000000.iommu: FSYNR0 = 003e0021 [S1CBNDX=62 PNU PLVL=1]',
    ]);
    expect(line).toMatchObject({ lines: 3, access: 'read' });
    expect(line.structures).toHaveLength(2);
    expect(line.why).toMatch(/^permission fault/);
  });

  it('global faults', () => {
    const line = only([
      'arm-smmu 5000000.iommu: Blocked unknown Stream ID 0x828; boot with "arm-smmu.disable_bypass=0" to allow, but this may have security implications',
      'arm-smmu 5000000.iommu: \tGFSR 0x80000002, GFSYNR0 0x00000002, GFSYNR1 0x00000828, GFSYNR2 0x00000000',
    ]);
    expect(line).toMatchObject({
      title: 'Unknown StreamID',
      device: 'sid 0x828',
      access: 'write',
      reason: 0x8000_0002,
      lines: 2,
    });
    expect(line.why).toBe('unidentified stream: no stream mapping matches');
  });
});

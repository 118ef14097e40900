import { describe, expect, it } from 'vitest';
import { commandErrorLines, eventLines, globalErrorLines, pageRequestLines } from './kernel-log';

const SMMU = 'arm-smmu-v3.0.auto';
const SID = 0x100n << 32n;
const after = (lines: readonly string[]): string[] =>
  lines.map((line) => {
    expect(line.startsWith('arm-smmu-v3 arm-smmu-v3.0.auto: ')).toBe(true);
    return line.slice('arm-smmu-v3 arm-smmu-v3.0.auto: '.length);
  });

/** Linux: arm_smmu_dump_raw_event(), arm_smmu_dump_event() */
describe('what Linux prints of an event', () => {
  it('a translation fault', () => {
    const words = [0x10n | SID, (1n << 35n) | (2n << 40n), 0xdead_b000n, 0n];
    expect(after(eventLines(SMMU, words, '0000:01:00.0'))).toEqual([
      'event 0x10 received:',
      '\t0x0000010000000010',
      '\t0x0000020800000000',
      '\t0x00000000deadb000',
      '\t0x0000000000000000',
      'event: F_TRANSLATION client: 0000:01:00.0 sid: 0x100 ssid: 0x0 iova: 0xdeadb000 ipa: 0x0',
      'unpriv data read s1 "Input address caused fault" stag: 0x0',
    ]);
  });

  it('a permission fault of stage 2 on a table, of a PASID, privileged instruction, stalled', () => {
    const words = [
      0x13n | (1n << 11n) | (5n << 12n) | SID,
      (1n << 31n) | 7n | (1n << 33n) | (1n << 34n) | (1n << 35n) | (1n << 39n) | (1n << 40n) | (1n << 44n),
      0x1000n,
      0x1_2345_6000n,
    ];
    expect(after(eventLines(SMMU, words, null)).slice(5)).toEqual([
      'event: F_PERMISSION client: (unassigned sid) sid: 0x100 ssid: 0x5 iova: 0x1000 ipa: 0x123456000',
      'priv inst read s2 "Stage 1 translation table fetch" ttd_read stall stag: 0x7',
    ]);
    const written = [words[0] ?? 0n, (1n << 39n) | (1n << 40n), 0n, 0n];
    expect(after(eventLines(SMMU, written, null)).at(-1)).toBe(
      'unpriv data write s2 "Stage 1 translation table fetch" ttd_write stag: 0x0',
    );
  });

  it.each([
    [0x03n, 'F_STE_FETCH', true],
    [0x09n, 'F_CD_FETCH', true],
    [0x25n, 'F_VMS_FETCH', true],
    [0x02n, 'C_BAD_STREAMID', false],
    [0x04n, 'C_BAD_STE', false],
    [0x06n, 'F_STREAM_DISABLED', false],
    [0x08n, 'C_BAD_SUBSTREAMID', false],
    [0x0an, 'C_BAD_CD', false],
    // Linux has no names for these.
    [0x05n, 'UNKNOWN', false],
    [0x07n, 'UNKNOWN', false],
    [0x0bn, 'UNKNOWN', false],
    [0x20n, 'UNKNOWN', false],
  ])('event %s is %s', (id, name, fetches) => {
    const words = [id | SID, 0n, 0n, 0x8018n];
    expect(after(eventLines(SMMU, words, null)).slice(5)).toEqual([
      `event: ${name} client: (unassigned sid) sid: 0x100 ssid: 0x0${fetches ? ' fetch_addr: 0x8018' : ''}`,
    ]);
  });
});

/** Linux: arm_smmu_gerror_handler(), __arm_smmu_cmdq_skip_err(), arm_smmu_handle_ppr() */
describe('what Linux prints of errors', () => {
  it('global errors', () => {
    expect(after(globalErrorLines(SMMU, 0x1fc))).toEqual([
      'unexpected global error reported (0x000001fc), this could be serious',
      'device has entered Service Failure Mode!',
      'GERROR MSI write aborted',
      'PRIQ MSI write aborted',
      'EVTQ MSI write aborted',
      'CMDQ MSI write aborted',
      'PRIQ write aborted -- events may have been lost',
      'EVTQ write aborted -- events may have been lost',
    ]);
  });

  it('commands', () => {
    expect(after(commandErrorLines(SMMU, 0x0100_0005, [0xffn, 1n]))).toEqual([
      'CMDQ error (cons 0x01000005): Illegal command',
      'skipping command in error state:',
      '\t0x00000000000000ff',
      '\t0x0000000000000001',
    ]);
    expect(after(commandErrorLines(SMMU, 0x0200_0000, []))).toEqual([
      'CMDQ error (cons 0x02000000): Abort on command fetch',
      'retrying command fetch',
    ]);
    expect(after(commandErrorLines(SMMU, 0x0300_0001, []))).toEqual([
      'CMDQ error (cons 0x03000001): ATC invalidate timeout',
    ]);
    expect(after(commandErrorLines(SMMU, 1, []))).toEqual(['CMDQ error (cons 0x00000001): No error']);
  });

  it('page requests', () => {
    const words = [
      0x100n | (5n << 32n) | (1n << 58n) | (1n << 60n) | (1n << 61n) | (1n << 62n) | (1n << 63n),
      0x5003n,
    ];
    expect(after(pageRequestLines(SMMU, words))).toEqual([
      'unexpected PRI request received:',
      '\tsid 0x00000100.0x00005: [3L] privileged RW access at iova 0x0000000000005000',
    ]);
    expect(after(pageRequestLines(SMMU, [0x100n | (1n << 59n), 0x5000n]))[1]).toBe(
      '\tsid 0x00000100.0x00000: [0] unprivileged X access at iova 0x0000000000005000',
    );
  });
});

import { describe, expect, it } from 'vitest';
import { ERRNO, type Result } from '../kernel/errno';
import { ioctl } from './call';
import type { Caller } from '../kernel/caller';
import { rootCaller } from './caller';
import type { IommufdCtx } from './ctx';
import { bindDevice } from './device';
import { outcome, Rig } from './testing/rig';

// Order of checks: drivers/iommu/iommufd/main.c iommufd_fops_ioctl(), copy_struct_from_user().
const ARG = 0x1_0000n;
const READ_ONLY = 0x2_0000n;
const HOLE = 0x1_4000n;

function scene(): { rig: Rig; ctx: IommufdCtx; caller: Caller } {
  const rig = Rig.of([]);
  rig.memory.map(ARG, 4, (index) => index + 1);
  rig.memory.map(READ_ONLY, 1, () => 9, false);
  return { rig, ctx: rig.open(), caller: rootCaller(rig.memory) };
}

/** 32-bit words at `argVa`. */
function run(
  cmd: number,
  words: readonly number[],
  argVa = ARG,
): { result: Result<number>; words: number[]; ctx: IommufdCtx } {
  const { rig, ctx, caller } = scene();
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  const fits = argVa >= ARG && argVa < HOLE ? bytes.subarray(0, Number(HOLE - argVa)) : new Uint8Array();
  rig.memory.write(argVa, fits);
  const result = rig.run(ioctl(ctx, cmd, caller, argVa));
  const after = rig.memory.read(argVa, fits.length);
  return { result, words: after.ok ? [...new Uint32Array(after.value.slice().buffer)] : [], ctx };
}

const IOAS_ALLOC = 0x3b81;

describe('ioctl on /dev/iommu', () => {
  it('the smallest change that causes each errno', () => {
    const cases: [string, number, number[], bigint?][] = [
      ['ok', IOAS_ALLOC, [12, 0, 0]],
      ['ENOTTY', 0x3b7f, [12, 0, 0]], // below the table: VFIO's
      ['ENOTTY', 0x3b95, [12, 0, 0]], // beyond it
      ['ENOTTY', 0x1_3b81, [12, 0, 0]], // another number with the same last byte
      ['EFAULT', IOAS_ALLOC, [], HOLE], // size unreadable
      ['EINVAL', IOAS_ALLOC, [11, 0, 0]], // too short
      ['E2BIG', IOAS_ALLOC, [16, 0, 0, 1]], // longer, and not zero
      ['ok', IOAS_ALLOC, [16, 0, 0, 0]], // longer, and zero
      ['EFAULT', IOAS_ALLOC, [12, 0], HOLE - 8n], // ends in a hole
      ['EOPNOTSUPP', IOAS_ALLOC, [12, 1, 0]],
    ];
    expect(cases.map(([, cmd, words, va]) => outcome(run(cmd, words, va).result))).toEqual(
      cases.map(([errno]) => errno),
    );
  });

  it('competing errors: the earlier check wins', () => {
    expect(outcome(run(0x1_3b81, [], HOLE).result)).toBe('EFAULT'); // size before the number
    expect(outcome(run(0x1_3b81, [1, 0, 0]).result)).toBe('ENOTTY'); // the number before the size
    expect(outcome(run(0x3b7f, [], HOLE).result)).toBe('ENOTTY'); // outside the table nothing is read
    expect(outcome(run(IOAS_ALLOC, [16, 1, 0, 1]).result)).toBe('E2BIG'); // the tail before the flags
    expect(outcome(run(IOAS_ALLOC, [11, 1, 0]).result)).toBe('EINVAL'); // the size before the flags
    expect(outcome(run(IOAS_ALLOC, [5000, 0, 0, 1], HOLE - 16n).result)).toBe('E2BIG'); // the tail before the hole after it
    expect(outcome(run(IOAS_ALLOC, [5000, 0, 0, 0], HOLE - 16n).result)).toBe('EFAULT');
  });

  it('the answer is written back, and only as far as the caller gave room', () => {
    expect(run(IOAS_ALLOC, [12, 0, 7]).words).toEqual([12, 0, 1]);
    expect(run(IOAS_ALLOC, [16, 0, 7, 0]).words).toEqual([16, 0, 1, 0]);
  });

  it('a structure of an older program is answered within its size', () => {
    const rig = Rig.of(['a']);
    const ctx = rig.open();
    const caller = rootCaller(rig.memory);
    rig.memory.map(ARG, 1, () => 1);
    const idev = rig.ok(bindDevice(ctx, rig.device('a')));
    const write = (words: readonly number[]) =>
      rig.memory.write(ARG, new Uint8Array(Uint32Array.from(words).buffer));
    write([12, 0, 0]);
    rig.ok(ioctl(ctx, IOAS_ALLOC, caller, ARG));
    const sentinel = 0x5a5a_5a5a;
    write([24, 0, idev.id, 2, 0, 0, sentinel]); // HWPT_ALLOC up to __reserved, its smallest size
    rig.ok(ioctl(ctx, 0x3b89, caller, ARG));
    const after = rig.memory.read(ARG, 28);
    expect(after.ok && [...new Uint32Array(after.value.buffer)]).toEqual([24, 0, idev.id, 2, 3, 0, sentinel]);
  });

  it('an id whose answer cannot be written is free again', () => {
    const { rig, ctx, caller } = scene();
    rig.memory.map(READ_ONLY, 1, () => 9);
    rig.memory.write(READ_ONLY, new Uint8Array(Uint32Array.from([12, 0, 0]).buffer));
    rig.memory.map(READ_ONLY, 1, () => 9, false);
    expect(outcome(rig.run(ioctl(ctx, IOAS_ALLOC, caller, READ_ONLY)))).toBe('EFAULT');
    expect(ctx.objects.isEmpty).toBe(true);
  });

  it('errno numbers are Linux’s', () => {
    expect([ERRNO.ENOTTY, ERRNO.E2BIG, ERRNO.EADDRINUSE, ERRNO.EMSGSIZE, ERRNO.EOVERFLOW]).toEqual([
      25, 7, 98, 90, 75,
    ]);
  });
});

import { err, type Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import { IOMMU_TEST_CMD_NR, iommu_test_cmd } from '../../uapi/iommufd-test';
import { decode, encode, WORD_BYTES, type Fields, type FieldsOf, type Struct } from '../../uapi/struct';
import { defineIoctl, type AnyIoctl, type Ucmd } from '../ioctl';
import { accessOps } from './access-ops';
import { deviceOps } from './device-ops';
import { dmaBufOps } from './dma-buf-ops';
import { domainOps } from './domain-ops';
import { pasidOps } from './pasid-ops';
import type { Selftest } from './selftest';
import type { AnyTestOp } from './test-op';

const rows: readonly AnyTestOp[] = [...deviceOps, ...domainOps, ...pasidOps, ...accessOps, ...dmaBufOps];
const TABLE: ReadonlyMap<number, AnyTestOp> = new Map(rows.map((row) => [row.nr, row]));

/** IOMMU_TEST_CMD. Linux: drivers/iommu/iommufd/selftest.c iommufd_test() */
export const testCommand = (selftest: Selftest): AnyIoctl =>
  defineIoctl({
    name: 'IOMMU_TEST_CMD',
    nr: IOMMU_TEST_CMD_NR,
    layout: iommu_test_cmd,
    last: 'last',
    *execute(ucmd): Task<Result<number | undefined>> {
      const { op, id } = ucmd.cmd;
      const row = TABLE.get(op);
      if (!row) return err('EOPNOTSUPP', `there is no test operation ${op}`, { rule: 'iommufd_test' });
      const args = decode(row.layout, encode(iommu_test_cmd, ucmd.cmd));
      const { ctx, caller } = ucmd;
      return yield* row.execute({
        selftest,
        ctx,
        caller,
        op,
        id,
        args,
        respond: () => respond(ucmd, row.layout, args),
      });
    },
  });

/** Puts the operation's view back into the union, and the whole command back to its user. */
function respond(
  ucmd: Ucmd<FieldsOf<typeof iommu_test_cmd>>,
  layout: Struct,
  args: Fields,
): Result<undefined> {
  const image = encode(iommu_test_cmd, ucmd.cmd);
  const view = encode(layout, args);
  for (const { offset, word } of layout.fields) {
    const bytes = WORD_BYTES[word];
    image.set(view.subarray(offset, offset + bytes), offset);
  }
  Object.assign(ucmd.cmd, decode(iommu_test_cmd, image));
  return ucmd.respond();
}

import { hex } from '../../../lib/u64';
import { invariant } from '../../../lib/invariant';
import type { IommufdCtx } from '../../iommufd/ctx';
import { NO_PASID } from '../../iommu/group';
import { ok, type Result } from '../../kernel/errno';
import type { Task } from '../../kernel/task';
import { ioctlNumber } from '../../uapi/iommufd';
import {
  iommu_test_cmd,
  IOMMU_TEST_CMD_NR,
  IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS,
  IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE,
  IOMMU_TEST_OP_TRIGGER_IOPF,
  IOMMU_TEST_OP_TRIGGER_VEVENT,
  mock_domain_flags,
  mock_domain_replace,
  MOCK_FLAGS_DEVICE_NO_DIRTY,
  MOCK_FLAGS_DEVICE_PASID,
  trigger_iopf,
  trigger_vevent,
} from '../../uapi/iommufd-test';
import { decode, encode, type Fields, type FieldsOf, type Struct } from '../../uapi/struct';
import type { Outcome } from '../statement';
import { callerOf, u32Option } from './calls';
import { nameObject } from './iommufd';
import { found, kernelVerb, mistake, objectAt, said, siblingAt, type Found, type VerbContext } from './verb';

/**
 * Devices of the mock IOMMU: the only one here that has nesting and vIOMMUs. A kernel without CONFIG_IOMMUFD_TEST
 * (`machine … selftest`) does not know the command: ENOTTY.
 *
 * Linux: drivers/iommu/iommufd/selftest.c iommufd_test()
 */
interface TestOp<S extends Struct> {
  readonly op: number;
  readonly id: number;
  readonly layout: S;
}

/** The head of the structure, which all operations have in common. */
const HEAD_BYTES = 16;

function* testCommand<S extends Struct>(
  context: VerbContext,
  ctx: IommufdCtx,
  { op, id, layout }: TestOp<S>,
  fields: Partial<Fields>,
): Task<Result<FieldsOf<S>>> {
  const { caller, scratch } = callerOf(context, ctx).withScratch();
  const bytes = encode(layout, fields);
  bytes.set(encode(iommu_test_cmd, { size: layout.bytes, op, id }).subarray(0, HEAD_BYTES));
  const arg = scratch.place(bytes);
  const answered = yield* ctx.ioctl(caller, ioctlNumber(IOMMU_TEST_CMD_NR), arg);
  if (!answered.ok) return answered;
  const after = scratch.read(arg, layout.bytes);
  return after.ok ? ok(decode(layout, after.value)) : after;
}

/** `dev = TEST_MOCK_DOMAIN ioas`: a new mock device, bound and attached. */
export const mockDomain = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const target = objectAt(context, 0);
  if (!target.ok) return target;
  const { ctx, id } = target.value;
  const dev_flags =
    (args.has('pasid') ? MOCK_FLAGS_DEVICE_PASID : 0) |
    (args.has('no-dirty') ? MOCK_FLAGS_DEVICE_NO_DIRTY : 0);
  const op = { op: IOMMU_TEST_OP_MOCK_DOMAIN_FLAGS, id, layout: mock_domain_flags };
  const made = yield* testCommand(context, ctx, op, { dev_flags });
  if (!made.ok) return made;
  nameObject(context, ctx, made.value.out_idev_id);
  return said(`device ${made.value.out_idev_id}, attached to HWPT ${made.value.out_hwpt_id}`);
});

/** `TEST_MOCK_DOMAIN_REPLACE dev hwpt` */
export const mockReplace = kernelVerb(function* (context): Task<Outcome> {
  const mock = mockAt(context, 0);
  if (!mock.ok) return mock;
  const target = siblingAt(context, 1, mock.value.ctx);
  if (!target.ok) return target;
  const op = { op: IOMMU_TEST_OP_MOCK_DOMAIN_REPLACE, id: mock.value.id, layout: mock_domain_replace };
  const moved = yield* testCommand(context, mock.value.ctx, op, { pt_id: target.value });
  return moved.ok ? said(`replaced to HWPT ${moved.value.pt_id}`) : moved;
});

/** What the user of a mock device holds, by the name of its binding. */
function mockAt(context: VerbContext, at: number): Found<{ readonly ctx: IommufdCtx; readonly id: number }> {
  const dev = objectAt(context, at);
  if (!dev.ok) return dev;
  const { ctx, id } = dev.value;
  const held = ctx.objects.list().find((each) => each.kind === 'selftest' && each.idev.id === id);
  if (held === undefined)
    return mistake(`${context.args.word(at) ?? ''} is no mock device`, context.args.column(at));
  return found({ ctx, id: held.id });
}

/** Linux: include/uapi/linux/iommufd.h IOMMU_PGFAULT_PERM_* */
const PERM_READ = 1;
const PERM_WRITE = 2;

/** `TEST_TRIGGER_IOPF dev 0x1000 rw group=5`: the device asks for a page. Nobody hears what became of it. */
export const triggerIopf = kernelVerb(function* (context): Task<Outcome> {
  const { args } = context;
  const dev = objectAt(context, 0);
  if (!dev.ok) return dev;
  const grpid = u32Option(args, 'group');
  if (!grpid.ok) return grpid;
  const pasid = u32Option(args, 'pasid', NO_PASID);
  if (!pasid.ok) return pasid;
  const addr = args.number(1);
  invariant(addr !== null, 'the check of the verb wants an address');
  const access = args.word(2) ?? '';
  const perm = (access.includes('r') ? PERM_READ : 0) | (access.includes('w') ? PERM_WRITE : 0);
  const fields = { dev_id: dev.value.id, pasid: pasid.value, grpid: grpid.value, perm, addr };
  const op = { op: IOMMU_TEST_OP_TRIGGER_IOPF, id: 0, layout: trigger_iopf };
  const asked = yield* testCommand(context, dev.value.ctx, op, fields);
  return asked.ok ? said(`asks for the page at ${hex(addr)}`) : asked;
});

/** `TEST_TRIGGER_VEVENT dev`: something happened to the device that its VM wants to know. */
export const triggerVevent = kernelVerb(function* (context): Task<Outcome> {
  const dev = objectAt(context, 0);
  if (!dev.ok) return dev;
  const op = { op: IOMMU_TEST_OP_TRIGGER_VEVENT, id: 0, layout: trigger_vevent };
  const told = yield* testCommand(context, dev.value.ctx, op, { dev_id: dev.value.id });
  return told.ok ? said('an event for the VM') : told;
});

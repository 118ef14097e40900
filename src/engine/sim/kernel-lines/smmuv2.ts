import { hex } from '../../../lib/u64';
import { decode, defineField, flag, type FieldRow } from '../../hw/common/fields';
import { draft, message, part, structure, type Draft, type Reading } from './draft';
import { hexOf, hexValue, pairs } from './text';

/**
 * What drivers/iommu/arm/arm-smmu prints, of SMMUv1 and SMMUv2.
 *
 * Spec: Arm System Memory Management Unit Architecture Specification, SMMU architecture version 2.0 (IHI 0062), registers
 * SMMU_CBn_FSR, SMMU_CBn_FSYNR0, SMMU_sGFSR, SMMU_sGFSYNR0
 * Linux: drivers/iommu/arm/arm-smmu/arm-smmu.c arm_smmu_print_context_fault_info(), arm_smmu_global_fault()
 */
export function readSmmuV2(text: string): Reading | null {
  const printed = /\barm-smmu (\S+): ?(.*)$/.exec(text);
  if (printed === null) return null;
  const [, unit = '', said = ''] = printed;
  return readContextFault(unit, said) ?? readGlobalFault(unit, said) ?? readOther(unit, said);
}

const smmu = (unit: string, given: Omit<Parameters<typeof draft>[0], 'source'>): Draft =>
  draft({ source: 'Arm SMMUv2', ...given, facts: [{ name: 'unit', value: unit }] });

const FSR: readonly FieldRow[] = [
  flag('TF', 1, 'translation fault: nothing is mapped at this address', 'no translation fault'),
  flag('AFF', 2, 'access flag fault: the access flag of the page is clear', 'no access flag fault'),
  flag(
    'PF',
    3,
    'permission fault: the page is mapped, but not for this kind of access',
    'no permission fault',
  ),
  flag('EF', 4, 'external fault: memory refused a table walk', 'no external fault'),
  flag('TLBMCF', 5, 'two cached translations cover the address', 'no TLB match conflict'),
  flag('TLBLKF', 6, 'the TLB is locked and full', 'no TLB lock fault'),
  flag('ASF', 7, 'address size fault: an address came out wider than it may be', 'no address size fault'),
  flag('UUT', 8, 'a transaction of a kind that this SMMU has no use for', 'a supported transaction'),
  defineField(
    'FORMAT',
    10,
    9,
    (value) => ['AArch32 short', 'AArch32 long', 'AArch64', 'reserved'][Number(value)] ?? '',
  ),
  flag('SS', 30, 'stalled: it waits for a resume', 'terminated'),
  flag('MULTI', 31, 'more faults came before this one was read', 'the only one'),
];
const FAULTS = 8;

const FSYNR0: readonly FieldRow[] = [
  defineField('PLVL', 1, 0, (value) => `level ${value} of the walk`),
  flag('WNR', 4, 'a write', 'a read'),
  flag('PNU', 5, 'privileged', 'unprivileged'),
  flag('IND', 6, 'instruction', 'data'),
  flag('NSATTR', 8, 'non-secure attribute', 'secure attribute'),
  flag('PTWF', 10, 'met by a table walk', 'met by the transaction itself'),
  flag('AFR', 11, 'recorded asynchronously', 'recorded synchronously'),
  defineField('S1CBNDX', 23, 16, (value) => `stage-1 context bank ${value}`),
];

const GFSR: readonly FieldRow[] = [
  flag('ICF', 0, 'an invalid context was used', 'no invalid context'),
  flag('USF', 1, 'unidentified stream: no stream mapping matches', 'no unidentified stream'),
  flag('SMCF', 2, 'several stream mappings match', 'no stream match conflict'),
  flag('UCBF', 3, 'a context bank that is not implemented', 'no unimplemented context bank'),
  flag('UCIF', 4, 'a context interrupt that is not implemented', 'no unimplemented context interrupt'),
  flag('CAF', 5, 'a configuration access was refused', 'no configuration access fault'),
  flag('EF', 6, 'memory refused the SMMU', 'no external fault'),
  flag('PF', 7, 'a permission fault', 'no permission fault'),
  flag('UUT', 8, 'a transaction of a kind that this SMMU has no use for', 'a supported transaction'),
  flag('MULTI', 31, 'more faults came before this one was read', 'the only one'),
];

const GFSYNR0: readonly FieldRow[] = [
  flag('NESTED', 0, 'met in stage 2 of a stage-1 walk', 'not of a nested walk'),
  flag('WNR', 1, 'a write', 'a read'),
  flag('PNU', 2, 'privileged', 'unprivileged'),
  flag('IND', 3, 'instruction', 'data'),
  flag('NSSTATE', 4, 'non-secure', 'secure'),
  flag('NSATTR', 5, 'non-secure attribute', 'secure attribute'),
];

/** The flags that say why, in words. */
const whyOf = (rows: readonly FieldRow[], value: bigint): string =>
  decode(
    [value],
    rows.filter((row) => row.low <= FAULTS && row.high === row.low),
  )
    .filter((field) => field.value === 1n)
    .map((field) => field.meaning)
    .join('; ');

const CONTEXT = (unit: string): string => `smmuv2-context ${unit}`;
const GLOBAL = (unit: string): string => `smmuv2-global ${unit}`;

function addRegister(open: Draft, name: string, value: bigint, rows: readonly FieldRow[]): void {
  if (open.structures.some((each) => each.name === name)) return;
  open.structures.push(structure(name, [value], decode([value], rows), 4));
}

function addSyndrome(open: Draft, value: bigint): void {
  addRegister(open, 'FSYNR0', value, FSYNR0);
  open.access = (value & 0x40n) !== 0n ? 'execute' : (value & 0x10n) !== 0n ? 'write' : 'read';
}

function readContextFault(unit: string, said: string): Reading | null {
  if (said.startsWith('Unhandled context fault')) {
    const cut = !/cb=\d+$/.test(said);
    const values = pairs(said, '=', cut);
    const [fsr, iova, fsynr, source] = ['fsr', 'iova', 'fsynr', 'cbfrsynra'].map((name) =>
      hexOf(values.get(name)),
    );
    const made = smmu(unit, {
      kind: 'fault',
      title: 'Context fault',
      why: 'the line does not tell the fault status',
    });
    if (fsr !== undefined && fsr !== null) {
      made.reason = Number(fsr);
      made.why = whyOf(FSR, fsr) || 'the fault status names no reason';
      addRegister(made, 'FSR', fsr, FSR);
    }
    made.iova = iova ?? null;
    if (fsynr !== undefined && fsynr !== null) addSyndrome(made, fsynr);
    if (source !== undefined && source !== null) addSource(made, source);
    const bank = values.get('cb');
    if (bank !== undefined) made.facts.push({ name: 'context bank', value: bank });
    return message(made, { key: CONTEXT(unit), cut });
  }
  const register = /^(FSR|FSYNR0)\s*= ([0-9a-f]{8}) \[/i.exec(said);
  if (register === null) return null;
  const value = hexValue(register[2] ?? '');
  const isStatus = register[1] === 'FSR';
  const source = hexOf(/SID=(0x[0-9a-f]+)$/i.exec(said)?.[1]);
  return part(
    CONTEXT(unit),
    (open) => {
      if (isStatus) addRegister(open, 'FSR', value, FSR);
      else addSyndrome(open, value);
      open.reason ??= isStatus ? Number(value) : null;
      if (source !== null && open.device === null) addSource(open, source);
    },
    () =>
      smmu(unit, {
        kind: 'fault',
        title: 'Context fault',
        why: isStatus ? whyOf(FSR, value) : 'what the transaction was',
      }),
  );
}

/** CBFRSYNRA: StreamID in bits 15:0, SSD_INDEX above. */
function addSource(open: Draft, source: bigint): void {
  open.device = `sid ${hex(source & 0xffffn)}`;
  if (source >> 16n !== 0n) open.facts.push({ name: 'SSD_INDEX', value: hex(source >> 16n) });
}

function readGlobalFault(unit: string, said: string): Reading | null {
  const blocked = /^Blocked unknown Stream ID (0x[0-9a-f]+)/i.exec(said);
  if (blocked !== null || said.startsWith('Unexpected global fault')) {
    const made = smmu(unit, {
      kind: 'fault',
      title: blocked === null ? 'Global fault' : 'Unknown StreamID',
      why:
        blocked === null
          ? 'a fault before any context was found'
          : 'no stream mapping has this StreamID, and the driver lets nothing pass by default',
    });
    const sid = hexOf(blocked?.[1]);
    if (sid !== null) made.device = `sid ${hex(sid)}`;
    return message(made, { key: GLOBAL(unit) });
  }
  const registers =
    /^\s*GFSR (0x[0-9a-f]{8}), GFSYNR0 (0x[0-9a-f]{8}), GFSYNR1 (0x[0-9a-f]{8}), GFSYNR2 (0x[0-9a-f]{8})/i.exec(
      said,
    );
  if (registers === null) return null;
  const [status = 0n, syndrome = 0n, source = 0n] = registers.slice(1).map(hexValue);
  return part(
    GLOBAL(unit),
    (open) => {
      open.reason = Number(status);
      open.why = whyOf(GFSR, status) || open.why;
      open.device = `sid ${hex(source & 0xffffn)}`;
      open.access = (syndrome & 8n) !== 0n ? 'execute' : (syndrome & 2n) !== 0n ? 'write' : 'read';
      addRegister(open, 'sGFSR', status, GFSR);
      addRegister(open, 'sGFSYNR0', syndrome, GFSYNR0);
    },
    () => smmu(unit, { kind: 'fault', title: 'Global fault', why: 'a fault before any context was found' }),
    (open) => open.structures.length === 0,
  );
}

function readOther(unit: string, said: string): Reading | null {
  if (!said.startsWith('TLB sync timed out')) return null;
  return message(
    smmu(unit, {
      kind: 'error',
      title: 'TLB sync timed out',
      why: 'the SMMU did not finish an invalidation in time: it may hang',
    }),
  );
}

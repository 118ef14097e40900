import { describe, expect, it } from 'vitest';
import { acsBits, at, machineOf, spec } from '../../testing/pci-machine';
import type { AcsSpec, PciFunctionSpec } from './function-spec';
import type { PciKernelOptions } from './kernel-options';
import { acsBitNames } from './regs';

const ALL = acsBits('SV TB RR CR UF EC DT');

/** Names of the control bits of a root port after Linux has been there. */
function controlOf(
  acs: Partial<AcsSpec>,
  kernel: Partial<PciKernelOptions>,
  more: Partial<PciFunctionSpec> = {},
): string {
  const port = spec('00:01.0', 'root-port', {
    ids: '1b36:000c',
    acs: { cap: ALL, ctrl: null, ...acs },
    ...more,
  });
  const fn = at(machineOf([{ ...port, ...more }], kernel), '00:01.0');
  return acsBitNames(fn.config.read16(fn.acsCap + 6)).join(' ');
}
const STANDARD = 'SV RR CR UF';

/** Expected values follow drivers/pci/pci.c pci_enable_acs(), pci_std_enable_acs() and __pci_config_acs(). */
describe('what Linux writes into ACS control', () => {
  it.each<[string, Partial<AcsSpec>, Partial<PciKernelOptions>, Partial<PciFunctionSpec>, string]>([
    ['its four bits', {}, {}, {}, STANDARD],
    ['of those that the capability has', { cap: acsBits('SV CR DT') }, {}, {}, 'SV CR'],
    ['beside what firmware set', { firmware: acsBits('TB DT') }, {}, {}, 'SV TB RR CR UF DT'],
    ['nothing without an IOMMU', { firmware: acsBits('SV') }, { acsRequested: false }, {}, 'SV'],
    ['Translation Blocking too when ATS is off', {}, { noAts: true }, {}, 'SV TB RR CR UF'],
    ['and on an external-facing port', {}, {}, { external: true }, 'SV TB RR CR UF'],
    ['and on an untrusted one', {}, {}, { untrusted: true }, 'SV TB RR CR UF'],
    ['nothing where a dump shows what it left', { ctrl: acsBits('SV DT') }, {}, {}, 'SV DT'],
    ['but for Translation Blocking, once ATS is off', { ctrl: acsBits('SV') }, { noAts: true }, {}, 'SV TB'],
  ])('%s', (_name, acs, kernel, more, expected) => {
    expect(controlOf(acs, kernel, more)).toBe(expected);
  });

  it.each<[string, Partial<AcsSpec>, string]>([
    ['firmware left nothing on', {}, ''],
    ['firmware left all on', { firmware: ALL }, 'SV TB UF DT'],
    ['a dump shows all on', { ctrl: ALL }, 'SV TB UF DT'],
  ])('disable_acs_redir= starts from the firmware again: %s', (_name, acs, expected) => {
    expect(controlOf(acs, { disableAcsRedir: '00:01.0' })).toBe(expected);
    expect(controlOf(acs, { disableAcsRedir: 'pci:1:2;pci:1b36:000c' })).toBe(expected);
    expect(controlOf(acs, { disableAcsRedir: '00:01.0', acsRequested: false })).toBe(expected);
  });
  it.each(['00:02.0', 'pci:1:2:3;00:01.0', 'nonsense;00:01.0', '@00:01.0'])(
    'disable_acs_redir=%s is not about it',
    (who) => {
      expect(controlOf({}, { disableAcsRedir: who })).toBe(STANDARD);
    },
  );

  it.each<[string, string]>([
    ['1@00:01.0', 'SV'],
    ['1x@00:01.0', 'TB'],
    ['0@00:01.0', ''],
    ['xxxxxxx@00:01.0', ''],
    ['1111111@00:01.0', 'SV TB RR CR UF EC DT'],
    ['11101@pci:1b36:0', 'SV RR CR UF'],
    ['X1x1@00:01.0', 'SV RR'],
    ['@00:01.0', ''],
    ['1@00:02.0;1x@00:01.0', 'TB'],
    ['1@00:01.0;1x@00:01.0', 'SV'], // the first that names it
    ['1@pci:1:2;11@pci:1b36:000c', 'SV TB'],
  ])('config_acs=%s: %s', (text, expected) => {
    expect(controlOf({}, { configAcs: text })).toBe(expected);
  });
  it('config_acs= keeps the bits of firmware at x, and changes those of a dump', () => {
    expect(controlOf({ firmware: acsBits('RR DT') }, { configAcs: '0xx1@00:01.0' })).toBe('SV RR DT');
    expect(controlOf({ ctrl: acsBits('SV RR CR UF') }, { configAcs: 'xx00xx@00:01.0' })).toBe('SV UF');
    expect(controlOf({ ctrl: acsBits('SV RR'), firmware: 0 }, { configAcs: 'x1x@00:01.0' })).toBe('TB');
  });
  it.each([
    '1',
    '00:01.0',
    '12@00:01.0',
    '10000000@00:01.0',
    '1@nonsense',
    '1@00:02.0,1@00:01.0',
    '1@pci:1:2:3;1@00:01.0',
  ])('config_acs=%s changes nothing: it cannot be read as far as there', (text) => {
    expect(controlOf({}, { configAcs: text })).toBe(STANDARD);
  });
  it('bits that a port does not have stay off', () => {
    expect(controlOf({ cap: acsBits('SV RR') }, { configAcs: '1111111@00:01.0' })).toBe('SV RR');
  });
  it('config_acs= has the last word', () => {
    expect(controlOf({}, { disableAcsRedir: '00:01.0', configAcs: '1xx@00:01.0' })).toBe('RR');
  });

  describe('on a port with dword registers (pci_quirk_enable_intel_spt_pch_acs, pci_quirk_disable_intel_spt_pch_acs_redir)', () => {
    const dword = (acs: Partial<AcsSpec>, kernel: Partial<PciKernelOptions>): string => {
      const port = spec('00:1c.0', 'root-port', { ids: '8086:a110', acs: { cap: ALL, ctrl: null, ...acs } });
      const fn = at(machineOf([port], kernel), '00:1c.0');
      expect(fn.config.read16(fn.acsCap + 6)).toBe(0);
      return acsBitNames(fn.config.read16(fn.acsCap + 8)).join(' ');
    };
    it('the bits go to +8', () => {
      expect(dword({}, {})).toBe(STANDARD);
      expect(dword({}, { noAts: true })).toBe('SV TB RR CR UF');
      expect(dword({ ctrl: acsBits('SV') }, {})).toBe('SV');
    });
    it('disable_acs_redir= starts from what Linux set', () => {
      expect(dword({}, { disableAcsRedir: 'pci:0:0' })).toBe('SV UF');
    });
    it('config_acs= switches redirection off, whatever it says', () => {
      expect(dword({}, { configAcs: '1111111@pci:0:0' })).toBe('SV UF');
    });
  });

  it('a port whose own registers do it counts as done, and has its standard bits left alone', () => {
    const port = { ids: '8086:8c10', acs: { cap: ALL, ctrl: null } };
    const fn = at(machineOf([spec('00:1c.0', 'root-port', port)]), '00:1c.0');
    expect(fn.flags.acsEnabledQuirk).toBe(true);
    expect(fn.config.read16(fn.acsCap + 6)).toBe(0);
  });

  it('out of reach with pci=nommconf', () => {
    const port = spec('00:01.0', 'root-port', { acs: { cap: ALL, ctrl: null } });
    expect(at(machineOf([port], { extendedConfig: false }), '00:01.0').acsCap).toBe(0);
  });
});

/** drivers/pci/probe.c set_pcie_untrusted(); arch/x86/pci/acpi.c arch_pci_dev_is_removable(), pcie_switch_directly_under() */
describe('what comes from outside', () => {
  const dock = (root: Partial<PciFunctionSpec>, ids = '8086:1234') =>
    machineOf([
      spec('00:1d.0', 'root-port', { bus: '01-06', ids, ...root }),
      spec('01:00.0', 'upstream-port', { bus: '02-06' }),
      spec('02:00.0', 'downstream-port', { bus: '03-03' }),
      spec('02:01.0', 'downstream-port', { bus: '04-06' }),
      spec('03:00.0', 'endpoint'),
      spec('04:00.0', 'upstream-port', { bus: '05-06' }),
      spec('05:00.0', 'downstream-port', { bus: '06-06' }),
      spec('06:00.0', 'endpoint'),
    ]);
  const untrusted = (topology: ReturnType<typeof dock>): string[] =>
    topology.functions.filter((fn) => fn.untrusted).map((fn) => fn.shortName);
  it('nothing, unless firmware marks a port', () => {
    expect(untrusted(dock({}))).toEqual([]);
  });
  it('what is behind the Thunderbolt chip that is soldered to a marked port, but not the chip', () => {
    expect(untrusted(dock({ external: true }))).toEqual(['04:00.0', '05:00.0', '06:00.0']);
  });
  it('all below a marked port that is Thunderbolt itself', () => {
    const below = ['01:00.0', '02:00.0', '02:01.0', '03:00.0', '04:00.0', '05:00.0', '06:00.0'];
    expect(untrusted(dock({ external: true }, '8086:9a23'))).toEqual(below);
  });
  it('all below what is untrusted', () => {
    const machine = machineOf([
      spec('00:01.0', 'root-port', { bus: '01-01' }),
      spec('00:02.0', 'root-port', { bus: '02-02', untrusted: true }),
      spec('01:00.0', 'endpoint'),
      spec('02:00.0', 'endpoint'),
    ]);
    expect(untrusted(machine)).toEqual(['00:02.0', '02:00.0']);
  });
  it('an endpoint right below a marked port', () => {
    const machine = machineOf([
      spec('00:01.0', 'root-port', { bus: '01-01', external: true }),
      spec('01:00.0', 'endpoint'),
    ]);
    expect(untrusted(machine)).toEqual(['01:00.0']);
  });
});

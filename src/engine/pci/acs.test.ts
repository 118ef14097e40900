import { describe, expect, it } from 'vitest';
import { acsBits, at, ISOLATING, machineOf, spec } from '../../testing/pci-machine';
import { acsEnabled, explainLeak, firstLeakyBridge, REQ_ACS_FLAGS } from './acs';
import type { PciFunctionSpec, PciKind } from './function-spec';

/** Whether the function isolates, by drivers/pci/pci.c pci_acs_enabled(). */
const isolates = (
  fn: PciFunctionSpec,
  others: readonly PciFunctionSpec[] = [],
  acsRequested = true,
): boolean => acsEnabled(machineOf([...others, fn], { acsRequested }).find(fn.address)!, REQ_ACS_FLAGS);

describe('pci_acs_enabled() by port type', () => {
  const OFF = { cap: acsBits('SV RR CR UF'), ctrl: acsBits('SV CR UF') };
  it.each<[PciKind, boolean, boolean, boolean]>([
    // kind, without a capability, with one that lacks RR in control, with all on
    ['root-port', false, false, true],
    ['downstream-port', false, false, true],
    ['upstream-port', true, true, true],
    ['endpoint', true, true, true],
    ['legacy-endpoint', true, true, true],
    ['rciep', true, true, true],
    ['rcec', false, false, false],
    ['pcie-to-pci', false, false, false],
    ['pci-to-pcie', false, false, false],
  ])('%s alone in its slot', (kind, without, off, on) => {
    expect(isolates(spec('00:03.0', kind))).toBe(without);
    expect(isolates(spec('00:03.0', kind, { acs: OFF }))).toBe(off);
    expect(isolates(spec('00:03.0', kind, { acs: ISOLATING }))).toBe(on);
  });

  it.each<PciKind>(['upstream-port', 'endpoint', 'legacy-endpoint', 'rciep'])(
    '%s in a multifunction device needs the capability',
    (kind) => {
      expect(isolates(spec('00:03.0', kind, { multifunction: true }))).toBe(false);
      expect(isolates(spec('00:03.0', kind, { multifunction: true, acs: OFF }))).toBe(false);
      expect(isolates(spec('00:03.0', kind, { multifunction: true, acs: ISOLATING }))).toBe(true);
    },
  );

  it.each<PciKind>(['pci', 'pci-bridge'])('%s never isolates', (kind) => {
    expect(isolates(spec('00:03.0', kind))).toBe(false);
  });

  it('takes a bit that the capability lacks as hard-wired on, so that an empty capability isolates', () => {
    expect(isolates(spec('00:01.0', 'root-port', { acs: { cap: 0, ctrl: 0 } }))).toBe(true);
    expect(isolates(spec('00:01.0', 'root-port', { acs: { cap: acsBits('SV'), ctrl: 0 } }))).toBe(false);
  });

  it('does without Source Validation on two IDT switches (pci_disable_broken_acs_cap)', () => {
    const acs = { cap: acsBits('SV RR CR UF'), ctrl: acsBits('RR CR UF') };
    expect(isolates(spec('00:01.0', 'downstream-port', { ids: '111d:80b5', acs }))).toBe(true);
    expect(isolates(spec('00:01.0', 'downstream-port', { ids: '111d:80b6', acs }))).toBe(false);
  });
});

describe('pci_dev_acs_enabled[], one row or more of every function', () => {
  const inSlot = { multifunction: true };
  it.each<[string, PciFunctionSpec, boolean]>([
    ['mf_endpoint: Solarflare', spec('00:03.0', 'endpoint', { ids: '1924:0903', ...inSlot }), true],
    ['mf_endpoint: Intel 82576', spec('00:03.0', 'endpoint', { ids: '8086:10c9', ...inSlot }), true],
    ['mf_endpoint: Emulex Skyhawk', spec('00:03.0', 'endpoint', { ids: '10df:0720', ...inSlot }), true],
    ['mf_endpoint: Broadcom', spec('00:03.0', 'endpoint', { ids: '14e4:1750', ...inSlot }), true],
    ['mf_endpoint: even without PCIe (I219)', spec('00:1f.6', 'pci', { ids: '8086:15b8', ...inSlot }), true],
    ['no row: another Intel NIC', spec('00:03.0', 'endpoint', { ids: '8086:1572', ...inSlot }), false],
    ['rciep: Intel', spec('00:03.0', 'rciep', { ids: '8086:4c90', ...inSlot }), true],
    ['rciep: not for AMD', spec('00:03.0', 'rciep', { ids: '1022:4c90', ...inSlot }), false],
    ['qcom_rp', spec('00:00.0', 'root-port', { ids: '17cb:0401' }), true],
    ['qcom_rp: HXT', spec('00:00.0', 'root-port', { ids: '1dbf:0401' }), true],
    ['intel_pch: Lynx Point', spec('00:1c.0', 'root-port', { ids: '8086:8c10' }), true],
    ['intel_pch: not a root port', spec('00:1c.0', 'downstream-port', { ids: '8086:8c10' }), false],
    ['intel_pch: X79 has even numbers only', spec('00:1c.0', 'root-port', { ids: '8086:1d11' }), false],
    ['cavium: ThunderX2', spec('00:00.0', 'root-port', { ids: '177d:af84' }), true],
    ['cavium: not a root port', spec('00:00.0', 'downstream-port', { ids: '177d:af84' }), false],
    ['mf_endpoint after cavium: BGX', spec('00:03.0', 'endpoint', { ids: '177d:a026', ...inSlot }), true],
    ['xgene', spec('00:00.0', 'root-port', { ids: '10e8:e004' }), true],
    ['xgene: Ampere', spec('00:00.0', 'root-port', { ids: '1def:e00c' }), true],
    ['brcm', spec('00:00.0', 'root-port', { ids: '14e4:d714' }), true],
    ['loongson', spec('00:09.0', 'root-port', { ids: '0014:7a29' }), true],
    ['al', spec('00:00.0', 'root-port', { ids: '1c36:0031' }), true],
    ['al: not a root port', spec('00:00.0', 'downstream-port', { ids: '1c36:0031' }), false],
    ['nxp_rp', spec('00:00.0', 'root-port', { ids: '1957:8d80' }), true],
    ['zhaoxin: a port of the list', spec('00:03.0', 'root-port', { ids: '1d17:0717' }), true],
    [
      'zhaoxin: another, whatever its ACS says',
      spec('00:03.0', 'root-port', { ids: '1d17:0722', acs: ISOLATING }),
      false,
    ],
    ['zhaoxin: not a port', spec('00:03.0', 'endpoint', { ids: '1d17:0722' }), true],
    ['wangxun', spec('00:03.0', 'endpoint', { ids: '8088:1001', ...inSlot }), true],
    [
      'wangxun: another device counts as not isolated',
      spec('00:03.0', 'endpoint', { ids: '8088:1002' }),
      false,
    ],
  ])('%s', (_name, fn, expected) => {
    expect(isolates(fn)).toBe(expected);
  });

  it('intel_pch counts only once Linux has switched peer decoding off, which it does when an IOMMU is on', () => {
    expect(isolates(spec('00:1c.0', 'root-port', { ids: '8086:1c10' }), [], false)).toBe(false);
  });

  describe('amd_sb', () => {
    const ivrs = spec('00:00.2', 'pci', { ids: '1022:1451', classCode: 0x080600 });
    const sb = spec('00:14.0', 'pci', { ids: '1002:4385', multifunction: true });
    it('isolates on a machine with an IVRS table', () => {
      expect(isolates(sb, [ivrs])).toBe(true);
    });
    it('asks the standard registers without one, and alone in its slot', () => {
      expect(isolates(sb)).toBe(false);
      expect(isolates({ ...sb, multifunction: false }, [ivrs])).toBe(false);
    });
  });

  it('intel_spt reads the control register at +8, whatever stands at +6', () => {
    const port = spec('00:1c.0', 'root-port', {
      ids: '8086:a110',
      acs: { cap: acsBits('SV RR CR UF'), ctrl: 0 },
    });
    const fn = machineOf([port]).find(port.address)!;
    fn.config.write16(fn.acsCap + 6, 0x1d);
    expect(acsEnabled(fn, REQ_ACS_FLAGS)).toBe(false);
    fn.config.write32(fn.acsCap + 8, 0x1d);
    expect(acsEnabled(fn, REQ_ACS_FLAGS)).toBe(true);
  });
});

describe('pci_enable_acs()', () => {
  const unset = { cap: acsBits('SV TB RR CR UF EC DT'), ctrl: null };
  const ctrlOf = (fn: PciFunctionSpec, acsRequested: boolean, offset = 6): number => {
    const found = machineOf([fn], { acsRequested }).find(fn.address)!;
    return found.config.read16(found.acsCap + offset);
  };
  it('sets what the capability has of SV, RR, CR and UF when an IOMMU is on', () => {
    expect(ctrlOf(spec('00:01.0', 'root-port', { acs: unset }), true)).toBe(acsBits('SV RR CR UF'));
  });
  it('leaves it alone without an IOMMU, and where the script gives it', () => {
    expect(ctrlOf(spec('00:01.0', 'root-port', { acs: unset }), false)).toBe(0);
    expect(ctrlOf(spec('00:01.0', 'root-port', { acs: { ...unset, ctrl: acsBits('TB') } }), true)).toBe(
      acsBits('TB'),
    );
  });
  it('writes at +8 on a Sunrise Point root port', () => {
    const port = spec('00:1c.0', 'root-port', {
      ids: '8086:9d10',
      acs: { cap: acsBits('SV RR'), ctrl: null },
    });
    expect([ctrlOf(port, true, 6), ctrlOf(port, true, 8)]).toEqual([0, acsBits('SV RR')]);
  });
});

describe('pci_acs_path_enabled()', () => {
  it('names the first bridge on the way up that does not isolate', () => {
    const topology = machineOf([
      spec('00:01.0', 'root-port', { bus: '01-03' }),
      spec('01:00.0', 'upstream-port', { bus: '02-03' }),
      spec('02:01.0', 'downstream-port', { bus: '03-03', acs: ISOLATING }),
    ]);
    const leak = firstLeakyBridge(at(topology, '02:01.0'), REQ_ACS_FLAGS);
    expect(leak?.shortName).toBe('00:01.0');
    expect(explainLeak(leak!, REQ_ACS_FLAGS)).toBe('root port 00:01.0 has no ACS capability');
  });
  it('names the bits that are off', () => {
    const topology = machineOf([
      spec('00:01.0', 'root-port', { acs: { cap: acsBits('SV RR CR UF'), ctrl: acsBits('SV UF') } }),
    ]);
    expect(explainLeak(at(topology, '00:01.0'), REQ_ACS_FLAGS)).toBe(
      'root port 00:01.0 has RR, CR off in its ACS control register',
    );
  });
});

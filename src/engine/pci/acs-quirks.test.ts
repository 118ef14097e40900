import { describe, expect, it } from 'vitest';
import { acsBits, at, ISOLATING, machineOf, spec } from '../../testing/pci-machine';
import { acsVerdict, REQ_ACS_FLAGS } from './acs';
import { ACS_QUIRKS } from './acs-quirks';
import type { PciFunctionSpec, PciKind } from './function-spec';

/** Linux 7.1, drivers/pci/quirks.c pci_dev_acs_enabled[], read off row by row: function, vendor, devices; `any` is PCI_ANY_ID. */
const KERNEL = `
  pci_quirk_amd_sb_acs 1002 4385 439c 4383 439d 4384 4399
  pci_quirk_amd_sb_acs 1022 780f 7809
  pci_quirk_mf_endpoint_acs 1924 0903 0923 0a03
  pci_quirk_mf_endpoint_acs 8086 10c6 10db 10dd 10e1 10f1 10f7 10f8 10f9 10fa 10fb 10fc 1507 1514 151c 1529 152a 154d
    154f 1551 1558 1509 150e 150f 1510 1511 1516 1527 10c9 10e6 10e7 10e8 150a 150d 1518 1526 10a7 10a9 10d6 1521 1522
    1523 1524 105e 105f 1060 10d9 15b7 15b8
  pci_quirk_rciep_acs 8086 any
  pci_quirk_qcom_rp_acs 17cb 0400 0401 0115 0111 0120
  pci_quirk_qcom_rp_acs 1dbf 0401
  pci_quirk_intel_pch_acs 8086 any
  pci_quirk_intel_spt_pch_acs 8086 any
  pci_quirk_mf_endpoint_acs 19a2 0710
  pci_quirk_mf_endpoint_acs 10df 0720
  pci_quirk_cavium_acs 177d any
  pci_quirk_mf_endpoint_acs 177d a026 a059 a060
  pci_quirk_xgene_acs 10e8 e004
  pci_quirk_xgene_acs 1def e005 e006 e007 e008 e009 e00a e00b e00c
  pci_quirk_mf_endpoint_acs 14e4 16d7 1750 1751 1752 1760 1761 1762 1763
  pci_quirk_brcm_acs 14e4 d714
  pci_quirk_loongson_acs 0014 3c09 3c19 3c29 7a09 7a19 7a29 7a39 7a49 7a59 7a69
  pci_quirk_al_acs 1c36 0031
  pci_quirk_mf_endpoint_acs 1d17 3038 3104 9083
  pci_quirk_nxp_rp_acs 1957 8d81 8da1 8d83 8d80 8da0 8d82 8d90 8db0 8d92 8d91 8db1 8d93 8d89 8da9 8d8b 8d88 8da8 8d8a
    8d98 8db8 8d9a 8d99 8db9 8d9b
  pci_quirk_zhaoxin_pcie_ports_acs 1d17 any
  pci_quirk_wangxun_nic_acs 8088 any`;

interface Row {
  readonly name: string;
  readonly vendor: string;
  readonly devices: readonly string[];
}

const ROWS: readonly Row[] = KERNEL.trim()
  .split(/\n(?=\s+pci_quirk)/)
  .map((line) => {
    const [name = '', vendor = '', ...devices] = line.trim().split(/\s+/);
    return { name, vendor, devices };
  });

/** The kind of function that each of the kernel's quirk functions is for. */
const KINDS: Readonly<Record<string, PciKind>> = {
  pci_quirk_amd_sb_acs: 'pci',
  pci_quirk_mf_endpoint_acs: 'endpoint',
  pci_quirk_rciep_acs: 'rciep',
  pci_quirk_wangxun_nic_acs: 'endpoint',
};
const IVRS = spec('00:00.2', 'pci', { ids: '1022:1451', classCode: 0x080600 });
const kindOf = (name: string): PciKind => KINDS[name] ?? 'root-port';

/** Which row of the table answers for a function, and what. */
function answer(fn: PciFunctionSpec): { readonly name: string | null; readonly isolated: boolean } {
  const verdict = acsVerdict(machineOf([IVRS, fn]).find(fn.address)!, REQ_ACS_FLAGS);
  return { name: verdict.ground === 'quirk' ? verdict.quirk.name : null, isolated: verdict.enabled };
}

const inSlot = (ids: string, kind: PciKind): PciFunctionSpec =>
  spec('00:14.0', kind, { ids, multifunction: true });

describe('pci_dev_acs_enabled[]', () => {
  it('has the rows of the kernel, of each vendor in its order', () => {
    const byVendor = (a: Row, b: Row): number => a.vendor.localeCompare(b.vendor);
    const ours = ACS_QUIRKS.filter(({ vendorId }) => vendorId !== null).map(
      ({ name, vendorId, devices }) => ({
        name,
        vendor: (vendorId ?? 0).toString(16).padStart(4, '0'),
        devices:
          devices === null ? ['any'] : [...devices].map((id) => id.toString(16).padStart(4, '0')).sort(),
      }),
    );
    // The kernel's row for any Intel root port looks its ids up itself.
    const looked = ours.map((row) =>
      row.name === 'pci_quirk_intel_pch_acs' ? { ...row, devices: ['any'] } : row,
    );
    const kernel = ROWS.map((row) => ({ ...row, devices: [...row.devices].sort() }));
    expect(looked.toSorted(byVendor)).toEqual(kernel.toSorted(byVendor));
  });

  const listed = ROWS.flatMap(({ name, vendor, devices }) =>
    devices.filter((id) => id !== 'any').map((id) => [name, `${vendor}:${id}`] as const),
  );
  it.each(listed)('%s answers for %s: isolated', (name, ids) => {
    expect(answer(inSlot(ids, kindOf(name)))).toEqual({ name, isolated: true });
  });
});

describe('rows for any device look at the id themselves', () => {
  // pci_quirk_intel_pch_acs_ids[]: first and last of each chipset, and a neighbour that is not in it.
  it.each(['3b42', '3b51', '1c10', '1c1f', '1e10', '1e1f', '8c10', '8c1f', '9c10', '9c1b', '9c90', '9c9b'])(
    'pci_quirk_intel_pch_acs: root port 8086:%s',
    (id) => {
      expect(answer(inSlot(`8086:${id}`, 'root-port'))).toEqual({
        name: 'pci_quirk_intel_pch_acs',
        isolated: true,
      });
    },
  );
  it.each(['1d10', '1d1e', '8d10', '8d11', '8d1e', '8c90', '8c9e'])(
    'pci_quirk_intel_pch_acs: root port 8086:%s of a server or desktop chipset',
    (id) => {
      expect(answer(inSlot(`8086:${id}`, 'root-port')).name).toBe('pci_quirk_intel_pch_acs');
    },
  );
  it.each(['3b41', '3b52', '1c20', '9c1c', '9c9c', '1d11', '8d1f', '8c91'])(
    'no row: root port 8086:%s',
    (id) => {
      expect(answer(inSlot(`8086:${id}`, 'root-port'))).toEqual({ name: null, isolated: false });
    },
  );

  const dword = { cap: acsBits('SV RR CR UF'), ctrl: null };
  it.each(['a110', 'a11f', 'a167', 'a16a', 'a290', 'a29f', 'a2e7', 'a2ee', '9d10', '9d1b'])(
    'pci_quirk_intel_spt_pch_acs: root port 8086:%s',
    (id) => {
      const port = spec('00:1c.0', 'root-port', { ids: `8086:${id}`, acs: dword });
      expect(answer(port)).toEqual({ name: 'pci_quirk_intel_spt_pch_acs', isolated: true });
      expect(answer({ ...port, acs: { ...dword, ctrl: 0 } }).isolated).toBe(false);
      expect(answer({ ...port, acs: null }).name).toBeNull();
    },
  );
  it.each(['a10f', 'a120', 'a166', 'a16b', 'a28f', 'a2a0', 'a2e6', 'a2ef', '9d0f', '9d1c'])(
    'no row: root port 8086:%s keeps its registers where the specification has them',
    (id) => {
      expect(answer(spec('00:1c.0', 'root-port', { ids: `8086:${id}`, acs: ISOLATING }))).toEqual({
        name: null,
        isolated: true,
      });
    },
  );

  it.each([
    ['177d:a000', 'root-port', 'pci_quirk_cavium_acs', true],
    ['177d:a7ff', 'root-port', 'pci_quirk_cavium_acs', true],
    ['177d:af84', 'root-port', 'pci_quirk_cavium_acs', true],
    ['177d:b884', 'root-port', 'pci_quirk_cavium_acs', true],
    ['177d:a800', 'root-port', null, false],
    ['177d:a001', 'downstream-port', null, false],
    ['1d17:0710', 'root-port', 'pci_quirk_zhaoxin_pcie_ports_acs', true],
    ['1d17:071e', 'downstream-port', 'pci_quirk_zhaoxin_pcie_ports_acs', true],
    ['1d17:071f', 'root-port', 'pci_quirk_zhaoxin_pcie_ports_acs', false],
    ['1d17:0721', 'root-port', 'pci_quirk_zhaoxin_pcie_ports_acs', true],
    ['1d17:0722', 'root-port', 'pci_quirk_zhaoxin_pcie_ports_acs', false],
    ['1d17:0723', 'root-port', 'pci_quirk_zhaoxin_pcie_ports_acs', true],
    ['1d17:0752', 'downstream-port', 'pci_quirk_zhaoxin_pcie_ports_acs', true],
    ['1d17:0753', 'root-port', 'pci_quirk_zhaoxin_pcie_ports_acs', false],
    ['1d17:0710', 'upstream-port', null, false],
    ['8088:0100', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:010f', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:1001', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:2001', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:5010', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:5025', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:5040', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:5110', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:5125', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:5140', 'endpoint', 'pci_quirk_wangxun_nic_acs', true],
    ['8088:0110', 'endpoint', 'pci_quirk_wangxun_nic_acs', false],
    ['8086:1234', 'rciep', 'pci_quirk_rciep_acs', true],
    ['8086:1234', 'endpoint', null, false],
    ['1c36:0031', 'downstream-port', null, false],
  ] as const)('%s as %s: %s, isolated %s', (ids, kind, name, isolated) => {
    expect(answer(inSlot(ids, kind))).toEqual({ name, isolated });
  });
});

describe('rows that do not ask what kind of function it is', () => {
  it.each(['17cb:0401', '10e8:e004', '14e4:d714', '0014:7a29', '1957:8d80'])('%s as an endpoint', (ids) => {
    expect(answer(inSlot(ids, 'endpoint')).isolated).toBe(true);
  });
});

describe('pcie_acs_override= (a patch that was never merged)', () => {
  const ALL = { downstream: true, multifunction: true, ids: [] };
  const verdictOf = (fn: PciFunctionSpec, acsOverride: typeof ALL): boolean =>
    acsVerdict(machineOf([fn], { acsOverride }).find(fn.address)!, REQ_ACS_FLAGS).enabled;

  // Kinds by the patch's pcie_acs_overrides(): which word speaks for which, without a capability.
  it.each<[PciKind, boolean, boolean]>([
    ['root-port', true, false],
    ['downstream-port', true, false],
    ['endpoint', false, true],
    ['upstream-port', false, true],
    ['legacy-endpoint', false, true],
    ['rciep', false, true],
    ['rcec', false, false],
    ['pcie-to-pci', false, false],
    ['pci-to-pcie', false, false],
    ['pci', false, false],
    ['pci-bridge', false, false],
  ])('%s: downstream %s, multifunction %s', (kind, downstream, multifunction) => {
    const fn = inSlot('1234:0001', kind);
    expect(verdictOf(fn, { ...ALL, multifunction: false })).toBe(downstream);
    expect(verdictOf(fn, { ...ALL, downstream: false })).toBe(multifunction);
  });
  it('never speaks for a function with an ACS capability, even one that is off', () => {
    const off = { cap: acsBits('SV RR CR UF'), ctrl: 0 };
    expect(verdictOf(spec('00:01.0', 'root-port', { acs: off }), ALL)).toBe(false);
  });
  it('takes a device by its ids, whatever its kind, but not without PCI Express', () => {
    const ids = [{ vendorId: 0x1234, deviceId: 1 }];
    const named = { downstream: false, multifunction: false, ids };
    const machine = (kind: PciKind) => machineOf([inSlot('1234:0001', kind)], { acsOverride: named });
    expect(acsVerdict(at(machine('pcie-to-pci'), '00:14.0'), REQ_ACS_FLAGS).enabled).toBe(true);
    expect(acsVerdict(at(machine('pci'), '00:14.0'), REQ_ACS_FLAGS).enabled).toBe(false);
  });
  it('comes last: what a row of the kernel denies stays denied', () => {
    expect(verdictOf(inSlot('1d17:0722', 'root-port'), ALL)).toBe(false);
  });
});

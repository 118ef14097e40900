import { UNKNOWN_ID } from '../../engine/pci/function-spec';

/**
 * Numbers for names: lspci without -n prints names, and quirks go by number. Only what a quirk asks for is here; names
 * that several devices share, of which one has no quirk, are left out.
 *
 * Names as in the PCI ID database (pci-ids.ucw.cz), in the spellings that it has had.
 */
const VENDORS: readonly (readonly [prefix: string, vendorId: number])[] = [
  ['Intel Corporation', 0x8086],
  ['Intel Corp.', 0x8086],
  ['Advanced Micro Devices, Inc. [AMD/ATI]', 0x1002],
  ['Advanced Micro Devices [AMD] nee ATI', 0x1002],
  ['ATI Technologies Inc', 0x1002],
  ['Advanced Micro Devices, Inc. [AMD]', 0x1022],
  ['Advanced Micro Devices [AMD]', 0x1022],
  ['ASMedia Technology Inc.', 0x1b21],
  ['ASPEED Technology, Inc.', 0x1a03],
  ['Marvell Technology Group Ltd.', 0x1b4b],
  ['Broadcom Inc. and subsidiaries', 0x14e4],
  ['Broadcom Corporation', 0x14e4],
  ['Integrated Technology Express, Inc.', 0x1283],
  ['Tundra Semiconductor Corp.', 0x10e3],
  ['Ricoh Co Ltd', 0x1180],
  ['HighPoint Technologies, Inc.', 0x1103],
  ['JMicron Technology Corp.', 0x197b],
  ['PLX Technology, Inc.', 0x10b5],
  ['Solarflare Communications', 0x1924],
  ['AMD Solarflare', 0x1924],
  ['Emulex Corporation', 0x19a2],
  ['Cavium, Inc.', 0x177d],
  ['Ampere Computing, LLC', 0x1def],
  ['Loongson Technology LLC', 0x0014],
  ['Zhaoxin', 0x1d17],
  ['Beijing Wangxun Technology Co., Ltd.', 0x8088],
  ['Annapurna Labs Ltd.', 0x1c36],
  ['Amazon.com, Inc. Annapurna Labs', 0x1c36],
  ['Freescale Semiconductor Inc', 0x1957],
  ['Red Hat, Inc.', 0x1b36],
];

/** Intel PCH root ports: names of a family, and the device id of port 1. */
const INTEL_PORTS: readonly (readonly [family: RegExp, idOf: (port: number) => number | null])[] = [
  [/^5 Series\/3400 Series Chipset /, everySecond(0x3b42, 8)],
  [/^6 Series\/C200 Series Chipset Family /, everySecond(0x1c10, 8)],
  [/^7 Series\/(?:C216|C210 Series|C216 Series) Chipset Family /, everySecond(0x1e10, 8)],
  [/^8 Series\/C220 Series Chipset Family /, everySecond(0x8c10, 8)],
  [/^8 Series PCI/, everySecond(0x9c10, 6)],
  [/^Wildcat Point-LP /, everySecond(0x9c90, 6)],
  [/^C600\/X79 series chipset /, everySecond(0x1d10, 8)],
  [/^C610\/X99 series chipset /, everySecond(0x8d10, 8)],
  [/^9 Series Chipset Family /, everySecond(0x8c90, 8)],
  [/^(?:100 Series\/C230 Series|100\/C230 Series) Chipset Family /, inTurn([0xa110, 16], [0xa167, 4])],
  [/^(?:Sunrise Point-H) /, inTurn([0xa110, 16], [0xa167, 4])],
  [/^(?:200 Series PCH|200 Series\/Z370 Chipset Family) /, inTurn([0xa290, 16], [0xa2e7, 8])],
  [/^Sunrise Point-LP /, inTurn([0x9d10, 12])],
];
const PORT_NUMBER = /PCI(?:e| Express) Root Port #?(\d{1,2})$/;

function everySecond(first: number, ports: number): (port: number) => number | null {
  return (port) => (port >= 1 && port <= ports ? first + 2 * (port - 1) : null);
}
function inTurn(
  ...runs: readonly (readonly [first: number, count: number])[]
): (port: number) => number | null {
  return (port) => {
    let left = port - 1;
    for (const [first, count] of runs) {
      if (left >= 0 && left < count) return first + left;
      left -= count;
    }
    return null;
  };
}

/** Single devices, by vendor and name. */
const DEVICES: Readonly<Record<number, Readonly<Record<string, number>>>> = {
  0x1002: {
    'SBx00 SMBus Controller': 0x4385,
    'SB7x0/SB8x0/SB9x0 IDE Controller': 0x439c,
    'SBx00 Azalia (Intel HDA)': 0x4383,
    'SB7x0/SB8x0/SB9x0 LPC host controller': 0x439d,
    'SBx00 PCI to PCI Bridge': 0x4384,
    'SB7x0/SB8x0/SB9x0 USB OHCI2 Controller': 0x4399,
  },
  0x8086: {
    '82801 PCI Bridge': 0x244e,
    '82599ES 10-Gigabit SFI/SFP+ Network Connection': 0x10fb,
    '82576 Gigabit Network Connection': 0x10c9,
    '82580 Gigabit Network Connection': 0x150e,
    '82575EB Gigabit Network Connection': 0x10a7,
    'I350 Gigabit Network Connection': 0x1521,
    'I350 Gigabit Fiber Network Connection': 0x1522,
    'I350 Gigabit Backplane Connection': 0x1523,
    '82571EB/82571GB Gigabit Ethernet Controller D0/D1 (copper applications)': 0x105e,
    'Ethernet Connection (2) I219-LM': 0x15b7,
    'Ethernet Connection (2) I219-V': 0x15b8,
    'Volume Management Device NVMe RAID Controller': 0x9a0b,
  },
  0x1b21: { 'ASM1083/1085 PCIe to PCI Bridge': 0x1080 },
  0x1a03: { 'AST1150 PCI-to-PCI Bridge': 0x1150 },
  0x1283: { 'IT8892E PCIe to PCI Bridge': 0x8892, 'IT8893E PCIe to PCI Bridge': 0x8893 },
  0x10e3: { '89HPEB383 PCIe-to-PCI Bridge': 0x8113 },
  0x1180: { 'R5C832 PCIe IEEE 1394 Controller': 0xe832, 'R5U242 PCIe to CardBus Bridge': 0xe476 },
  0x1b4b: {
    '88SE9120 SATA 6Gb/s Controller': 0x9120,
    '88SE9123 PCIe SATA 6.0 Gb/s controller': 0x9123,
    '88SE9125 PCIe SATA 6.0 Gb/s controller': 0x9125,
    '88SE9128 PCIe SATA 6 Gb/s RAID controller': 0x9128,
    '88SE9128 PCIe SATA 6 Gb/s RAID controller with HyperDuo': 0x9130,
    '88SE9170 PCIe 2.0 x1 2-port SATA 6 Gb/s Controller': 0x9170,
    '88SE9172 SATA 6Gb/s Controller': 0x9172,
    '88SE9172 SATA III 6Gb/s Controller [IDE mode]': 0x917a,
    '88SE9182 PCIe 2.0 x2 2-port SATA 6 Gb/s Controller': 0x9182,
    '88SS9183 PCIe SSD Controller': 0x9183,
    '88SE912x SATA 6Gb/s Controller [IDE mode]': 0x91a0,
    '88SE9215 PCIe 2.0 x1 4-port SATA 6 Gb/s Controller': 0x9215,
    '88SE9220 PCIe 2.0 x2 2-port SATA 6 Gb/s RAID Controller': 0x9220,
    '88SE9230 PCIe 2.0 x2 4-port SATA 6 Gb/s RAID Controller': 0x9230,
    '88SE9235 PCIe 2.0 x2 4-port SATA 6 Gb/s Controller': 0x9235,
  },
  0x14e4: {
    'BCM57414 NetXtreme-E 10Gb/25Gb RDMA Ethernet Controller': 0x16d7,
    'BCM57508 NetXtreme-E 10Gb/25Gb/40Gb/50Gb/100Gb/200Gb Ethernet': 0x1750,
    'BCM57504 NetXtreme-E 10Gb/25Gb/40Gb/50Gb/100Gb/200Gb Ethernet': 0x1751,
    'BCM57504 NetXtreme-E 10Gb/25Gb/40Gb/50Gb/100Gb Ethernet': 0x1751,
    'BCM57502 NetXtreme-E 10Gb/25Gb/40Gb/50Gb Ethernet': 0x1752,
  },
};

const BY_NAME = new Map(
  Object.entries(DEVICES).map(([vendorId, names]) => [Number(vendorId), new Map(Object.entries(names))]),
);

const UNNAMED = /^Device ([0-9a-f]{4})$/i;

/** What a name such as `Intel Corporation Sunrise Point-LP PCI Express Root Port #5` stands for; null for the unknown. */
export function idsOfName(name: string): { readonly vendorId: number; readonly deviceId: number } | null {
  const vendor = VENDORS.find(([prefix]) => name.startsWith(prefix));
  if (vendor === undefined) return null;
  const [prefix, vendorId] = vendor;
  const device = name.slice(prefix.length).trim();
  const deviceId =
    BY_NAME.get(vendorId)?.get(device) ?? unnamed(device) ?? (vendorId === 0x8086 ? intelPort(device) : null);
  return { vendorId, deviceId: deviceId ?? UNKNOWN_ID };
}

/** lspci prints `Device 43ea` for a device that its database lacks. */
function unnamed(device: string): number | null {
  const digits = UNNAMED.exec(device)?.[1];
  return digits === undefined ? null : parseInt(digits, 16);
}

function intelPort(device: string): number | null {
  const port = Number(PORT_NUMBER.exec(device)?.[1] ?? 0);
  const family = INTEL_PORTS.find(([pattern]) => pattern.test(device));
  return family === undefined ? null : family[1](port);
}

const hex = (value: number): string => value.toString(16).padStart(2, '0');

/** A server of two sockets with switches, drives, and network cards with a hundred virtual functions each: 970 functions. */
export function bigMachine(): string {
  const lines = ['machine "two sockets" iommu=vtd'];
  for (const root of [0x00, 0x80]) {
    lines.push(`pci ${hex(root)}:00.0 rciep id=8086:2020 class=060000 "DMI3 Registers"`);
    for (let slot = 4; slot < 8; slot++)
      for (let fn = 0; fn < 8; fn++)
        lines.push(
          `pci ${hex(root)}:${hex(slot)}.${fn} rciep id=8086:2021 class=088000 ${fn === 0 ? 'mf ' : ''}driver=ioatdma "CBDMA Registers"`,
        );
    let bus = root + 1;
    for (let port = 0; port < 4; port++, bus += 6) lines.push(...switchWithDrives(root, 0x10 + port, bus));
    for (let port = 4; port < 8; port++, bus += 2) lines.push(...networkCard(root, 0x10 + port, bus));
  }
  return [...lines, 'boot'].join('\n');
}

function switchWithDrives(root: number, slot: number, bus: number): string[] {
  const lines = [
    `pci ${hex(root)}:${hex(slot)}.0 root-port id=8086:2030 bus=${hex(bus)}-${hex(bus + 5)} acs=SV+RR+CR+UF driver=pcieport "Root Port"`,
    `pci ${hex(bus)}:00.0 upstream-port id=10b5:8747 bus=${hex(bus + 1)}-${hex(bus + 5)} driver=pcieport "PEX 8747"`,
  ];
  for (let port = 0; port < 4; port++) {
    const below = hex(bus + 2 + port);
    lines.push(
      `pci ${hex(bus + 1)}:${hex(port * 4)}.0 downstream-port id=10b5:8747 bus=${below}-${below} acs=SV+RR+CR+UF driver=pcieport "PEX 8747"`,
      `pci ${below}:00.0 endpoint id=144d:a808 class=010802 driver=nvme "NVMe SSD Controller SM981"`,
    );
  }
  return lines;
}

function networkCard(root: number, slot: number, bus: number): string[] {
  const lines = [
    `pci ${hex(root)}:${hex(slot)}.0 root-port id=8086:2030 bus=${hex(bus)}-${hex(bus + 1)} acs=SV+RR+CR+UF driver=pcieport "Root Port"`,
  ];
  for (const fn of [0, 1])
    lines.push(
      `pci ${hex(bus)}:00.${fn} endpoint id=15b3:1017 class=020000 ${fn === 0 ? 'mf ' : ''}driver=mlx5_core "ConnectX-5"`,
    );
  for (let vf = 2; vf < 102; vf++)
    lines.push(
      `pci ${hex(bus)}:${hex(vf >> 3)}.${vf & 7} endpoint id=15b3:1018 class=020000 vf=${hex(bus)}:00.${vf & 1} driver=mlx5_core "ConnectX-5 Virtual Function"`,
    );
  return lines;
}

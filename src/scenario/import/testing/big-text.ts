/**
 * The text of `lspci -D -vvvnnxxxx` on a server with two sockets, a segment each: ports on the root bus, cards of sixteen
 * functions behind them. Made up; the form is that of pciutils 3.9.
 */
export function bigText(functions: number, bytes: 0 | 64 | 4096): string {
  const parts: string[] = [];
  for (let domain = 0; parts.length < functions; domain++) {
    const add = (place: Omit<Place, 'domain' | 'group'>): void => {
      parts.push(functionText({ ...place, domain, group: parts.length }, bytes));
    };
    add({ bus: 0, device: 0, fn: 0, kind: 'host' });
    for (let port = 1; port < 32 && parts.length < functions; port++) {
      add({ bus: 0, device: port, fn: 0, kind: 'port' });
      for (let fn = 0; fn < 16 && parts.length < functions; fn++)
        add({ bus: port, device: fn >> 3, fn: fn & 7, kind: 'card' });
    }
  }
  return parts.join('\n');
}

interface Place {
  readonly domain: number;
  readonly bus: number;
  readonly device: number;
  readonly fn: number;
  readonly group: number;
  readonly kind: 'host' | 'port' | 'card';
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

function functionText(place: Place, bytes: number): string {
  const { domain, bus, device, fn, group, kind } = place;
  const name = `${hex(domain, 4)}:${hex(bus, 2)}:${hex(device, 2)}.${fn}`;
  const lines: string[] = [];
  if (kind === 'host')
    lines.push(`${name} Host bridge [0600]: Intel Corporation Device [8086:09a2] (rev 04)`);
  else if (kind === 'port')
    lines.push(
      `${name} PCI bridge [0604]: Intel Corporation Device [8086:347a] (rev 04) (prog-if 00 [Normal decode])`,
    );
  else
    lines.push(
      `${name} Ethernet controller [0200]: Intel Corporation Ethernet Controller X710 [8086:1572] (rev 02)`,
    );
  lines.push(
    '\tControl: I/O- Mem+ BusMaster+ SpecCycle- MemWINV- VGASnoop- ParErr+ Stepping- SERR+ FastB2B- DisINTx+',
    `\tStatus: Cap${kind === 'host' ? '-' : '+'} 66MHz- UDF- FastB2B- ParErr- DEVSEL=fast >TAbort- <TAbort- <MAbort- >SERR- <PERR- INTx-`,
    '\tLatency: 0, Cache Line Size: 32 bytes',
    `\tNUMA node: ${domain}`,
    `\tIOMMU group: ${group}`,
  );
  if (kind === 'port')
    lines.push(
      `\tBus: primary=00, secondary=${hex(device, 2)}, subordinate=${hex(device, 2)}, sec-latency=0`,
    );
  if (kind === 'card')
    lines.push(
      `\tRegion 0: Memory at ${hex(0x10000000 * domain + bus * 0x1000000 + fn * 0x10000, 8)} (64-bit, prefetchable) [size=64K]`,
    );
  if (kind !== 'host')
    lines.push(
      `\tCapabilities: [a0] Express (v2) ${kind === 'port' ? 'Root Port (Slot+)' : 'Endpoint'}, MSI 00`,
      '\t\tDevCap:\tMaxPayload 512 bytes, PhantFunc 0',
      '\t\t\tExtTag+ RBE+ FLReset-',
      '\tCapabilities: [100 v1] Access Control Services',
      '\t\tACSCap:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-',
      '\t\tACSCtl:\tSrcValid+ TransBlk- ReqRedir+ CmpltRedir+ UpstreamFwd+ EgressCtrl- DirectTrans-',
      `\tKernel driver in use: ${kind === 'port' ? 'pcieport' : 'i40e'}`,
      '\tKernel modules: i40e',
    );
  if (bytes > 0) lines.push(...rows(image(place), bytes));
  return `${lines.join('\n')}\n`;
}

/** Spec: PCI Express Base 6.0, 7.5.1, 7.5.3, 7.7.11 */
function image({ device, kind, bus }: Place): Uint8Array {
  const image = new Uint8Array(4096);
  for (let at = 0x200; at < 4096; at++) image[at] = (at * 31 + bus * 7 + device) & 0xff;
  const set = (at: number, ...values: number[]): void => {
    image.set(values, at);
  };
  set(0, 0x86, 0x80, ...(kind === 'host' ? [0xa2, 0x09] : kind === 'port' ? [0x7a, 0x34] : [0x72, 0x15]));
  set(8, kind === 'card' ? 2 : 4, 0, ...(kind === 'host' ? [0, 6] : kind === 'port' ? [4, 6] : [0, 2]));
  if (kind === 'port') set(0x0e, 0x01);
  if (kind === 'card') set(0x0e, 0x80);
  if (kind === 'port') set(0x18, 0, device, device);
  if (kind === 'host') return image;
  set(6, 0x10, 0);
  set(0x34, 0xa0);
  set(0xa0, 0x10, 0, kind === 'port' ? 0x42 : 0x02, 0);
  set(0x100, 0x0d, 0, 1, 0, 0x1d, 0, 0x1d, 0);
  return image;
}

function rows(image: Uint8Array, bytes: number): string[] {
  const rows: string[] = [];
  for (let at = 0; at < bytes; at += 16)
    rows.push(`${hex(at, 2)}: ${[...image.subarray(at, at + 16)].map((byte) => hex(byte, 2)).join(' ')}`);
  return rows;
}

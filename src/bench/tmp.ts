import { PhysicalMemory } from '../engine/memory/physical-memory';
import { createVtdUnit } from '../engine/hw/vtd/unit';
import { silent } from '../engine/trace/trace';
export function run(): void {
  const memory = new PhysicalMemory();
  const u = createVtdUnit({ memory });
  if (!u.ok) throw new Error();
  const { device, driver } = u.value;
  const C = { name: 'x', rid: 0x100, aliasRids: [0x100] };
  driver.probeDevice(C);
  const d = driver.domainAllocPaging(C, {});
  if (!d.ok) throw new Error();
  d.value.attachDev(C, null);
  driver.enableTranslation();
  d.value.paging!.map(0x40000000n, 0x100001000, 65536 * 4096, { read: true, write: true });
  const root = driver.describeDomain(d.value)!.rootPa / 4096;
  const N = 10_000_000;
  const order = new Int32Array(65536);
  let x = 1;
  for (let i = 0; i < 65536; i++) order[i] = i;
  for (let i = 65535; i > 0; i--) { x = (Math.imul(x, 1103515245) + 12345) & 0x7fffffff; const j = x % (i + 1); const t = order[i]!; order[i] = order[j]!; order[j] = t; }
  const t = (name: string, f: () => void) => { for (let r = 0; r < 3; r++) { const s = process.cpuUsage(); f(); const e = process.cpuUsage(s); console.log(name, ((e.user + e.system) * 1000 / N).toFixed(1), 'ns'); } };
  const o=device.state.iotlb; const keep=new Int32Array(1);
  t('walk', () => { let sink = 0; for (let i = 0; i < N; i++) { sink = (sink + device.walker.walk(root, 4, 0, 0x40000000 + (order[i & 65535]! << 12), 1, silent)) | 0; } keep[0] = sink; });
  t('find', () => { let sink = 0; for (let i = 0; i < N; i++) { sink = (sink + device.state.iotlb.find(2, 0, 0x40000000 + (order[i & 65535]! << 12))) | 0; } keep[0] = sink; });
  t('fill', () => { let sink = 0; for (let i = 0; i < N; i++) { sink = (sink + device.state.iotlb.fill(2, 0, 0x40000000 + (order[i & 65535]! << 12), 0, 1, 0x1000, 3)) | 0; } keep[0] = sink; });
  t('find2', () => { let sink = 0; for (let i = 0; i < N; i++) { sink = (sink + device.state.iotlb.find(2, 0, 0x40000000 + (order[i & 65535]! << 12))) | 0; } keep[0] = sink; });
  t('ctx', () => { let sink = 0; for (let i = 0; i < N; i++) { sink = (sink + device.state.contextCache.find(0x100 )) | 0; } keep[0] = sink; });
  t('translate', () => { let sink = 0; for (let i = 0; i < N; i++) { sink = (sink + device.translate(0x100, 0, 0x40000000 + (order[i & 65535]! << 12), 1)) | 0; } keep[0] = sink; });
  t('wf', () => { let sink = 0; for (let i = 0; i < N; i++) { sink = (sink + (device as any).walkAndFill(0x100, 0, 2, 0, 0x40000000 + (order[i & 65535]! << 12), 1)) | 0; } keep[0] = sink; });
}
run();

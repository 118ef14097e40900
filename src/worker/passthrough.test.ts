import { describe, expect, test } from 'vitest';
import type { ObstacleKind, PassthroughVerdict } from '../engine/sim/passthrough/verdict';
import { scenarioFiles, ScriptRun } from '../testing/run-script';
import { createEngine } from './engine';

/** Two functions of one card behind a port with ACS, as a graphics card has them. */
const CARD = `
pci 00:01.0 root-port bus=01-01 acs=SV+RR+CR+UF driver=pcieport
pci 01:00.0 endpoint id=10de:1b80 class=030000 mf driver=nouveau
pci 01:00.1 endpoint id=10de:10f0 class=040300 driver=snd_hda_intel`;

async function verdictIn(script: string, bdf: string): Promise<PassthroughVerdict> {
  const engine = createEngine();
  const reply = await engine.load(script.trim(), null);
  if (reply.status !== 'ok') throw new Error(reply.why);
  for (const { ok, text, result } of reply.batch.results) if (!ok) throw new Error(`${text}: ${result}`);
  const verdict = await engine.passthrough(`dev:0000:${bdf}`);
  if (verdict === null) throw new Error(`${bdf} is not there`);
  return verdict;
}
const kinds = ({ obstacles }: PassthroughVerdict): readonly ObstacleKind[] =>
  obstacles.map(({ kind }) => kind);

describe('passthrough verdict', () => {
  test('a card of two functions: both drivers have to go, and then it opens', async () => {
    const verdict = await verdictIn(`${CARD}\nboot`, '01:00.0');
    expect(verdict.state).toBe('needs-work');
    expect(kinds(verdict)).toEqual(['own-driver', 'sibling-driver', 'sibling-goes-along']);
    expect(verdict.lines).toEqual(['driver 01:00.0 vfio-pci', 'driver 01:00.1 vfio-pci']);
    const after = await verdictIn([CARD, 'boot', ...verdict.lines].join('\n'), '01:00.0');
    expect(after).toMatchObject({ state: 'ready', lines: [] });
    expect(kinds(after)).toEqual(['sibling-goes-along']);
  });

  // What the kernel answers, by the function that refuses: vfio_pci_core.c, vfio_main.c, iommufd/device.c, iommu.c.
  test.each<[ObstacleKind, string, string, string, PassthroughVerdict['state']]>([
    ['bridge', `${CARD}\nboot`, '00:01.0', 'EINVAL', 'blocked'],
    ['no-group', `${CARD} iommu=none\nboot`, '01:00.1', 'EINVAL', 'blocked'],
    ['coherency', `machine m iommu=riscv\n${CARD}\nboot`, '01:00.0', 'EINVAL', 'blocked'],
    [
      'interrupts',
      `machine m iommu=none\niommu u0 generic no-msi-isolation\npci 00:03.0 endpoint iommu=u0\nboot`,
      '00:03.0',
      'EPERM',
      'blocked',
    ],
    [
      'reserved',
      `pci 00:03.0 endpoint driver=igc\nreserve 00:03.0 0x80000-0x8ffff direct\nboot`,
      '00:03.0',
      'EINVAL',
      'blocked',
    ],
    [
      'virtual-functions',
      'pci 03:00.0 endpoint driver=igb\npci 03:10.0 endpoint vf=03:00.0\nboot',
      '03:00.0',
      'EBUSY',
      'blocked',
    ],
    [
      'owned',
      `${CARD}\nboot\ndriver 01:00.0 vfio-pci\ndriver 01:00.1 vfio-pci\nctx = open /dev/iommu\nBIND ctx 01:00.1 ! EINVAL`,
      '01:00.0',
      'EPERM',
      'blocked',
    ],
  ])('%s stands in the way with the errno of the kernel', async (kind, script, bdf, errno, state) => {
    const made = script.replace('BIND ctx 01:00.1 ! EINVAL', 'x = BIND ctx 01:00.1');
    const verdict = await verdictIn(made, bdf);
    expect(verdict.state).toBe(state);
    expect(verdict.obstacles).toContainEqual(expect.objectContaining({ kind, weight: 'blocks', errno }));
    // A try on a copy ended with that errno: nothing is left unexplained.
    expect(kinds(verdict)).not.toContain('refused');
  });

  test('what only a try shows is told too: a device on the denylist of vfio-pci', async () => {
    const verdict = await verdictIn('pci 00:03.0 rciep id=8086:19e2\nboot', '00:03.0');
    expect(verdict.state).toBe('blocked');
    expect(verdict.obstacles.at(-1)).toMatchObject({
      kind: 'refused',
      errno: 'EINVAL',
      rule: 'vfio_pci_is_denylisted',
    });
  });

  test('what pcie_acs_override= claims is told: the device reaches others past the IOMMU', async () => {
    const script = `machine m iommu=vtd cmdline="pcie_acs_override=downstream"
pci 00:01.0 root-port bus=01-04 acs=SV+RR+CR+UF
pci 01:00.0 upstream-port bus=02-04
pci 02:00.0 downstream-port bus=03-03
pci 02:01.0 downstream-port bus=04-04
pci 03:00.0 endpoint driver=vfio-pci bars=e0000000-e0ffffff
pci 04:00.0 endpoint driver=nvme bars=e1000000-e1003fff
boot`;
    const verdict = await verdictIn(script, '03:00.0');
    expect(verdict.state).toBe('ready');
    expect(verdict.obstacles).toContainEqual(
      expect.objectContaining({ kind: 'peer-to-peer', weight: 'warns', deviceIds: ['dev:0000:04:00.0'] }),
    );
    // It is no claim: the line that is offered does what is said.
    const { shownBy } = verdict.obstacles.find(({ kind }) => kind === 'peer-to-peer')!;
    expect(shownBy).toBe('dma 03:00.0 write 0xe1000000 64 reaches=04:00.0');
    expect(ScriptRun.of(`${script}\n${shownBy}`).wrong).toEqual([]);
    const safe = script.replaceAll('downstream-port', 'downstream-port acs=SV+RR+CR+UF');
    expect(kinds(await verdictIn(safe, '03:00.0'))).toEqual([]);
  });

  test('unsafe interrupts are allowed, and said', async () => {
    const verdict = await verdictIn(
      'machine m iommu=none unsafe-interrupts\niommu u0 generic no-msi-isolation\npci 00:03.0 endpoint iommu=u0\nboot',
      '00:03.0',
    );
    expect(verdict.state).toBe('needs-work');
    expect(verdict.obstacles).toContainEqual(
      expect.objectContaining({ kind: 'interrupts', weight: 'warns' }),
    );
  });

  test('a device that a VMM has is ready, not in its own way', async () => {
    const verdict = await verdictIn(
      'pci 00:03.0 endpoint driver=vfio-pci\nboot\nctx = open /dev/iommu\ndev = BIND ctx 00:03.0',
      '00:03.0',
    );
    expect(verdict).toMatchObject({ state: 'ready', summary: '00:03.0 is in the hands of a VMM now.' });
  });

  test('before boot and for what is no device there is none', async () => {
    const engine = createEngine();
    await engine.load('pci 00:03.0 endpoint', null);
    expect(await engine.passthrough('dev:0000:00:03.0')).toBeNull();
    await engine.load('pci 00:03.0 endpoint\nboot', null);
    expect(await engine.passthrough('dev:0000:00:04.0')).toBeNull();
  });

  test('of all scenarios: every blocked device has an obstacle that blocks, and none has a ready one', async () => {
    const seen = new Set<string>();
    for (const { script: text } of scenarioFiles()) {
      const engine = createEngine();
      const reply = await engine.load(text, null);
      if (reply.status !== 'ok') throw new Error(reply.why);
      for (const object of reply.batch.set) {
        if (object.type !== 'device') continue;
        const verdict = await engine.passthrough(object.id);
        if (verdict === null) continue;
        seen.add(verdict.state);
        const blocks = verdict.obstacles.filter(({ weight }) => weight === 'blocks');
        if (verdict.state === 'ready') expect(blocks.filter(({ kind }) => kind !== 'owned')).toEqual([]);
        else expect(blocks).not.toEqual([]);
      }
    }
    expect([...seen].sort()).toEqual(['blocked', 'needs-work', 'ready']);
  }, 60_000);
});

describe('partition', () => {
  const groups = async (script: string): Promise<readonly (readonly string[])[]> =>
    (await createEngine().partition(script)).groups.map(({ deviceIds }) =>
      deviceIds.map((id) => id.replace('dev:0000:', '')),
    );

  test('of a script without boot: as it would boot', async () => {
    expect(await groups(CARD)).toEqual([['00:01.0'], ['01:00.0', '01:00.1']]);
    expect(await groups(CARD.replace('acs=SV+RR+CR+UF ', ''))).toEqual([['00:01.0', '01:00.0', '01:00.1']]);
  });

  test('a line that fails is told, and the rest is run', async () => {
    const { problem, groups: made } = await createEngine().partition(
      'boot\npci 00:01.0 endpoint\nremove 00:09.0',
    );
    expect(problem).toMatch(/^line 3: /);
    expect(made).toHaveLength(1);
  });

  test('the present machine is left alone', async () => {
    const engine = createEngine();
    await engine.load('pci 00:03.0 endpoint\nboot', null);
    await engine.partition('pci 00:04.0 endpoint');
    expect(await engine.passthrough('dev:0000:00:03.0')).not.toBeNull();
  });
});

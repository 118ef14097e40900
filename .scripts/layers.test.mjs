// The layer rules of .dependency-cruiser.cjs fire: a small house is built in a temporary folder, every forbidden import
// is written into it, and the tool must name the rule. A regular expression that matches nothing would please everyone.
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

const value = (from) => `import { x } from '${from}';\nexport const y = x;\n`;
const type = (from) => `import type { T } from '${from}';\nexport type Y = T;\n`;
const npm = (name) => `import * as all from '${name}';\nexport const y = all;\n`;

/** What may be imported: one module a folder. */
const ROOMS = [
  ...['memory', 'trace', 'pt', 'pci', 'iommu', 'iommufd', 'vfio', 'uapi', 'sim'].map(
    (floor) => `engine/${floor}/room`,
  ),
  ...['vtd/device', 'vtd/driver', 'vtd', 'amd/device', 'amd/driver', 'common'].map(
    (place) => `engine/hw/${place}/room`,
  ),
  ...['engine/kernel/errno', 'engine/kernel/task', 'engine/hw/port'],
  ...['lib', 'scenario', 'share', 'store', 'worker', 'canvas', 'panels', 'lessons', 'ui', 'app', 'words'].map(
    (each) => `${each}/room`,
  ),
];

/** file, its text, the rule that forbids it; null: allowed; undefined: the other end of a cycle, which is told once */
const IMPORTS = [
  ['engine/iommu/a', npm('fflate'), 'engine-is-closed'],
  [
    'engine/iommu/b',
    "import type { Inflate } from 'fflate';\nexport type Y = Inflate;\n",
    'engine-is-closed',
  ],
  ['engine/iommu/c', npm('node:fs'), 'engine-is-closed'],
  ['engine/sim/a', type('../../store/room'), 'engine-is-closed'],
  ['engine/sim/b', "export const y = () => import('../../store/room');\n", 'engine-is-closed'],
  ['engine/sim/c', "export type Y = import('../../store/room').T;\n", 'engine-is-closed'],
  ['engine/sim/d', value('./nothing'), 'no-orphan-import'],
  ['engine/memory/a', type('../iommu/room'), 'memory-floor'],
  ['engine/memory/b', type('../kernel/errno'), null],
  ['engine/kernel/a', type('../pci/room'), 'kernel-floor'],
  ['engine/pci/a', type('../iommu/room'), 'pci-floor'],
  ['engine/pt/a', type('../iommu/room'), 'pt-is-about-bits'],
  ['engine/pt/b', value('../memory/room'), null],
  ['engine/iommu/d', type('../iommufd/room'), 'core-below-iommufd'],
  ['engine/iommu/e', type('../hw/vtd/driver/room'), 'core-below-iommufd'],
  ['engine/iommufd/a', type('../hw/vtd/driver/room'), 'iommufd-below-sim'],
  ['engine/vfio/a', type('../sim/room'), 'vfio-below-sim'],
  ['engine/uapi/a', type('../sim/room'), 'sim-is-the-top'],
  ['engine/hw/vtd/device/a', value('../driver/room'), 'device-sees-memory-only'],
  ['engine/hw/vtd/device/b', type('../driver/room'), 'device-sees-memory-only'],
  ['engine/hw/vtd/device/c', value('../../../pt/room'), 'device-sees-memory-only'],
  ['engine/hw/vtd/device/d', type('../../../pt/room'), 'device-sees-memory-only'],
  ['engine/hw/vtd/device/e', value('../over-driver'), 'halves-meet-in-memory'],
  ['engine/hw/vtd/device/f', value('../room'), null],
  ['engine/hw/vtd/device/g', value('../../../memory/room'), null],
  ['engine/hw/vtd/device/h', value('../../port'), null],
  ['engine/hw/vtd/device/i', value('../../common/room'), null],
  ['engine/hw/vtd/over-driver', value('./driver/room'), null],
  ['engine/hw/vtd/over-device', value('./device/room'), null],
  ['engine/hw/vtd/driver/a', type('../device/room'), 'driver-uses-the-bus'],
  ['engine/hw/vtd/driver/b', value('../over-device'), 'halves-meet-in-memory-back'],
  ['engine/hw/vtd/driver/c', type('../../amd/driver/room'), 'vendors-are-isolated'],
  ['engine/hw/vtd/driver/d', type('../../../iommufd/room'), 'hw-below-iommufd'],
  ['engine/hw/vtd/driver/e', value('../../../pt/room'), null],
  ['engine/hw/vtd/driver/f', type('../../../iommu/room'), null],
  ['engine/hw/vtd/a', value('../amd/device/room'), 'vendors-are-isolated'],
  ['engine/hw/common/a', type('../amd/device/room'), 'common-knows-no-vendor'],
  ['engine/hw/a', value('./vtd/driver/room'), 'common-knows-no-vendor'],
  ['words/a', value('../store/room'), 'words-are-data'],
  ['words/b', npm('react'), 'words-are-data'],
  ['words/c', type('../store/room'), null],
  ['words/d', value('./room'), null],
  ['panels/g', value('../words/room'), null],
  ['ui/b', value('../words/room'), null],
  ['scenario/d', value('../words/room'), null],
  ['share/d', value('../words/room'), null],
  ['engine/sim/e', value('../../words/room'), 'engine-is-closed'],
  ['lib/b', value('../words/room'), 'lib-knows-nothing'],
  ['lib/a', type('../store/room'), 'lib-knows-nothing'],
  ['lib/c', npm('fflate'), 'lib-knows-nothing'],
  ['scenario/a', type('../engine/sim/room'), 'scenario-is-text'],
  ['scenario/b', npm('fflate'), 'scenario-is-text'],
  ['scenario/c', value('../engine/kernel/errno'), null],
  ['share/a', type('../store/room'), 'share-is-a-codec'],
  ['share/b', npm('zustand'), 'share-is-a-codec'],
  ['share/c', npm('fflate'), null],
  ['panels/a', value('../worker/room'), 'page-reads-the-store'],
  ['panels/b', value('../engine/sim/room'), 'page-reads-the-store'],
  ['panels/c', type('../worker/room'), null],
  ['panels/d', type('../engine/sim/room'), null],
  ['panels/e', value('../canvas/room'), 'panels-apart-from-canvas'],
  ['panels/f/a', value('../../lessons/room'), 'lessons-have-their-panels'],
  ['panels/lesson/a', value('../../lessons/room'), null],
  ['panels/f', value('../store/room'), null],
  ['canvas/a', value('../engine/sim/room'), 'page-reads-the-store'],
  ['canvas/b', value('../panels/room'), 'canvas-apart-from-panels'],
  ['lessons/a', value('../engine/sim/room'), 'page-reads-the-store'],
  ['lessons/b', value('../canvas/room'), 'lessons-apart'],
  ['ui/a', type('../store/room'), 'ui-is-plain'],
  ['store/a', type('../canvas/room'), 'worker-and-store'],
  ['worker/a', type('../panels/room'), 'worker-and-store'],
  ['doors/a', value('../store/room'), 'doors-are-headless'],
  ['app/a', "import { y } from './b';\nexport const x = y;\n", 'no-cycle'],
  ['app/b', "import { x } from './a';\nexport const y = x;\n", undefined],
];

describe('layer rules', () => {
  let house;
  let violations;

  beforeAll(() => {
    house = mkdtempSync(join(tmpdir(), 'layers-'));
    const write = (file, text) => {
      const path = join(house, 'src', `${file}.ts`);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    };
    for (const room of ROOMS)
      write(room, 'export const x = 1;\nexport interface T {\n  readonly a: number;\n}\n');
    for (const [file, text] of IMPORTS) write(file, text);
    for (const file of ['.dependency-cruiser.cjs', 'tsconfig.json', 'package.json']) {
      copyFileSync(join(root, file), join(house, file));
    }
    symlinkSync(join(root, 'node_modules'), join(house, 'node_modules'), 'junction');
    const tool = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
    const args = [tool, '--config', '.dependency-cruiser.cjs', '--output-type', 'json', 'src'];
    const { stdout, stderr } = spawnSync(process.execPath, args, {
      cwd: house,
      encoding: 'utf8',
      maxBuffer: 64 << 20,
    });
    if (stdout === '') throw new Error(stderr);
    violations = JSON.parse(stdout).summary.violations;
  }, 120_000);

  afterAll(() => rmSync(house, { recursive: true, force: true }));

  const rulesAgainst = (file) =>
    violations.filter(({ from }) => from === `src/${file}.ts`).map(({ rule }) => rule.name);

  const rows = IMPORTS.map(([file, , rule]) => ({ file, rule }));

  it.each(rows.filter(({ rule }) => rule))('$file breaks $rule', ({ file, rule }) => {
    expect(rulesAgainst(file)).toContain(rule);
  });

  it.each(rows.filter(({ rule }) => rule === null))('$file is allowed', ({ file }) => {
    expect(rulesAgainst(file)).toEqual([]);
  });
});

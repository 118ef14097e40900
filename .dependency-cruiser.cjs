// The house's floors: who may import whom. ARCHITECTURE in README.md tells why.
const ENGINE = '^src/engine/';
/** Forbid `from` → `to`, values and types alike. */
const forbid = (name, comment, from, to, extra = {}) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from, pathNot: '\\.(test|test-d|conformance)\\.tsx?$', ...extra.from },
  to: { path: to, ...extra.to },
});

module.exports = {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    { name: 'no-orphan-import', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'words-are-data',
      comment:
        'what the page says: no values but each other, so that another language can take their place; types may come from anywhere',
      severity: 'error',
      from: { path: '^src/(words|languages)/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^(?!src/(words|languages)/)', dependencyTypesNot: ['type-only'] },
    },
    forbid('lib-knows-nothing', 'lib has no domain and no package', '^src/lib/', '^(?!src/lib/)'),
    forbid(
      'engine-is-closed',
      'the engine runs anywhere: no npm package, no node, no page',
      ENGINE,
      '^(?!src/(engine|lib)/)',
    ),
    forbid(
      'memory-floor',
      'floor 0',
      '^src/engine/(memory|trace)/',
      '^src/engine/(?!memory/|trace/|kernel/(errno|bug)\\.ts)',
    ),
    forbid('kernel-floor', 'floor 1', '^src/engine/kernel/', '^src/engine/(?!kernel/|memory/|trace/)'),
    forbid('pci-floor', 'floor 1', '^src/engine/pci/', '^src/engine/(?!pci/|kernel/|memory/|trace/)'),
    forbid(
      'pt-is-about-bits',
      'a format is about bits',
      '^src/engine/pt/',
      '^src/engine/(?!pt/|memory/|trace/|kernel/errno\\.ts)',
    ),
    forbid(
      'device-sees-memory-only',
      'hardware sees memory and registers, nothing else',
      '^src/engine/hw/[^/]+/device/',
      '^src/engine/(hw/[^/]+/driver/|pt/|iommu/|iommufd/|vfio/|uapi/|sim/|pci/)',
    ),
    forbid(
      'driver-uses-the-bus',
      'a driver reaches its hardware through the register bus',
      '^src/engine/hw/([^/]+)/driver/',
      '^src/engine/hw/[^/]+/device/',
    ),
    {
      name: 'halves-meet-in-memory',
      comment:
        'nor over a third file: what writes tables and what reads them share register and structure names alone',
      severity: 'error',
      from: { path: '^src/engine/hw/[^/]+/device/', pathNot: '\\.(test|conformance)\\.tsx?$' },
      to: { path: '^src/engine/(hw/[^/]+/driver|pt)/', reachable: true },
    },
    {
      name: 'halves-meet-in-memory-back',
      comment: 'the same, seen from the driver',
      severity: 'error',
      from: { path: '^src/engine/hw/[^/]+/driver/', pathNot: '\\.(test|conformance)\\.tsx?$' },
      to: { path: '^src/engine/hw/[^/]+/device/', reachable: true },
    },
    {
      name: 'vendors-are-isolated',
      comment: 'shared parts live in hw/common and hw/*.ts',
      severity: 'error',
      from: { path: '^src/engine/hw/(?!common/)([^/]+)/' },
      to: { path: '^src/engine/hw/(?!common/)[^/]+/', pathNot: '^src/engine/hw/$1/' },
    },
    forbid(
      'common-knows-no-vendor',
      'shared parts serve every vendor',
      '^src/engine/hw/(common/|[^/]+$)',
      '^src/engine/hw/(?!common/)[^/]+/',
    ),
    forbid(
      'hw-below-iommufd',
      'drivers sit behind ops',
      '^src/engine/hw/',
      '^src/engine/(iommufd|vfio|uapi|sim)/',
    ),
    forbid(
      'core-below-iommufd',
      'Linux order',
      '^src/engine/iommu/',
      '^src/engine/(iommufd|vfio|uapi|sim|hw)/',
    ),
    forbid(
      'iommufd-below-sim',
      'drivers sit behind ops',
      '^src/engine/(iommufd|uapi)/',
      '^src/engine/(hw|sim|vfio)/',
    ),
    forbid('vfio-below-sim', '', '^src/engine/vfio/', '^src/engine/(hw|sim)/'),
    forbid(
      'sim-is-the-top',
      'nothing in the engine knows the simulator',
      '^src/engine/(?!sim/)',
      '^src/engine/sim/',
    ),
    forbid(
      'scenario-is-text',
      'a script is text: no package, no page, no engine but its errnos, PCI words, the rules of groups, the shape of kernel lines, and calls as data with what a line came to',
      '^src/scenario/',
      '^(?!src/(scenario|words|lib|engine/(pci|uapi))/|src/engine/(kernel/errno|iommu/pci-device-group|trace/event|sim/(batch|kernel-lines/text))\\.ts)',
    ),
    forbid(
      'share-is-a-codec',
      'a link is a script, compressed',
      '^src/share/',
      '^(?!src/(share|scenario|words|lib)/|.*node_modules/fflate/)',
    ),
    {
      name: 'page-reads-the-store',
      comment: 'canvas and panels read the store and call its actions; types may come from anywhere',
      severity: 'error',
      from: { path: '^src/(canvas|panels|lessons|ui)/', pathNot: '\\.test\\.tsx?$' },
      to: { path: '^src/(worker|engine)/', dependencyTypesNot: ['type-only'] },
    },
    forbid('panels-apart-from-canvas', '', '^src/panels/', '^src/(canvas|app)/'),
    forbid(
      'lessons-have-their-panels',
      'where lessons are shown and offered; no other panel knows them',
      '^src/panels/(?!(lesson|gallery|start)/)',
      '^src/lessons/',
    ),
    forbid('canvas-apart-from-panels', '', '^src/canvas/', '^src/(panels|lessons|app)/'),
    forbid('lessons-apart', '', '^src/lessons/', '^src/(canvas|panels|app)/'),
    forbid('ui-is-plain', 'primitives know no domain', '^src/ui/', '^src/(?!ui/|words/|lib/)'),
    forbid(
      'worker-and-store',
      'the store never reaches into the page',
      '^src/(store|worker)/',
      '^src/(canvas|panels|lessons|ui|app)/',
    ),
    forbid(
      'doors-are-headless',
      'a door runs where no page is',
      '^src/doors/',
      '^src/(canvas|panels|lessons|ui|app|store)/',
    ),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Files of other tools, which import packages of theirs.
    exclude: { path: '^src/docs-sites/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};

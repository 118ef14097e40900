import { ERRNO, type Errno } from '../../kernel/errno';
import { GROUP_POLICIES } from '../../iommu/group-policy';
import type { ResvKind } from '../../iommu/ops';
import { GENERIC_DEFAULTS, type GenericOptions } from '../../hw/generic/options';
import { amdv1 } from '../../pt/fmt/amdv1';
import type { Task } from '../../kernel/task';
import { pageSizeLg2 } from '../words';
import type { Args, Outcome } from '../statement';
import type { PciFunction } from '../../pci/function';
import { removeFunction } from '../hotplug';
import type { Machine } from '../machine';
import { isMainUnit, removePlatform } from '../platform';
import { UNIT_VENDORS, type VendorSpec } from '../vendor';
import { vendorSpec } from './vendor-spec';
import { count } from './machine';
import { found, fullBdf, kernelVerb, mistake, said, type Found, type Verb } from './verb';

/** `iommu smmu0 generic pages=4K+2M aperture=0-0xffffffff no-blocked`, `iommu ivhd0 amd mode=v2` */
export const iommu: Verb = ({ machine, args }) => {
  const name = args.word(0) ?? '';
  if (machine.booted) return mistake('IOMMUs are found at boot; this line comes before it', args.column(0));
  if (!/^[a-z][a-z0-9_-]*$/i.test(name) || name === 'none')
    return mistake(`${name} cannot be the name of an IOMMU`, args.column(0));
  if (machine.declared.has(name) || machine.mainUnit === `iommu:${name}`)
    return mistake(`there is an IOMMU ${name} already`, args.column(0));
  const kind = args.word(1);
  const vendor = UNIT_VENDORS.find((each) => each === kind);
  const options: Found<GenericOptions | VendorSpec> = vendor
    ? vendorSpec(args, vendor)
    : genericOptions(args, name);
  if (!options.ok) return options;
  machine.declared.set(name, options.value);
  if (machine.leftAlone(options.value) === null) machine.topology.requestAcs();
  return said('');
};

function genericOptions(args: Args, name: string): Found<GenericOptions> {
  const pages = args.option('pages');
  const sizes = pages === null ? GENERIC_DEFAULTS.pageSizesLg2 : pageSizes(pages);
  if (sizes === null)
    return mistake('pages are powers of two from 4K to 512G, without 512G itself', args.columnOf('pages'));
  const aperture = args.range('aperture');
  if (aperture && aperture.last > GENERIC_DEFAULTS.apertureLast)
    return mistake('its page tables reach 48 bits', args.columnOf('aperture'));
  const pasids = args.size('pasids') ?? 0n;
  if (pasids > 1n << 20n) return mistake('a PASID has 20 bits', args.columnOf('pasids'));
  return found({
    unit: `iommu:${name}`,
    driver: args.option('driver') ?? name,
    pageSizesLg2: sizes,
    apertureStart: aperture?.start ?? GENERIC_DEFAULTS.apertureStart,
    apertureLast: aperture?.last ?? GENERIC_DEFAULTS.apertureLast,
    coherent: !args.has('no-coherency'),
    snoopControl: !args.has('no-snoop-control'),
    dirtyTracking: !args.has('no-dirty'),
    isolatedMsi: !args.has('no-msi-isolation'),
    staticBlocked: !args.has('no-blocked'),
    finalisesAtAttach: args.has('attach-finalised'),
    maxPasids: Number(pasids),
    groups: GROUP_POLICIES.find((policy) => policy === args.option('groups')) ?? 'pci',
  });
}

/** `4K+2M` as powers of two, ascending; null where a size is none that the tables have. */
function pageSizes(text: string): readonly number[] | null {
  const possible = new Set([0, 1, 2, 3].flatMap((level) => amdv1.leafSizesLg2(level)));
  const sizes = text.split('+').map((word) => pageSizeLg2(word));
  return sizes.every((size) => possible.has(size)) ? [...new Set(sizes)].sort((a, b) => a - b) : null;
}

/** `reserve 01:00.0 0x80000-0x8ffff direct` */
export const reserve: Verb = ({ machine, args }) => {
  if (machine.booted) return mistake('firmware says so at boot; this line comes before it', args.column(0));
  const device = reservable(machine, args);
  if (!device.ok) return device;
  const { name, iommu: unit } = device.value;
  const [range] = args.ranges();
  const kind = RESV_KINDS.find((each) => each === args.word(2));
  if (range === undefined || kind === undefined)
    return mistake('a range and a kind are missing', args.column(1));
  const main = machine.mainUnit !== null && (unit === null || isMainUnit(machine, unit));
  if (main && machine.options.iommu?.vendor === 'vtd' && kind !== 'direct' && kind !== 'direct-relaxable') {
    const why = `the tables of VT-d firmware reserve memory to be mapped 1:1, and nothing ${kind}; put the device behind another IOMMU (iommu=)`;
    return mistake(why, args.column(2));
  }
  if (!main && (unit === null || unit === 'none'))
    return mistake(`${args.word(0) ?? ''} is behind no IOMMU, which alone would care`, args.column(0));
  const { start, last } = range;
  machine.reserved.set(name, [...(machine.reserved.get(name) ?? []), { start, last, kind }]);
  return said('');
};

function reservable(
  machine: Machine,
  args: Args,
): Found<{ readonly name: string; readonly iommu: string | null }> {
  const listed = machine.platform.get(args.word(0) ?? '');
  if (listed !== undefined) return found(listed);
  const fn = functionAt(machine, args, 0);
  return fn.ok ? found({ name: fn.value.name, iommu: fn.value.spec.iommu }) : fn;
}

const RESV_KINDS: readonly ResvKind[] = ['direct', 'direct-relaxable', 'reserved', 'msi', 'sw-msi'];

/** `refuse smmu0 attach 2 EINVAL`, `refuse smmu0 attach 01:00.0 EINVAL` */
export const refuse: Verb = kernelVerb(({ machine, args }) => {
  const name = (args.word(0) ?? '').replace(/^iommu:/, '');
  const unit = machine.unit(`iommu:${name}`);
  if (unit === null) return mistake(`there is no IOMMU ${name}`, args.column(0));
  if (!unit.generic)
    return mistake(
      `${name} does as its vendor made it; one made by an iommu line can be told to refuse`,
      args.column(0),
    );
  const what = args.word(1);
  if (what !== 'attach' && what !== 'map' && what !== 'alloc')
    return mistake('attach, map and alloc can be refused', args.column(1));
  const errno = args.word(3) ?? '';
  if (!isErrno(errno)) return mistake(`${errno} is no errno that can come up here`, args.column(3));
  const nth = args.number(2);
  if (nth !== null) {
    if (nth < 1n || nth > 1_000_000n) return mistake('calls are counted from 1', args.column(2));
    unit.generic.unit.refuse({ what, errno, nth: Number(nth), device: null });
    return said(`${what} ${nth} of ${name} from now on is refused`);
  }
  if (what !== 'attach') return mistake(`say which ${what}, counted from 1`, args.column(2));
  const fn = functionAt(machine, args, 2);
  if (!fn.ok) return fn;
  unit.generic.unit.refuse({ what, errno, nth: null, device: fn.value.name });
  return said(`every attach of ${fn.value.shortName} is refused`);
});

const isErrno = (word: string): word is Errno => Object.hasOwn(ERRNO, word);

/** `remove 01:00.0` */
export const remove: Verb = kernelVerb(function* ({ machine, args }): Task<Outcome> {
  const word = args.word(0) ?? '';
  if (machine.platform.has(word)) {
    const removed = yield* removePlatform(machine, word);
    return removed.ok ? said('gone') : removed;
  }
  const fn = functionAt(machine, args, 0);
  if (!fn.ok) return fn;
  const gone = yield* removeFunction(machine, fn.value);
  if (!gone.ok) return gone;
  const { length } = gone.value;
  return said(length === 1 ? 'gone' : `${count(length, 'function')} gone`);
});

/** A function of the machine, whether or not its kernel runs. */
function functionAt({ topology }: Machine, args: Args, at: number): Found<PciFunction> {
  const word = args.word(at) ?? '';
  const fn = topology.findByName(fullBdf(word));
  return fn === null ? mistake(`there is no PCI function ${word}`, args.column(at)) : found(fn);
}

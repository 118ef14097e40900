import type {
  AreaObject,
  DeviceObject,
  IdevObject,
  IoasObject,
  WorldId,
  WorldObject,
} from '../../engine/sim/world';
import { cardOf, whyNoCopy } from '../../scenario/copy/cards';
import { formatStatement } from '../../scenario/format';
import { parseNumber } from '../../scenario/literal';
import { parseScript } from '../../scenario/parse';
import type { Statement } from '../../scenario/script';
import { MachineText, type PciLine } from '../../scenario/what-if/machine-text';
import { find, titleOf, TYPE_NAME, type Objects } from '../object-words';
import { driverLine, isVfio, scriptName } from '../script';
import * as says from '../../words/store/edit';

export interface Copied {
  /** Plain lines that make the objects again. */
  readonly lines: readonly string[];
  /** What cannot be copied, and why. */
  readonly left: readonly string[];
}

/** In this order they need each other. */
const ORDER = [
  'context',
  'process',
  'device',
  'ioas',
  'fault',
  'hwpt',
  'viommu',
  'nested',
  'veventq',
  'hw-queue',
  'attach',
  'access',
] as const;
type Stage = (typeof ORDER)[number];

/** Lines that make these objects again as they are now. `script`: the lines that have run. */
export function copyLines(script: string, objects: Objects, ids: readonly WorldId[]): Copied {
  const copy = new Copy(script, objects, new Set(ids));
  for (const id of ids) {
    const object = objects[id];
    if (object !== undefined) copy.add(object);
  }
  return copy.done();
}

class Copy {
  private readonly lines = new Map<Stage, string[]>(ORDER.map((stage) => [stage, []]));
  private readonly left = new Set<string>();
  private readonly statements: readonly Statement[];
  private readonly machine: MachineText;
  private readonly cards = new Set<string>();

  constructor(
    script: string,
    private readonly objects: Objects,
    private readonly ids: ReadonlySet<WorldId>,
  ) {
    this.statements = parseScript(script).lines.flatMap(({ statement }) => statement ?? []);
    this.machine = new MachineText(script);
  }

  done(): Copied {
    const said = new Set<string>();
    const lines = ORDER.flatMap((stage) => this.lines.get(stage) ?? []).filter(
      (line) => !said.has(line) && said.add(line),
    );
    return { lines, left: [...this.left] };
  }

  add(object: WorldObject): void {
    switch (object.type) {
      case 'device':
        return this.device(object);
      case 'idev': {
        const device = find(this.objects, object.deviceId, 'device');
        return device === null ? undefined : this.device(device);
      }
      case 'process':
        for (const { name } of object.buffers)
          if (name === null) this.left.add(says.hasMemoryThatTheScript(object.title));
          else this.made('process', name, titleOf(object));
        return;
      case 'ioas':
        return this.ioas(object);
      case 'hwpt':
        if (object.auto) this.left.add(says.wasMadeByAnAttachCopy(titleOf(object)));
        else this.named(object.nested ? 'nested' : 'hwpt', object);
        return;
      case 'context':
      case 'fault':
      case 'viommu':
      case 'veventq':
      case 'hw-queue':
        return this.named(object.type, object);
      case 'access': {
        const ioas = find(this.objects, object.ioasId, 'ioas');
        if (ioas === null || object.internal)
          this.left.add(
            object.internal
              ? says.isTheKernelsOwn(titleOf(object))
              : says.reachesNoIoasThereIsNothing(titleOf(object)),
          );
        else
          this.put(
            'access',
            `${scriptName(object)} = ACCESS ${scriptName(ioas)}${object.needsPins ? ' pin' : ''}`,
          );
        return;
      }
      case 'vdevice':
        this.left.add(says.aDeviceHasOnePlace(titleOf(object)));
        return;
      case 'group':
        this.left.add(says.groupsAreMadeByLinuxCopy(titleOf(object)));
        return;
      case 'iommu':
        this.left.add(says.isPartOfTheMachine(titleOf(object)));
        return;
      default:
        this.left.add(says.cannotBeCopied(TYPE_NAME[object.type], titleOf(object)));
    }
  }

  private put(stage: Stage, ...lines: readonly string[]): void {
    this.lines.get(stage)?.push(...lines);
  }

  private named(stage: Stage, object: WorldObject): void {
    if (object.name === null) this.left.add(says.wasMadeWithoutAName(titleOf(object)));
    else this.made(stage, object.name, titleOf(object));
  }

  /** The line that gave the name, said again. */
  private made(stage: Stage, name: string, title: string): void {
    const maker = this.statements.findLast((each) => each.name === name || each.begun?.name === name);
    const action = maker?.begun ?? maker;
    if (action === undefined) this.left.add(says.wasMadeWithoutAName(title));
    else this.put(stage, formatStatement({ ...action, expect: null, comment: null }));
  }

  private ioas(ioas: IoasObject): void {
    const name = scriptName(ioas);
    const context = find(this.objects, ioas.contextId, 'context');
    if (context === null) return;
    this.put('ioas', `${name} = IOAS_ALLOC ${scriptName(context)}`);
    if (!ioas.hugePages) this.put('ioas', `OPTION ${name} HUGE_PAGES 0`);
    if (ioas.allowed.length > 0) {
      const ranges = ioas.allowed.map(({ start, last }) => `${hex(start)}-${hex(last)}`);
      this.put('ioas', `IOAS_ALLOW_IOVAS ${name} ${ranges.join(' ')}`);
    }
    for (const area of ioas.areas) {
      const line = this.mapLine(name, area);
      if (line === null) this.left.add(says.atThatMemoryHasNoName(titleOf(ioas), hex(area.iova)));
      else this.put('ioas', line);
    }
  }

  private mapLine(ioas: string, area: AreaObject): string | null {
    const rights = `${area.read ? 'r' : ''}${area.write ? 'w' : ''}`;
    const where = `iova=${hex(area.iova)}`;
    const bytes = area.last - area.iova + 1n;
    if (area.pages?.source === 'file') return this.fileLine(ioas, area, rights);
    const process = find(this.objects, area.processId, 'process');
    const buffer = process?.buffers.find(
      ({ name, userVa, bytes: size }) =>
        name !== null && area.userVa >= userVa && area.userVa + bytes <= userVa + BigInt(size),
    );
    if (buffer?.name == null) return null;
    const offset = area.userVa - buffer.userVa;
    const part = [
      ...(offset === 0n ? [] : [`offset=${hex(offset)}`]),
      ...(offset === 0n && bytes === BigInt(buffer.bytes) ? [] : [`len=${hex(bytes)}`]),
    ];
    return ['IOAS_MAP', ioas, buffer.name, where, ...part, rights].join(' ');
  }

  /** Files are not in the world: the line that mapped it tells which. */
  private fileLine(ioas: string, { iova }: AreaObject, rights: string): string | null {
    const said = this.statements.findLast(
      ({ verb, args }) =>
        verb === 'IOAS_MAP_FILE' &&
        args.some((arg) => arg.kind === 'word' && arg.text === ioas) &&
        args.some((arg) => arg.kind === 'option' && arg.key === 'iova' && parseNumber(arg.value) === iova),
    );
    if (said === undefined) return null;
    return formatStatement({ ...said, name: null, expect: null, comment: null }).replace(
      / (?:r|w|rw)$/,
      ` ${rights}`,
    );
  }

  private device(device: DeviceObject): void {
    const line = this.machine.find(device.bdf);
    if (line === null) {
      this.left.add(
        device.platform === undefined
          ? says.isNoFunctionThatTheScriptAdds(titleOf(device))
          : says.isOnNoBusFirmwareLists(titleOf(device)),
      );
      return;
    }
    const why = whyNoCopy(this.machine, line);
    if (why !== null) this.left.add(why);
    else if (line.spec.kind === 'root-port') this.put('device', this.rawOf(line));
    else this.card(line);
  }

  private rawOf = ({ at, spec }: PciLine): string =>
    this.machine.rewritten({ at, name: '', spec }, { ...spec, recordedGroup: null });

  /** All functions of a card come out of its slot together. */
  private card(line: PciLine): void {
    const card = cardOf(this.machine, line.spec);
    const [first] = card;
    if (first === undefined || this.cards.has(first.name)) return;
    this.cards.add(first.name);
    this.put('device', ...card.map(this.rawOf));
    for (const { name, spec } of card) {
      const device = find(this.objects, `dev:${name}`, 'device');
      if (device === null) continue;
      const driver = device.driver?.name ?? null;
      if (driver !== null && driver !== spec.driver) this.put('device', driverLine(device, driver));
    }
    for (const { name } of card) this.binding(find(this.objects, `dev:${name}`, 'device'));
  }

  /** A device is bound and attached again where what it is attached to is copied too. */
  private binding(device: DeviceObject | null): void {
    const idev: IdevObject | null = find(this.objects, device?.idevId ?? null, 'idev');
    const hwpt = find(this.objects, idev?.hwptId ?? null, 'hwpt');
    if (device === null || idev === null || hwpt === null) return;
    const to = this.ids.has(hwpt.id) && !hwpt.auto ? hwpt : find(this.objects, hwpt.ioasId, 'ioas');
    const context = find(this.objects, idev.contextId, 'context');
    if (to === null || context === null || !this.ids.has(to.id) || !isVfio(device.driver?.name ?? '')) return;
    const name = idev.name ?? `dev_${device.bdf.replace(/\W/g, '_')}`;
    this.put('device', `${name} = BIND ${scriptName(context)} ${device.bdf.replace(/^0000:/, '')}`);
    this.put('attach', `ATTACH ${name} ${scriptName(to)}`);
  }
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;

import type {
  ContextObject,
  HwptObject,
  IdevObject,
  IoasObject,
  WorldId,
  WorldObject,
} from '../../engine/sim/world';
import { nestedLine, viommuType } from '../../commands/guest';
import { newHwptLine, newSpaceLines } from '../../commands/lines';
import { freshName } from '../../scenario/edit';
import { cardLines, type CardId } from '../../scenario/what-if/add-card';
import { addCardAnywhere, addPortWithCard } from '../../scenario/what-if/add-port';
import type { Changed } from '../../scenario/what-if/changed';
import { freePorts } from '../../scenario/what-if/free-ports';
import { all, find } from '../../store/object-words';
import { joinLines, linesOf, scriptName, shortBdf } from '../../store/script';
import type { AppState, Drop } from '../../store/types';
import type { Kind } from '../../ui/kinds';
import * as says from '../../words/canvas/palette';

/** What a drop on nothing would do: lines, and what stands there then; or why it has to be dropped on something. */
export type Making =
  { readonly lines: readonly string[]; readonly thing: string | null } | { readonly why: string };

/** Something that can be made, as the palette shows it. */
export interface Piece {
  readonly id: string;
  readonly label: string;
  /** Beside its mark where there is no room for its label, when another piece has the same mark. */
  readonly short?: string;
  readonly kind: Kind;
  /** How the kernel or the script calls the making of it. */
  readonly verb: string;
  /** Where it belongs, in a few words. */
  readonly hint: string;
  /** Whether this machine has such things at all. */
  readonly available?: (app: AppState) => boolean;
  /** Objects that it could be dropped on, also those that would refuse. */
  readonly drops: (app: AppState) => readonly Drop[];
  readonly free: (app: AppState) => Making;
}

/** The lines that have run: names and slots that are taken now. */
export const runScript = ({ script, cursor }: Pick<AppState, 'script' | 'cursor'>): string =>
  joinLines(linesOf(script).slice(0, cursor));

/** As if only the lines that have run were there: what is made stands after them. */
const now = (app: AppState): AppState => ({ ...app, script: runScript(app) });

const make = (targetId: WorldId, lines: readonly string[]): Drop => ({
  targetId,
  action: 'make',
  lines,
  why: null,
});
const against = (targetId: WorldId, why: string): Drop => ({ targetId, action: 'make', lines: [], why });

/** The context that a person works in: that of the selected object, else the one opened last. */
export function contextAtHand({ objects, selection }: AppState): ContextObject | null {
  const selected = selection === null ? undefined : objects[selection];
  const id = selected === undefined ? null : contextIdOf(objects, selected);
  return find(objects, id, 'context') ?? all(objects, 'context').at(-1) ?? null;
}

function contextIdOf(objects: AppState['objects'], object: WorldObject): WorldId | null {
  if (object.type === 'context') return object.id;
  if (object.type === 'device') return find(objects, object.idevId, 'idev')?.contextId ?? null;
  return 'contextId' in object ? object.contextId : null;
}

/** A device for which a table is made: one that uses this IOAS already, else any of its context. */
function deviceFor({ objects }: AppState, ioas: Pick<IoasObject, 'id' | 'contextId'>): IdevObject | null {
  const bound = all(objects, 'idev').filter(({ contextId }) => contextId === ioas.contextId);
  return bound.find(({ hwptId }) => find(objects, hwptId, 'hwpt')?.ioasId === ioas.id) ?? bound[0] ?? null;
}

const NO_DEVICE = says.noDeviceIsBound;
const NO_PARENT = says.itWasMadeWithoutNestParent;

/** What a change appended. */
function made(before: string, changed: Changed, thing: (lines: readonly string[]) => string | null): Making {
  if (!changed.ok) return { why: `${changed.why}.` };
  const lines = linesOf(changed.script).slice(linesOf(before).length);
  return { lines, thing: thing(lines) };
}

const lastFunction = (lines: readonly string[]): string | null =>
  lines.findLast((line) => line.startsWith('pci ') && !line.includes(' root-port '))?.split(' ')[1] ?? null;
/** A group stands where its first function was put. */
const firstFunction = (lines: readonly string[]): string | null =>
  lines.find((line) => line.startsWith('pci ') && !line.includes(' root-port '))?.split(' ')[1] ??
  lastFunction(lines);

function card(id: CardId, label: string, short?: string): Piece {
  return {
    ...(short === undefined ? {} : { short }),
    id: `card-${id}`,
    label,
    kind: 'device',
    verb: 'pci',
    hint: says.onAPortWithAFree,
    drops(app) {
      const script = runScript(app);
      const boot = /^\s*boot\b/m.test(script) ? [] : ['boot'];
      const free = new Map(freePorts(script).map((port) => [addressOf(port.address), port]));
      return all(app.objects, 'device').flatMap((device) => {
        if (device.kind !== 'root-port' && device.kind !== 'downstream-port') return [];
        const port = free.get(device.bdf);
        if (port === undefined) return [against(device.id, says.theSlotBehindIsTaken(shortBdf(device.bdf)))];
        if (port.buses === null) return [against(device.id, says.firmwareLeftNoBusNumber)];
        return [make(device.id, [...boot, ...cardLines(port.address.domain, port.buses.secondary, id)])];
      });
    },
    free: (app) => made(runScript(app), addCardAnywhere(runScript(app), id), firstFunction),
  };
}

const addressOf = ({ domain, bus, devfn }: { domain: number; bus: number; devfn: number }): string =>
  `${hex(domain, 4)}:${hex(bus, 2)}:${hex(devfn >> 3, 2)}.${devfn & 7}`;
const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

const MEMORY = '2M';
const processOf = (app: AppState): string =>
  find(app.objects, contextAtHand(app)?.processId, 'process')?.title ?? 'qemu';

/** One of a context: the context itself is opened where there is none. */
function inContext(app: AppState, name: string, verb: string): Making {
  const { script } = now(app);
  const context = contextAtHand(app);
  const ctx = context === null ? freshName(script, 'ctx') : scriptName(context);
  const thing = freshName(script, name);
  return {
    lines: [...(context === null ? [`${ctx} = open /dev/iommu`] : []), `${thing} = ${verb} ${ctx}`],
    thing,
  };
}

const onIoases = (app: AppState, of: (ioas: IoasObject) => Drop): readonly Drop[] =>
  all(app.objects, 'ioas').map(of);

const hwptOn = (app: AppState, hwpt: HwptObject): Drop => {
  if (!hwpt.nestParent) return against(hwpt.id, NO_PARENT);
  if (deviceFor(app, { id: hwpt.ioasId, contextId: hwpt.contextId }) === null)
    return against(hwpt.id, NO_DEVICE);
  return make(hwpt.id, [nestedLine(hwpt.contextId, scriptName(hwpt), hwpt.iommuId, now(app))]);
};

export const PIECES: readonly Piece[] = [
  card('nic', says.card),
  card('gpu', says.twoFunctions, '×2'),
  {
    id: 'port',
    label: says.portCard,
    kind: 'bridge',
    verb: 'pci',
    hint: says.anywhereARootPortOfItsOwn,
    drops: () => [],
    free: (app) => made(runScript(app), addPortWithCard(runScript(app), 'nic'), firstFunction),
  },
  {
    id: 'context',
    label: says.iommufd,
    kind: 'context',
    verb: 'open /dev/iommu',
    hint: says.anywhereItHasNoCard,
    drops: () => [],
    free: (app) => ({ lines: [`${freshName(now(app).script, 'ctx')} = open /dev/iommu`], thing: null }),
  },
  {
    id: 'ioas',
    label: 'IOAS',
    kind: 'ioas',
    verb: 'IOAS_ALLOC',
    hint: says.anywhere,
    drops: () => [],
    free(app) {
      const lines = newSpaceLines(now(app).script, contextAtHand(app));
      return { lines, thing: lines.at(-1)?.split(' ')[0] ?? null };
    },
  },
  {
    id: 'hwpt',
    label: 'HWPT',
    kind: 'hwpt',
    verb: 'HWPT_ALLOC',
    hint: says.onAnIoasANestParent,
    drops: (app) => [
      ...onIoases(app, (ioas) => {
        const idev = deviceFor(app, ioas);
        return idev === null
          ? against(ioas.id, NO_DEVICE)
          : make(ioas.id, [newHwptLine(now(app).script, idev, ioas, { nestParent: false, dirty: false })]);
      }),
      ...all(app.objects, 'hwpt').map((hwpt) => hwptOn(app, hwpt)),
      ...all(app.objects, 'viommu').map((viommu) =>
        make(viommu.id, [nestedLine(viommu.contextId, scriptName(viommu), viommu.iommuId, now(app))]),
      ),
    ],
    free: () => ({
      why: says.aPageTableIsMadeOver,
    }),
  },
  {
    id: 'memory',
    label: says.memory,
    kind: 'process',
    verb: 'mmap',
    hint: says.onAnIoasToMap,
    drops: (app) => [
      ...onIoases(app, (ioas) => {
        const buffer = freshName(now(app).script, 'buf');
        return {
          ...make(ioas.id, [
            `${buffer} = mmap ${processOf(app)} ${MEMORY}`,
            `IOAS_MAP ${scriptName(ioas)} ${buffer} rw`,
          ]),
          action: 'map',
        };
      }),
      ...all(app.objects, 'process').map((process) =>
        make(process.id, [`${freshName(now(app).script, 'buf')} = mmap ${process.title} ${MEMORY}`]),
      ),
    ],
    free(app) {
      const process = processOf(app);
      const stands = find(app.objects, `mm:${process}`, 'process') !== null;
      return {
        lines: [`${freshName(now(app).script, 'buf')} = mmap ${process} ${MEMORY}`],
        thing: stands ? null : `mm:${process}`,
      };
    },
  },
  {
    id: 'memfd',
    label: says.memfd,
    short: 'fd',
    kind: 'process',
    verb: 'memfd_create',
    hint: says.onAnIoasAFile,
    drops: (app) =>
      onIoases(app, (ioas) => {
        const file = freshName(now(app).script, 'file');
        return {
          ...make(ioas.id, [
            `${file} = memfd_create ${processOf(app)} ${MEMORY}`,
            `IOAS_MAP_FILE ${scriptName(ioas)} ${file} rw`,
          ]),
          action: 'map',
        };
      }),
    free: () => ({ why: says.aFileIsSeen }),
  },
  {
    id: 'access',
    label: says.access,
    kind: 'access',
    verb: 'ACCESS',
    hint: says.onTheIoasThatItReaches,
    drops: (app) =>
      onIoases(app, (ioas) =>
        make(ioas.id, [`${freshName(now(app).script, 'mdev')} = ACCESS ${scriptName(ioas)} pin`]),
      ),
    free: () => ({ why: says.anAccessReachesTheMemory }),
  },
  {
    id: 'faults',
    label: says.faultQueue,
    kind: 'fault',
    verb: 'FAULT_QUEUE_ALLOC',
    hint: says.anywhere,
    drops: () => [],
    free: (app) => inContext(app, 'faults', 'FAULT_QUEUE_ALLOC'),
  },
  {
    id: 'viommu',
    label: 'vIOMMU',
    kind: 'viommu',
    verb: 'VIOMMU_ALLOC',
    hint: says.onANestParent,
    available: ({ objects }) =>
      all(objects, 'iommu').some(({ vendor, title }) => vendor === 'smmuv3' || title === 'mock'),
    drops: (app) =>
      all(app.objects, 'hwpt').map((hwpt) => {
        const idev = deviceFor(app, { id: hwpt.ioasId, contextId: hwpt.contextId });
        const type = viommuType(hwpt, app);
        if (!hwpt.nestParent) return against(hwpt.id, NO_PARENT);
        if (type === null) return against(hwpt.id, says.theDriverOfItsIommu);
        if (idev === null) return against(hwpt.id, NO_DEVICE);
        const name = freshName(now(app).script, 'vm');
        return make(hwpt.id, [`${name} = VIOMMU_ALLOC ${scriptName(idev)} ${scriptName(hwpt)} type=${type}`]);
      }),
    free: () => ({ why: says.aVIOMMULiesOnTheTable }),
  },
];

/** Lines that bring `new:…` back to what they are of. */
export const pieceOf = (id: string): Piece | null => PIECES.find((piece) => `new:${piece.id}` === id) ?? null;

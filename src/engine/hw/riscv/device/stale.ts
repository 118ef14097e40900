import { silent } from '../../../trace/trace';
import { DDTP, DDTP_BARE, DDTP_MODE_MASK, FCTL } from '../regs';
import type { RiscvIommu } from './device';
import type { CachedTranslation } from './iotlb';
import { PlainPort } from './memory';
import { Service } from './service';
import { Translation } from './translation';
import { UnitState } from './unit';
import type { CachedTable } from './walk-cache';

const NO_CACHE = { sets: 0, ways: 0 };
/** Device contexts in memory that are looked at for the owner of a tag: garbage may hold millions. */
const MOST_CONTEXTS = 1024;

/**
 * Whether what is cached still stands in memory: everything is read anew, past all caches, and nothing is changed.
 *
 * A translation is judged by a request of whoever filled it; where that one has other tags by now, by the next device or
 * process that has them.
 */
export class Freshness {
  private readonly shadow: UnitState;
  private readonly translation: Translation;
  private readonly service = new Service();
  /** Devices whose contexts memory holds; read when they are first needed. */
  private known: readonly number[] | null = null;

  constructor(private readonly device: RiscvIommu) {
    const { state } = device;
    const config = {
      ...state.config,
      counters: 0,
      iotlb: NO_CACHE,
      walkCache: NO_CACHE,
      ddtCache: NO_CACHE,
      pdtCache: NO_CACHE,
    };
    const port = new PlainPort(state.memory.port);
    const quiet = { raise: () => undefined };
    const nobody = { send: () => undefined, sync: () => undefined };
    this.shadow = new UnitState(config, port, silent, quiet, nobody, true);
    for (const offset of [FCTL, DDTP, DDTP + 4]) this.shadow.setReg(offset, state.reg(offset));
    this.translation = new Translation(this.shadow, silent, this.service);
  }

  deviceIsStale(did: number, at: number): boolean {
    if (!this.reads(did)) return true;
    const { words, at: from, extended } = this.translation.directory;
    return !this.device.state.contexts.sameDevice(at, words, from, extended);
  }

  processIsStale(did: number, pid: number, at: number): boolean {
    if (!this.reads(did) || !this.translation.look(did, pid)) return true;
    const cached = this.device.state.contexts.pcs;
    const { pcs } = this.shadow.contexts;
    return [0, 1, 2, 3].some((n) => cached[at + n] !== pcs[n]);
  }

  tableIsStale(table: CachedTable): boolean {
    const { stage, gscid, pscid } = table;
    const owner = this.owner((s) => s.gscid === gscid && (stage === 2 || s.pscid === pscid));
    if (!owner) return true;
    const vpn = (table.addressHi >>> 0) * 0x10_0000 + (table.addressLo >>> 12);
    return this.translation.lastTableOf(stage, vpn) !== table.pfn;
  }

  translationIsStale(entry: CachedTranslation): boolean {
    return !this.servesTagsOf(entry) || !this.translation.agrees(entry);
  }

  /** What the tables say now; null: nothing, or nobody has these tags any more. */
  translationNow(entry: CachedTranslation): ReturnType<Translation['answerNow']> {
    return this.servesTagsOf(entry) ? this.translation.answerNow(entry) : null;
  }

  private servesTagsOf({ gscid, pscid, did }: CachedTranslation): boolean {
    const mine = (s: Service): boolean => s.gscid === gscid && s.pscid === pscid;
    return (this.serves(did, -1) && mine(this.service)) || this.owner(mine);
  }

  private reads(did: number): boolean {
    const mode = this.shadow.reg(DDTP) & DDTP_MODE_MASK;
    if (mode <= DDTP_BARE || !this.translation.directory.reaches(did)) return false;
    return this.translation.directory.locate(did, this.service) >= 0;
  }

  private serves(did: number, pasid: number): boolean {
    return this.translation.look(did, pasid);
  }

  /** Leaves in `service` the first device or process whose tags are wanted. */
  private owner(wanted: (s: Service) => boolean): boolean {
    const { contexts } = this.device.state;
    for (const { did, pid } of contexts.listProcesses())
      if (this.serves(did, pid) && wanted(this.service)) return true;
    for (const { did } of contexts.listDevices())
      if (this.serves(did, -1) && wanted(this.service)) return true;
    this.known ??= this.translation.directory.list(MOST_CONTEXTS);
    return this.known.some((did) => this.serves(did, -1) && wanted(this.service));
  }
}

import { join } from '../../../../lib/u64';
import { silent, type Trace } from '../../../trace/trace';
import {
  BYPASSED,
  PA_HI,
  PA_LO,
  TRANSLATED,
  WALKED,
  type Access,
  type DeviceLink,
  type DmaTranslator,
  type IrqLine,
  type MemoryPort,
  type PageRequestMessage,
  type RegisterBus,
  type TranslateStatus,
} from '../../port';
import { MSG_INVALIDATE_REQUEST, PAYLOAD_L, PAYLOAD_R, PAYLOAD_W, TC_PDTV } from '../structs';
import { CommandQueue } from './command-queue';
import { completeConfig, type RiscvConfig } from './config';
import { HINT_MASK, TLB_PA_HI, TLB_PA_LO, TLB_PERMS, TLB_TAG_A, TLB_TAG_B, type Iotlb } from './iotlb';
import type { Counters } from './hpm';
import type { DeviceDirectory } from './ddt';
import type { AtsMessage, AtsPort } from './messages';
import { PageRequestQueue, type PageRequest } from './page-requests';
import { QuickDirectory } from './quick-directory';
import { QuickWalk } from './quick-walk';
import { Registers } from './registers';
import { FIRST_ONLY, IDENTITY, NESTED, SECOND_ONLY, type Service } from './service';
import { SPACE_FOUND, Translation } from './translation';
import { UnitState } from './unit';

export interface RiscvPorts {
  readonly memory: MemoryPort;
  readonly trace?: Trace;
  /** Runs when the unit interrupts, by wire or by message. */
  readonly irq?: IrqLine;
  /** The devices' end of ATS and PRI. Default: none answers. */
  readonly link?: DeviceLink;
  /** Takes the unit's messages as they are, in the place of `link`. */
  readonly ats?: AtsPort;
}

/** READ, WRITE and EXECUTE, and nothing besides. */
const PLAIN = 7;

/**
 * A RISC-V IOMMU: the silicon. It sees memory and its registers, nothing else.
 *
 * Spec: RISC-V IOMMU Architecture Specification, version 1.0, with the extensions QoS ID, NL and S and Svrsw60t59b
 */
export class RiscvIommu implements DmaTranslator {
  readonly result: Int32Array;
  readonly registers: RegisterBus;
  /** For introspection: what the unit holds. Nothing outside the unit may write it. */
  readonly state: UnitState;
  readonly commands: CommandQueue;
  readonly translation: Translation;
  private readonly pages: PageRequestQueue;
  private readonly walker: QuickWalk;
  /** Parts of the state, nearer at hand. */
  private readonly service: Service;
  private readonly trace: Trace;
  private readonly tlb: Int32Array;
  private readonly hints: Int32Array;
  private readonly iotlb: Iotlb;
  private readonly port: MemoryPort;
  private readonly counters: Counters;
  private readonly directory: DeviceDirectory;
  private readonly contexts: QuickDirectory;

  constructor(config: Partial<RiscvConfig>, ports: RiscvPorts) {
    const full = completeConfig(config);
    const irq = ports.irq ?? { raise: () => undefined };
    const ats = ports.ats ?? this.bridge(ports.link);
    this.state = new UnitState(full, ports.memory, ports.trace ?? silent, irq, ats);
    this.commands = new CommandQueue(this.state);
    this.translation = new Translation(this.state, this.state.trace, this.state.service);
    this.registers = new Registers(this.state, this.commands, this.translation);
    this.pages = new PageRequestQueue(this.state, this.translation.directory);
    this.result = this.translation.out;
    this.walker = new QuickWalk(this.state, this.result);
    this.service = this.state.service;
    this.trace = this.state.trace;
    this.tlb = this.state.iotlb.entries;
    this.hints = this.state.iotlb.hints;
    this.iotlb = this.state.iotlb;
    this.port = ports.memory;
    this.counters = this.state.counters;
    this.directory = this.translation.directory;
    this.contexts = new QuickDirectory(this.state, this.directory);
  }

  /** One request of a device; the address or the cause of a fault is in `result`. `rid`: device_id, up to 24 bits. */
  translate(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { service, trace, tlb, result } = this;
    if (rid !== service.rid || pasid !== service.pasid || access > PLAIN || trace.on) {
      return this.unserved(rid, hi, lo, access, pasid);
    }
    // What is looked for first is where this page was found last; the entry's tags decide.
    const vpn = (hi << 20) | (lo >>> 12);
    const at = this.hints[vpn & HINT_MASK] as number;
    if (
      tlb[at] === vpn &&
      tlb[at + TLB_TAG_B] === service.spaceB &&
      tlb[at + TLB_TAG_A] === ((hi >>> 12) | service.spaceA) &&
      ((tlb[at + TLB_PERMS] as number) & access) === access
    ) {
      result[PA_LO] = ((tlb[at + TLB_PA_LO] as number) & ~0xfff) | (lo & 0xfff);
      result[PA_HI] = tlb[at + TLB_PA_HI] as number;
      return TRANSLATED;
    }
    return this.missed(rid, hi, lo, access, pasid);
  }

  /** Not the device that was served last, not a plain request, or somebody watches. */
  private unserved(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { translation, directory } = this;
    if (this.trace.on && this.port.hazards === null && this.tells(rid, hi, lo, access, pasid))
      return TRANSLATED;
    const plain = access <= PLAIN && !this.trace.on && !this.counters.active && this.port.hazards === null;
    if (!plain || !directory.reaches(rid)) return translation.request(rid, hi, lo, access, pasid);
    if (pasid >= 0 || !this.contexts.serve(rid)) {
      const status = translation.enter(rid, hi, lo, access, pasid);
      if (status !== SPACE_FOUND) return status;
    }
    return this.missed(rid, hi, lo, access, pasid);
  }

  /** Somebody watches: whether all there is to tell is that the device that was served last hits the caches again. */
  private tells(rid: number, hi: number, lo: number, access: Access, pasid: number): boolean {
    const { service, iotlb, result } = this;
    const again = rid === service.rid && pasid === service.pasid && service.whole;
    if (!again || access > PLAIN || (service.tc & TC_PDTV) !== 0) return false;
    const at = iotlb.find(service.spaceA, service.spaceB, hi, lo);
    if (at < 0 || (iotlb.perms(at) & access) !== access) return false;
    this.translation.tellHit(hi, lo);
    result[PA_LO] = iotlb.paLo(at, lo);
    result[PA_HI] = iotlb.paHi(at);
    return true;
  }

  /** Not where it was found last: a full look-up, and then the tables. */
  private missed(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { service, result, iotlb } = this;
    const at = iotlb.find(service.spaceA, service.spaceB, hi, lo);
    if (at >= 0) {
      if ((iotlb.perms(at) & access) !== access) return this.carefully(rid, hi, lo, access, pasid);
      result[PA_LO] = iotlb.paLo(at, lo);
      result[PA_HI] = iotlb.paHi(at);
      return TRANSLATED;
    }
    if (this.port.hazards === null && this.walks(hi, lo, access)) return WALKED;
    if (service.kind !== IDENTITY) return this.carefully(rid, hi, lo, access, pasid);
    result[PA_LO] = lo;
    result[PA_HI] = hi & 0xff_ffff;
    return BYPASSED;
  }

  /** The address space is known, and no quick way leads on: as the document has it. */
  private carefully(rid: number, hi: number, lo: number, access: Access, pasid: number): TranslateStatus {
    const { translation, service } = this;
    // What the quick directory found says too little, but changed nothing: it can be found again.
    if (!service.whole) return translation.request(rid, hi, lo, access, pasid);
    return translation.resume(rid, hi, lo, access, pasid);
  }

  /** Whether the quick walk finds the way. */
  private walks(hi: number, lo: number, access: Access): boolean {
    const { service, walker } = this;
    switch (service.kind) {
      case FIRST_ONLY:
        return walker.single(service, hi, lo, access);
      case SECOND_ONLY:
        return walker.guestOnly(service, hi, lo, access);
      case NESTED:
        return walker.nested(service, hi, lo, access);
      default:
        return false;
    }
  }

  /** The write that translate() just said is a message to an interrupt file in memory. Whether it was stored. */
  interrupt(_rid: number, address: number, data: Uint8Array): boolean {
    return this.translation.deliver(address % 4096, data);
  }

  pageRequest(message: PageRequestMessage): void {
    const flags =
      (message.read ? PAYLOAD_R : 0) | (message.write ? PAYLOAD_W : 0) | (message.last ? PAYLOAD_L : 0);
    this.receivePageRequest({
      rid: message.rid & 0xffff,
      segmentValid: message.rid > 0xffff,
      segment: message.rid >>> 16,
      pasidValid: message.pasid >= 0,
      pasid: Math.max(0, message.pasid),
      privileged: message.privileged,
      execute: message.execute,
      payloadHi: Number(BigInt.asIntN(32, message.iova >> 32n)),
      payloadLo: Number(BigInt.asIntN(32, message.iova & ~0xfffn)) | (message.group << 3) | flags,
    });
  }

  /** A Page Request message as it comes over the link. */
  receivePageRequest(request: PageRequest): void {
    this.pages.handle(request);
    // It may have taken the place of the served device's context in the cache.
    this.state.forget();
  }

  /** Drops everything that is cached, as nothing software can do does. */
  flush(): void {
    const { iotlb, walkCache, contexts } = this.state;
    iotlb.invalidateAll();
    walkCache.invalidateAll();
    contexts.invalidateDevice(-1);
    this.state.forget();
  }

  /** What the devices' end of ATS makes of the unit's messages. */
  private bridge(link: DeviceLink | undefined): AtsPort {
    return {
      sync: () => undefined,
      send: (message) => {
        if (message.code === MSG_INVALIDATE_REQUEST) this.invalidate(message, link);
        else link?.pageResponse(pageResponse(message));
      },
    };
  }

  private invalidate(message: AtsMessage, link: DeviceLink | undefined): void {
    const { rid, segmentValid, segment, tag } = message;
    const answered = link?.invalidate(invalidation(message)) ?? false;
    if (answered) this.commands.complete(rid, segmentValid, segment, 1 << tag, 1);
    else this.commands.timeOut(1 << tag);
  }
}

const requester = (message: AtsMessage): number =>
  message.segmentValid ? message.rid | (message.segment << 16) : message.rid;

/** The body of an Invalidate Request: address with size, and Global Invalidate. PCIe: "Invalidate Request Message Body" */
function invalidation(message: AtsMessage): Parameters<DeviceLink['invalidate']>[0] {
  const body = join(message.payloadHi, message.payloadLo);
  const address = body & ~0xfffn;
  const whole = address >> 12n;
  let sizeLg2 = 12;
  if ((body & 0x800n) !== 0n) {
    let ones = 0n;
    while (((whole >> ones) & 1n) === 1n && ones < 52n) ones++;
    sizeLg2 = Math.min(64, 13 + Number(ones));
  }
  return {
    rid: requester(message),
    pasid: message.pasidValid ? message.pasid : -1,
    iova: sizeLg2 >= 64 ? 0n : (body >> BigInt(sizeLg2)) << BigInt(sizeLg2),
    sizeLg2: sizeLg2 >= 63 ? 64 : sizeLg2,
    global: (body & 1n) === 1n,
  };
}

/** The body of a PRG Response: index and code in the high word. */
const pageResponse = (message: AtsMessage): Parameters<DeviceLink['pageResponse']>[0] => ({
  rid: requester(message),
  pasid: message.pasidValid ? message.pasid : -1,
  group: message.payloadHi & 0x1ff,
  code: (message.payloadHi >>> 12) & 0xf,
});

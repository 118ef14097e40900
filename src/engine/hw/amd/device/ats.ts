import {
  ATS_GLOBAL,
  ATS_GRANTS,
  ATS_SIZE_LG2,
  ATS_UNTRANSLATED_ONLY,
  COMPLETION,
  EXECUTE,
  LEAF_PERMS,
  PA_HI,
  PA_LO,
  PRIVILEGED,
  READ,
  UNSUPPORTED_REQUEST,
  WALKED,
  WRITE,
  type TranslateStatus,
} from '../../port';
import { INVALID_DEVICE_REQUEST, TRANSLATION_DISABLED, TRANSLATION_RANGE } from '../reasons';
import { DTE_I, EVENT_TYPE_SHIFT, V1_U } from '../structs';
import {
  D_GUEST,
  D_HAD,
  D_ID,
  D_KIND,
  D_LEVELS,
  D_PERMS,
  D_RAW,
  D_ROOT,
  HAD_DIRTY,
  KIND_BLOCKED,
  KIND_FORWARD,
  KIND_GUEST,
  KIND_PASS,
} from './dte';
import { CTX_HOST_HAD, CTX_HOST_LEVELS } from './gcr3';
import { LEAF_GLOBAL } from './guest-walk';
import { FOR_ITSELF, HARDWARE, LEAF_HI, LEAF_SIZE } from './host-walk';
import { READY_USER } from './iotlb';
import type { Translation } from './translation';

/**
 * A device asks for a translation; `at`: its entry.
 *
 * Spec: section 2.1.3.2 "I/O Page Faults": what is not there, or not permitted, is no fault; it is answered without
 * permissions and not logged. PCI Express Base Specification, section 10.2.3 "Translation Completion"
 *
 * The IOTLB has no part in it: what a device keeps is read from the tables. Write permission is granted with the dirty
 * bit set already; to who does not mean to write, only when it is.
 */
export function atsRequest(unit: Translation, at: number, special = false): TranslateStatus {
  const { state, request } = unit;
  const dte = state.dtes.entries;
  const kind = dte[at + D_KIND] as number;
  const enabled = ((dte[at + D_RAW + 3] as number) & DTE_I) !== 0;
  if (kind === KIND_FORWARD || kind === KIND_BLOCKED || !enabled)
    return refuse(unit, at, TRANSLATION_DISABLED);
  if (special) return refuse(unit, at, TRANSLATION_RANGE);
  if (kind === KIND_GUEST && request.pasid < 0) request.usePasid(0);
  if (request.pasid >= 0) return dte[at + D_GUEST] === 0 ? answer(unit, 0, 12) : ofProcess(unit, at);
  const perms = dte[at + D_PERMS] as number;
  if (kind !== KIND_PASS) return ofHost(unit, at, perms);
  unit.result[PA_LO] = request.lo & ~0xfff;
  unit.result[PA_HI] = request.hi;
  return answer(unit, granted(request.access, executable(perms), true), 12);
}

function ofHost(unit: Translation, at: number, devicePerms: number): TranslateStatus {
  const { request, walker } = unit;
  const { hosts } = walker;
  const dte = unit.state.dtes.entries;
  const outcome = hosts.search(
    dte[at + D_ROOT] as number,
    dte[at + D_LEVELS] as number,
    dte[at + D_ID] as number,
    request.hi,
    request.lo,
    FOR_ITSELF,
  );
  if (outcome === HARDWARE) return walker.failHardware(at, hosts.problem, hosts.failedPa);
  const perms = (hosts.out[LEAF_PERMS] as number) & devicePerms;
  if (outcome !== 0 || perms === 0) return answer(unit, 0, 12);
  const tracks = ((dte[at + D_HAD] as number) & HAD_DIRTY) !== 0;
  const write = (perms & request.access & WRITE) !== 0;
  if (dte[at + D_HAD] !== 0 && !hosts.mark(write && tracks))
    return walker.failHardware(at, hosts.problem, hosts.failedPa);
  const mayWrite = write || !tracks || hosts.isDirty;
  return found(unit, hosts.out, granted(request.access, executable(perms), mayWrite));
}

function ofProcess(unit: Translation, at: number): TranslateStatus {
  const { state, request, walker } = unit;
  const { guests, hosts } = walker;
  const c = walker.process(at);
  if (c < 0) return c === -HARDWARE ? walker.failProcess(at) : answer(unit, 0, 12);
  const ctx = state.pasids.entries;
  const outcome = guests.search(ctx, c, request.hi, request.lo);
  if (outcome === HARDWARE) return walker.failHardware(at, guests.problem, guests.failedPa);
  const privileged = request.access & PRIVILEGED;
  const leaf = guests.out[LEAF_PERMS] as number;
  const reachable = outcome === 0 && (privileged !== 0 || (leaf & READY_USER) !== 0);
  const perms = leaf & ((state.dtes.entries[at + D_PERMS] as number) | EXECUTE) & (READ | WRITE | EXECUTE);
  if (!reachable || perms === 0) return answer(unit, 0, 12);

  const had = (ctx[c + CTX_HOST_LEVELS] as number) > 0 ? (ctx[c + CTX_HOST_HAD] as number) : 0;
  const tracks = (had & HAD_DIRTY) !== 0;
  const write = (perms & request.access & WRITE) !== 0;
  const marked = guests.mark(write);
  if (marked === HARDWARE) return walker.failHardware(at, guests.problem, guests.failedPa);
  if (marked !== 0) return answer(unit, 0, 12);
  if (had !== 0 && !hosts.mark(write && tracks))
    return walker.failHardware(at, hosts.problem, hosts.failedPa);
  const mayWrite = write || (guests.isDirty && (!tracks || hosts.isDirty));
  const global = guests.out[LEAF_GLOBAL] !== 0 ? ATS_GLOBAL : 0;
  return found(unit, guests.out, granted(request.access, perms, mayWrite) | privileged | global);
}

/** Execution goes to who asked for it, and not without reading. */
function granted(access: number, perms: number, mayWrite: boolean): number {
  const execute = (access & EXECUTE) !== 0 && (perms & READ) !== 0 ? perms & EXECUTE : 0;
  return (perms & READ) | (mayWrite ? perms & WRITE : 0) | execute;
}

/** Host tables know no execution: what may be read may be executed. */
const executable = (perms: number): number => perms | ((perms & READ) !== 0 ? EXECUTE : 0);

function found(unit: Translation, leaf: Int32Array, grants: number): TranslateStatus {
  unit.result[PA_LO] = leaf[PA_LO] as number;
  unit.result[PA_HI] = leaf[PA_HI] as number;
  const only = ((leaf[LEAF_HI] as number) & V1_U) !== 0 ? ATS_UNTRANSLATED_ONLY : 0;
  return answer(unit, grants | only, leaf[LEAF_SIZE] as number);
}

function answer(unit: Translation, grants: number, sizeLg2: number): TranslateStatus {
  unit.result[ATS_GRANTS] = grants;
  unit.result[ATS_SIZE_LG2] = sizeLg2;
  return WALKED;
}

function refuse(unit: Translation, at: number, type: number): TranslateStatus {
  const status = unit.report.fail(INVALID_DEVICE_REQUEST, type << EVENT_TYPE_SHIFT, at);
  unit.result[COMPLETION] = UNSUPPORTED_REQUEST;
  return status;
}

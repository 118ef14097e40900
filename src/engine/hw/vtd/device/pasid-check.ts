import { PASID_BEYOND_DIRECTORY, PASID_BEYOND_SUPPORT, PASID_DISABLED, PASID_IS_RID_PASID } from '../reasons';
import { CTX_FLAGS, CTX_PASID_LIMIT, CTX_PASIDE, CTX_RID_PASID } from './context-cache';

/** Whether a request may carry a PASID: 0, or the reason against it. Spec: section 7.1.3, SCT.6, SCT.7, SCT.9, SGN.10 */
export function checkPasid(contexts: Int32Array, at: number, pasid: number, pasidBits: number): number {
  if (((contexts[at + CTX_FLAGS] as number) & CTX_PASIDE) === 0) return PASID_DISABLED;
  if (pasid >= 2 ** pasidBits) return PASID_BEYOND_SUPPORT;
  if (pasid >= (contexts[at + CTX_PASID_LIMIT] as number)) return PASID_BEYOND_DIRECTORY;
  return pasid === contexts[at + CTX_RID_PASID] ? PASID_IS_RID_PASID : 0;
}

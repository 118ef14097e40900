import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import type { Task } from '../kernel/task';
import type { AnyObject, IommufdObject, ObjectByKind, ObjectKind } from './object';

/**
 * A context's objects by id: one number space for all types, the lowest free id first, ids at once reusable.
 * An id is taken before its object is complete; until then a look-up finds nothing.
 *
 * Linux: drivers/iommu/iommufd/main.c, the xarray ictx->objects
 */
export class ObjectTable {
  /** `reserved`: an object in the making. */
  private readonly slots = new Map<number, AnyObject | 'reserved'>();
  /** No id below is free. */
  private firstFree = 1;

  /** The table's own title in sentences, e.g. `context 1`. */
  constructor(private readonly where: string) {}

  /** Linux: _iommufd_object_alloc() */
  reserve(): number {
    let id = this.firstFree;
    while (this.slots.has(id)) id++;
    this.slots.set(id, 'reserved');
    this.firstFree = id + 1;
    return id;
  }

  /** From now on others can find it, so nothing may fail any more. Linux: iommufd_object_finalize() */
  finalize(object: AnyObject): void {
    invariant(this.slots.get(object.id) === 'reserved', `object ${object.id} published twice`);
    this.slots.set(object.id, object);
  }

  /** Linux: iommufd_object_abort_and_destroy() */
  *abort(object: IommufdObject): Task<void> {
    yield* object.abort();
    this.release(object.id);
  }

  /** Gives back an id whose object was never made. Linux: iommufd_object_abort() */
  release(id: number): void {
    invariant(this.slots.get(id) === 'reserved', `object ${id} is not in the making`);
    this.free(id);
  }

  /** Finds an object and keeps it from going; `put` ends that. Linux: iommufd_get_object() */
  get<K extends ObjectKind>(id: number, kind: K): Result<ObjectByKind[K]>;
  get(id: number, kind?: undefined): Result<AnyObject>;
  get(id: number, kind?: ObjectKind): Result<AnyObject> {
    const object = this.peek(id);
    if (!object) return this.missing(id);
    if (kind && object.kind !== kind) {
      return err('ENOENT', `${object.title} of ${this.where} is not of the type ${kind}`, {
        rule: 'iommufd_get_object',
        culprit: object.worldId,
      });
    }
    object.users++;
    object.waitCnt++;
    return ok(object);
  }

  /** Linux: iommufd_put_object() */
  put(object: IommufdObject): void {
    object.users--;
    object.waitCnt--;
  }

  /** Looks without holding: for the page, never for a decision that is acted on later. */
  peek(id: number): AnyObject | undefined {
    const slot = this.slots.get(id);
    return slot === 'reserved' ? undefined : slot;
  }

  /** Published objects by ascending id. */
  list(): readonly AnyObject[] {
    const objects: AnyObject[] = [];
    for (const slot of this.slots.values()) if (slot !== 'reserved') objects.push(slot);
    return objects.sort((a, b) => a.id - b.id);
  }

  /** Ids in the making count as well. */
  get isEmpty(): boolean {
    return this.slots.size === 0;
  }

  /** A user's DESTROY: only what nobody refers to. Linux: iommufd_object_remove() */
  *removeById(id: number): Task<Result<undefined>> {
    const object = this.peek(id);
    if (!object) return this.missing(id);
    return yield* this.removeUnused(object);
  }

  /** Ends the caller's reference, and the object with it if that was the last. Linux: iommufd_object_put_and_try_destroy() */
  *putAndTryDestroy(object: AnyObject): Task<void> {
    object.users--;
    yield* this.removeUnused(object);
  }

  /**
   * A driver gives its object back; ioctls that have it in hand are waited for first.
   * Linux: iommufd_object_destroy_user()
   */
  *destroyByDriver(object: AnyObject): Task<void> {
    object.users--;
    const removed = yield* this.removeUnused(object);
    invariant(removed.ok, `${object.title} is still referred to when its driver gives it back`);
  }

  /** Leaves first: destroying one makes others leaves. Linux: iommufd_fops_release() */
  *destroyAll(): Task<void> {
    for (let destroyed = true; destroyed;) {
      destroyed = false;
      for (const object of this.list()) {
        if (this.peek(object.id) !== object || object.users !== 1) continue;
        destroyed = true;
        yield* this.removeUnused(object);
      }
    }
    invariant(this.list().length === 0, `objects of ${this.where} hold each other`);
  }

  private *removeUnused(object: AnyObject): Task<Result<undefined>> {
    if (object.users !== 1) {
      const { why, culprit } = object.holders();
      return err('EBUSY', `${object.title} is in use: ${why}`, {
        rule: 'iommufd_object_remove',
        ...(culprit === undefined ? {} : { culprit }),
      });
    }
    object.users = 0;
    this.free(object.id);
    // TODO(tasks): with interleaved tasks this is where destroy waits for wait_cnt to fall to zero.
    yield* object.destroy();
    return done;
  }

  private free(id: number): void {
    this.slots.delete(id);
    this.firstFree = Math.min(this.firstFree, id);
  }

  private missing(id: number): Failure {
    return err('ENOENT', `${this.where} has no object ${id}`, { rule: 'iommufd_get_object' });
  }
}

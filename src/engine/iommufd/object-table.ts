import { invariant } from '../../lib/invariant';
import { done } from '../../lib/result';
import { err, ok, type Failure, type Result } from '../kernel/errno';
import { waitAtMost, type Task } from '../kernel/task';
import type { IommuCore } from '../iommu/core';
import type { AnyObject, Holders, IommufdObject, ObjectByKind, ObjectKind } from './object';

/**
 * A number without an object: of one in the making, or (a tombstone) of one that went while its user still knew the
 * number, which then nobody may get again.
 *
 * Linux: XA_ZERO_ENTRY
 */
type Placeholder = 'reserved' | 'tombstone';

/**
 * A context's objects by id: one number space for all types, the lowest free id first, ids at once reusable.
 * An id is taken before its object is complete; until then a look-up finds nothing.
 *
 * Linux: drivers/iommu/iommufd/main.c, the xarray ictx->objects
 */
export class ObjectTable {
  private readonly slots = new Map<number, AnyObject | Placeholder>();
  /** No id below is free. */
  private firstFree = 1;

  constructor(
    private readonly core: IommuCore,
    /** The table's own title in sentences, e.g. `context 1`. */
    private readonly where: string,
    /** An object leaves the table. */
    private readonly onRemove: (object: AnyObject) => void = () => undefined,
  ) {}

  /** Takes an id for an object to be made. Linux: _iommufd_object_alloc() */
  reserve(): Result<number> {
    const rule = '_iommufd_object_alloc';
    // The object itself, and its place in the table.
    if (this.core.fail.hit(rule) || this.core.fail.hit(rule))
      return err('ENOMEM', 'no memory for another object', { rule });
    let id = this.firstFree;
    while (this.slots.has(id)) id++;
    this.slots.set(id, 'reserved');
    this.firstFree = id + 1;
    return ok(id);
  }

  /** From now on others can find it, so nothing may fail any more. Linux: iommufd_object_finalize() */
  finalize(object: AnyObject): void {
    invariant(this.slots.get(object.id) === 'reserved', `object ${object.id} published twice`);
    this.slots.set(object.id, object);
  }

  /**
   * Undoes an object that nobody has seen yet. Its open file goes first, as it holds the object.
   *
   * Linux: iommufd_object_abort_and_destroy()
   */
  *abort(object: IommufdObject): Task<void> {
    if (object.file) yield* object.file.release();
    yield* object.abort();
    invariant(object.users === 1, `${object.title} is referred to before anybody could know it`);
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
    const rule = 'iommufd_get_object';
    if (this.core.fail.hit(rule)) return err('ENOENT', 'told not to find the object', { rule });
    const object = this.peek(id);
    if (!object) return this.missing(id);
    if (kind && object.kind !== kind) {
      return err('ENOENT', `${object.title} of ${this.where} is not of the type ${kind}`, {
        rule,
        culprit: object.worldId,
      });
    }
    return object.lock() ? ok(object) : this.missing(id);
  }

  /** Linux: iommufd_put_object() */
  put(object: IommufdObject): void {
    object.users--;
    object.waitCnt--;
  }

  /** Looks without holding: for the page, never for a decision that is acted on later. */
  peek(id: number): AnyObject | undefined {
    const slot = this.slots.get(id);
    return typeof slot === 'string' ? undefined : slot;
  }

  /** Published objects by ascending id. */
  list(): readonly AnyObject[] {
    const objects: AnyObject[] = [];
    for (const slot of this.slots.values()) if (typeof slot !== 'string') objects.push(slot);
    return objects.sort((a, b) => a.id - b.id);
  }

  /** Numbers that went with their objects. */
  get tombstones(): readonly number[] {
    return [...this.slots].filter(([, slot]) => slot === 'tombstone').map(([id]) => id);
  }

  /** Ids in the making and tombstones count as well. */
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
   * A driver gives its object back; ioctls that have it in hand are waited for first. `tombstone`: the number must not
   * come back while its user may still believe in it.
   *
   * Linux: iommufd_object_destroy_user(), iommufd_object_tombstone_user()
   */
  *destroyByDriver(object: AnyObject, { tombstone = false } = {}): Task<void> {
    const free = yield* this.waitForUsers(object);
    object.users--;
    if (!free || object.users !== 1) {
      // A driver's mistake: the object stays until the context is closed.
      object.waitCnt = Math.max(object.waitCnt, 1);
      this.warn(`${object.title} is still referred to when its driver gives it back`);
      return;
    }
    yield* this.takeOut(object, tombstone);
  }

  /** Leaves first: destroying one makes others leaves. Linux: iommufd_fops_release() */
  *destroyAll(): Task<void> {
    for (let left = this.list(); left.length > 0; left = this.list()) {
      let destroyed = 0;
      for (const object of left) {
        if (this.peek(object.id) !== object || object.users !== 1) continue;
        destroyed++;
        object.users = 0;
        this.free(object.id);
        yield* object.destroy();
      }
      if (destroyed > 0) continue;
      this.warn(`${left.map((each) => each.title).join(', ')} of ${this.where} hold each other`);
      break;
    }
  }

  private *removeUnused(object: AnyObject): Task<Result<undefined>> {
    if (object.users !== 1) {
      const { why, culprit }: Holders = object.holders();
      return err('EBUSY', `${object.title} is in use: ${why}`, {
        rule: 'iommufd_object_remove',
        ...(culprit === undefined ? {} : { culprit }),
      });
    }
    object.users = 0;
    this.free(object.id);
    this.onRemove(object);
    // Whoever found it before it left the table is about to put it back.
    if (!(yield* this.waitForUsers(object))) {
      this.warn(`${object.title} is never put back`);
      return err('EBUSY', `${object.title} is still in use`, { rule: 'iommufd_object_dec_wait' });
    }
    yield* object.destroy();
    return done;
  }

  private *takeOut(object: AnyObject, tombstone: boolean): Task<void> {
    object.users = 0;
    if (tombstone) this.slots.set(object.id, 'tombstone');
    else this.free(object.id);
    this.onRemove(object);
    yield* object.destroy();
  }

  /**
   * Waits, holding no lock, until no call has the object in hand; what holds it for longer has to let go first.
   *
   * Linux: iommufd_object_dec_wait()
   */
  private *waitForUsers(object: IommufdObject): Task<boolean> {
    if (--object.waitCnt === 0) return true;
    yield* object.preDestroy();
    if (yield* waitAtMost('60 s', `wait_cnt of ${object.title}`, () => object.waitCnt === 0)) return true;
    this.core.log('err', 'iommufd: Time out waiting for iommufd object to become free');
    object.waitCnt++;
    return false;
  }

  private free(id: number): void {
    this.slots.delete(id);
    this.firstFree = Math.min(this.firstFree, id);
  }

  private missing(id: number): Failure {
    return err('ENOENT', `${this.where} has no object ${id}`, { rule: 'iommufd_get_object' });
  }

  private warn(text: string): void {
    this.core.log('warn', `WARNING: iommufd_object_remove: ${text}`);
  }
}

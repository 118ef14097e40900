import { describe, expect, it } from 'vitest';
import { NO_PASID } from '../iommu/group';
import { releaseDevice } from '../iommu/probe';
import type { Result } from '../kernel/errno';
import { locked, Mutex, type Task } from '../kernel/task';
import { attachAccess, createAccess, destroyAccess, replaceAccess } from './access';
import { pinPages, unpinPages } from './access-pages';
import { call, type CommandFields, type CommandName } from './call';
import { bindDevice, unbindDevice, type IommufdDevice } from './device';
import { attachDeviceTo, detachDeviceFrom, replaceDevice } from './device-attach';
import type { AnyObject } from './object';
import { BUFFER_VA, MockScene } from './testing/mock-scene';
import { meet, type Meeting } from './testing/race';

// Two calls that meet anywhere. Which outcomes there are: drivers/iommu/iommufd/main.c iommufd_get_object(),
// iommufd_object_remove(), device.c, viommu.c, io_pagetable.c and ioas.c of the 7.1 merge window; the function is named
// with each.
const SELFTEST = 0xdead_beef;
const IOVA = 0x100_0000n;
const NEST_PARENT = 1;

function* word<T>(task: Task<Result<T>>, say: (value: T) => string = () => 'ok'): Task<string> {
  const result = yield* task;
  return result.ok ? say(result.value) : result.errno;
}

class Scene extends MockScene {
  constructor(groups: readonly string[]) {
    super(groups);
    this.memory.map(BUFFER_VA, 4, (index) => 0x100 + index);
  }

  *ask<N extends CommandName>(name: N, fields: Partial<CommandFields<N>>): Task<string> {
    return yield* word(call(this.ctx, name, fields, this.caller));
  }

  destroy(id: number): Task<string> {
    return this.ask('IOMMU_DESTROY', { id });
  }

  map(ioas_id: number, iova = IOVA): Task<string> {
    return this.ask('IOMMU_IOAS_MAP', { flags: 7, ioas_id, iova, user_va: BUFFER_VA, length: 0x2000n });
  }

  unmap(ioas_id: number): Task<string> {
    return this.ask('IOMMU_IOAS_UNMAP', { ioas_id, iova: IOVA, length: 0x2000n });
  }

  attaching(idev: IommufdDevice, pt: number, pasid = NO_PASID): Task<string> {
    return word(attachDeviceTo(idev, pasid, pt));
  }

  replacing(idev: IommufdDevice, pt: number): Task<string> {
    return word(replaceDevice(idev, NO_PASID, pt));
  }

  *detaching(idev: IommufdDevice): Task<string> {
    yield* detachDeviceFrom(idev, NO_PASID);
    return 'ok';
  }

  *unbinding(idev: IommufdDevice): Task<string> {
    yield* unbindDevice(idev);
    return 'ok';
  }

  object<K extends AnyObject['kind']>(id: number, kind: K): Extract<AnyObject, { kind: K }> | null {
    const found = this.ctx.objects.get(id, kind);
    if (!found.ok) return null;
    this.ctx.objects.put(found.value);
    return found.value as unknown as Extract<AnyObject, { kind: K }>;
  }

  /** Whether a HWPT translates what its IOAS maps; sentences. */
  filled(id: number): readonly string[] {
    const hwpt = this.object(id, 'hwpt-paging');
    if (!hwpt) return [];
    const missing = hwpt.ioas.iopt.areas.all.filter(
      (area) => area.pages !== null && hwpt.domain?.paging?.iovaToPhys(area.start) == null,
    );
    const stale = hwpt.ioas.iopt.areas.all.length === 0 && hwpt.domain?.paging?.iovaToPhys(IOVA) != null;
    return [...missing.map((area) => `HWPT ${id} lacks ${area.start}`), ...(stale ? ['stale entry'] : [])];
  }
}

/** Bound devices, an IOAS, two HWPTs of it. */
function stage(
  groups: readonly string[],
  more: (scene: Scene, idevs: readonly IommufdDevice[], ids: Ids) => Omit<Meeting, 'scene'>,
) {
  return (): Meeting => {
    const scene = new Scene(groups);
    const idevs = [...groups.join('')].map((letter) => scene.bind(letter));
    const [first] = idevs;
    if (!first) throw new Error('nothing bound');
    const ioas = scene.ioas();
    const ids = { ioas, x: scene.hwpt(first, ioas), y: scene.hwpt(first, ioas) };
    return { scene, ...more(scene, idevs, ids) };
  };
}
interface Ids {
  readonly ioas: number;
  readonly x: number;
  readonly y: number;
}
const must = <T>(value: T | undefined): T => {
  if (value === undefined) throw new Error('not there');
  return value;
};

describe('DESTROY', () => {
  it('of a HWPT and an attach to it: one of them comes too late, iommufd_get_object()', () => {
    const race = stage(['ab'], (scene, [a], { x }) => ({
      first: () => scene.destroy(x),
      second: () => scene.attaching(must(a), x),
    }));
    expect(meet(race)).toEqual(['EBUSY ok', 'ok ENOENT']);
  });

  it('of the HWPT that a replace goes to, or comes from: iommufd_object_remove()', () => {
    const to = stage(['ab'], (scene, [a, b], { x, y }) => {
      for (const idev of [must(a), must(b)]) scene.attach(idev, x);
      return { first: () => scene.destroy(y), second: () => scene.replacing(must(b), y) };
    });
    expect(meet(to)).toEqual(['EBUSY ok', 'ok ENOENT']);
    const from = stage(['ab'], (scene, [a, b], { x, y }) => {
      for (const idev of [must(a), must(b)]) scene.attach(idev, x);
      return { first: () => scene.destroy(x), second: () => scene.replacing(must(b), y) };
    });
    expect(meet(from)).toEqual(['EBUSY ok', 'ok ok']);
  });

  it('of an IOAS and a MAP in it: mappings do not keep it, a MAP on its way does', () => {
    const race = (): Meeting => {
      const scene = new Scene(['a']);
      const ioas = scene.ioas();
      return {
        scene,
        first: () => scene.destroy(ioas),
        second: () => scene.map(ioas),
        after: () => (scene.memory.pinned === 0 ? [] : ['still pinned']),
      };
    };
    expect(meet(race)).toEqual(['EBUSY ok', 'ok ENOENT', 'ok ok']);
  });

  it('of an IOAS and HWPT_ALLOC for it: pt_id that is gone is EINVAL, iommufd_hwpt_alloc()', () => {
    const race = (): Meeting => {
      const scene = new Scene(['a']);
      const a = scene.bind('a');
      const ioas = scene.ioas();
      return {
        scene,
        first: () => scene.destroy(ioas),
        second: () => scene.ask('IOMMU_HWPT_ALLOC', { dev_id: a.id, pt_id: ioas }),
      };
    };
    expect(meet(race)).toEqual(['EBUSY ok', 'ok EINVAL']);
  });

  it('of a HWPT and a MAP in its IOAS: the MAP fills whichever there are', () => {
    const race = stage(['a'], (scene, _idevs, { ioas, x, y }) => ({
      first: () => scene.destroy(x),
      second: () => scene.map(ioas),
      after: () => scene.filled(y),
    }));
    expect(meet(race)).toEqual(['ok ok']);
  });
});

describe('two moves of one group', () => {
  it('two replaces: both succeed, the group and all its attachments are where the later one says', () => {
    const race = stage(['ab'], (scene, [a, b], { ioas, x, y }) => {
      for (const idev of [must(a), must(b)]) scene.attach(idev, x);
      const z = scene.hwpt(must(a), scene.ioas());
      const w = scene.hwpt(must(b), ioas);
      return {
        first: () => scene.replacing(must(a), z),
        second: () => scene.replacing(must(b), w),
        after: () => {
          const on = [must(a).hwpt?.id, must(b).hwpt?.id];
          return on[0] === on[1] && [z, w].includes(on[0] ?? 0) && scene.users(x) + scene.users(y) === 0
            ? []
            : [`on ${on.join()}`];
        },
      };
    });
    expect(meet(race, [1, 3, 6, 10, 400])).toEqual(['ok ok']);
  });

  it('two attaches to different HWPTs: the later one is refused, iommufd_hw_pagetable_attach()', () => {
    const race = stage(['ab'], (scene, [a, b], { x, y }) => ({
      first: () => scene.attaching(must(a), x),
      second: () => scene.attaching(must(b), y),
    }));
    expect(meet(race, [2, 5, 400])).toEqual(['EINVAL ok', 'ok EINVAL']);
  });

  it('a detach of the one and a replace of the other', () => {
    const race = stage(['ab'], (scene, [a, b], { x, y }) => {
      for (const idev of [must(a), must(b)]) scene.attach(idev, x);
      return {
        first: () => scene.detaching(must(a)),
        second: () => scene.replacing(must(b), y),
        after: () => (must(b).hwpt?.id === y ? [] : ['elsewhere']),
      };
    });
    expect(meet(race, [2, 5, 400])).toEqual(['ok ok']);
  });

  it('one by PASID and one without, to HWPTs that do not get along: iommufd_hwpt_pasid_compat()', () => {
    const PASID = 8;
    const race = stage(['ab'], (scene, [a, b], { ioas, x }) => {
      const shared = scene.hwpt(must(a), ioas, PASID);
      return {
        first: () => scene.attaching(must(a), x),
        second: () => scene.attaching(must(b), shared, 1),
      };
    });
    expect(meet(race)).toEqual(['EINVAL ok', 'ok EINVAL']);
  });
});

describe('automatic HWPTs', () => {
  it('two groups attached to one IOAS at once share one: ioas->mutex, iommufd_device_auto_get_domain()', () => {
    const race = (): Meeting => {
      const scene = new Scene(['a', 'b']);
      const [a, b] = [scene.bind('a'), scene.bind('b')];
      const ioas = scene.ioas();
      scene.run(scene.map(ioas));
      return {
        scene,
        first: () => scene.attaching(a, ioas),
        second: () => scene.attaching(b, ioas),
        after: () =>
          a.hwpt && a.hwpt === b.hwpt ? scene.filled(a.hwpt.id) : ['two for what one would have done'],
      };
    };
    expect(meet(race, [3, 8, 400])).toEqual(['ok ok']);
  });

  it('the last one leaves while another comes: it gets this one, or a new one, never one that is gone', () => {
    const race = (): Meeting => {
      const scene = new Scene(['a', 'b']);
      const [a, b] = [scene.bind('a'), scene.bind('b')];
      const ioas = scene.ioas();
      scene.attach(a, ioas);
      return {
        scene,
        first: () => scene.detaching(a),
        second: () => scene.attaching(b, ioas),
        after: () => (b.hwpt && scene.object(b.hwpt.id, 'hwpt-paging') === b.hwpt ? [] : ['on nothing']),
      };
    };
    expect(meet(race, [3, 8, 14, 400])).toEqual(['ok ok']);
  });
});

describe('mapping and unmapping', () => {
  it('of one range: who comes between MAP’s steps is told EBUSY, iopt_unmap_iova_range()', () => {
    const race = stage(['a'], (scene, _idevs, { ioas, x }) => ({
      first: () => scene.map(ioas),
      second: () => scene.unmap(ioas),
      after: () => scene.filled(x),
    }));
    expect(meet(race)).toEqual(['ok EBUSY', 'ok ENOENT', 'ok ok']);
  });

  it('while a HWPT is made for the IOAS: it has what the IOAS has', () => {
    const race = stage(['a'], (scene, [a], { ioas }) => ({
      first: () => scene.ask('IOMMU_HWPT_ALLOC', { dev_id: must(a).id, pt_id: ioas }),
      second: () => scene.map(ioas),
      after: () =>
        scene.ctx.objects.list().flatMap(({ id, kind }) => (kind === 'hwpt-paging' ? scene.filled(id) : [])),
    }));
    expect(meet(race, [4, 9, 400])).toEqual(['ok ok']);
  });

  // The kernel reads the type of pages that are not there yet (a null pointer): what it meant to say is EINVAL.
  it('CHANGE_PROCESS while something is mapped: anonymous memory is EINVAL, also on its way', () => {
    const race = (): Meeting => {
      const scene = new Scene(['a']);
      const ioas = scene.ioas();
      return {
        scene,
        first: () => scene.ask('IOMMU_IOAS_CHANGE_PROCESS', {}),
        second: () => scene.map(ioas),
      };
    };
    expect(meet(race)).toEqual(['EINVAL ok', 'ok ok']);
  });

  it('CHANGE_PROCESS while an IOAS goes: it has it in hand, iommufd_take_all_iova_rwsem()', () => {
    const race = (): Meeting => {
      const scene = new Scene(['a']);
      const [one, two] = [scene.ioas(), scene.ioas()];
      return {
        scene,
        first: () => scene.ask('IOMMU_IOAS_CHANGE_PROCESS', {}),
        second: () => scene.destroy(two),
        after: () => (scene.users(one) === 0 ? [] : ['held']),
      };
    };
    expect(meet(race)).toEqual(['ok EBUSY', 'ok ok']);
  });
});

describe('a vDEVICE', () => {
  const withVdev = (): { scene: Scene; a: IommufdDevice; vdev: number; viommu: number } => {
    const scene = new Scene(['ab']);
    const a = scene.bind('a');
    const parent = scene.hwpt(a, scene.ioas(), NEST_PARENT);
    const viommu = scene.must('IOMMU_VIOMMU_ALLOC', {
      type: SELFTEST,
      dev_id: a.id,
      hwpt_id: parent,
    }).out_viommu_id;
    const vdev = scene.must('IOMMU_VDEVICE_ALLOC', {
      viommu_id: viommu,
      dev_id: a.id,
      virt_id: 1n,
    }).out_vdevice_id;
    return { scene, a, vdev, viommu };
  };

  it('is destroyed while its device is unbound: the driver waits for its user, or leaves a tombstone', () => {
    const race = (): Meeting => {
      const { scene, a, vdev, viommu } = withVdev();
      let tombstones: readonly number[] = [];
      return {
        scene,
        first: () => scene.destroy(vdev),
        second: () => scene.unbinding(a),
        after: () => {
          tombstones = scene.ctx.objects.tombstones;
          const left = scene.ctx.objects.list().filter(({ kind }) => kind === 'device' || kind === 'vdevice');
          const owned = scene.device('a').group?.ownerCnt !== 0;
          return left.length > 0 || owned || scene.users(viommu) > 0 || tombstones.some((id) => id !== vdev)
            ? ['something is left']
            : [];
        },
      };
    };
    // EBUSY: the driver has it in hand. iommufd_device_remove_vdev(), iommufd_object_tombstone_user()
    expect(meet(race, [1, 2, 3, 5, 8, 400])).toEqual(['EBUSY ok', 'ENOENT ok', 'ok ok']);
  });

  it('is made while its device is unbound: it is refused, or goes with the device', () => {
    const race = (): Meeting => {
      const { scene, a, vdev, viommu } = withVdev();
      scene.run(scene.destroy(vdev));
      return {
        scene,
        first: () => scene.ask('IOMMU_VDEVICE_ALLOC', { viommu_id: viommu, dev_id: a.id, virt_id: 2n }),
        second: () => scene.unbinding(a),
        after: () =>
          scene.users(viommu) === 0 && scene.device('a').group?.ownerCnt === 0 ? [] : ['something is left'],
      };
    };
    expect(meet(race, [1, 2, 4, 7, 400])).toEqual(['ENOENT ok', 'ok ok']);
  });
});

describe('an access', () => {
  /** Its driver lets go of what it has pinned when it is asked, and says when that was. */
  const withAccess = () => {
    const scene = new Scene(['a']);
    const [one, two, three] = [scene.ioas(), scene.ioas(), scene.ioas()];
    scene.run(scene.map(one));
    let pinned = true;
    const driverLock = new Mutex('driver->lock');
    const letGo = () =>
      locked(driverLock, function* () {
        if (pinned) yield* unpinPages(access, IOVA, 0x1000n);
        pinned = false;
      });
    const made = createAccess(scene.ctx, { needsPinPages: true, unmap: letGo });
    if (!made.ok) throw new Error(made.why);
    const access = made.value;
    scene.ok(attachAccess(access, one));
    scene.ok(pinPages(access, IOVA, 0x1000n, false));
    return { scene, access, one, two, three, letGo };
  };
  const areasOf = (scene: Scene, id: number) => scene.object(id, 'ioas')?.iopt.areas.all ?? [];

  it('is moved twice at once: while its driver lets go it is nowhere, ENOENT, iommufd_access_replace()', () => {
    const race = (): Meeting => {
      const { scene, access, two, three } = withAccess();
      return {
        scene,
        first: () => word(replaceAccess(access, two)),
        second: () => word(replaceAccess(access, three)),
        after: () => (access.ioas && access.ioas === access.ioasUnpin ? [] : ['in between']),
      };
    };
    expect(meet(race, [1, 3, 6, 400])).toEqual(['ENOENT ok', 'ok ENOENT', 'ok ok']);
  });

  it('is moved while what it has pinned is unmapped: the area goes, nothing stays pinned', () => {
    const race = (): Meeting => {
      const { scene, access, one, two } = withAccess();
      return {
        scene,
        first: () => word(replaceAccess(access, two)),
        second: () => scene.unmap(one),
        after: () => (areasOf(scene, one).length === 0 && scene.memory.pinned === 0 ? [] : ['still there']),
      };
    };
    expect(meet(race, [2, 5, 9, 400])).toEqual(['ok ok']);
  });

  // Whoever gives an access back has let go of everything first: iommufd_test_staccess_release().
  it('is given back while it is asked to let go: its driver waits for that', () => {
    const race = (): Meeting => {
      const { scene, access, one, letGo } = withAccess();
      return {
        scene,
        first: function* () {
          yield* letGo();
          yield* destroyAccess(access);
          return 'ok';
        },
        second: () => scene.unmap(one),
        after: () => {
          const others = scene.ctx.objects.list().some(({ kind }) => kind !== 'ioas');
          return scene.memory.pinned > 0 || others ? ['still there'] : [];
        },
      };
    };
    expect(meet(race, [2, 5, 9, 400])).toEqual(['ok ok']);
  });
});

describe('ownership', () => {
  it('two contexts want one group: the later one is refused, iommu_device_claim_dma_owner()', () => {
    const race = (): Meeting => {
      const scene = new Scene(['ab']);
      const other = scene.iommufd.open(scene.memory);
      return {
        scene,
        first: () => word(bindDevice(scene.ctx, scene.device('a'))),
        second: () => word(bindDevice(other, scene.device('b'))),
      };
    };
    expect(meet(race)).toEqual(['EPERM ok', 'ok EPERM']);
  });

  it('a member of the group disappears while the group moves: nobody is left behind', () => {
    const race = stage(['ab'], (scene, [a, b], { x, y }) => {
      scene.attach(must(a), x);
      scene.unbind(must(b));
      const gone = scene.device('b');
      return {
        first: () => scene.replacing(must(a), y),
        second: function* () {
          yield* releaseDevice(scene.core, gone);
          return 'ok';
        },
        after: () => (gone.group === null && gone.attached === null ? [] : ['still there']),
      };
    });
    expect(meet(race)).toEqual(['ok ok']);
  });
});

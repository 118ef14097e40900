import type { Device } from '../iommu/device';
import type { IommuDomain } from '../iommu/ops';
import type { SvaBond } from '../iommu/sva';
import type { AnyObject } from '../iommufd/object';
import type { KernelFile } from '../kernel/file';
import type { TaskRun } from '../kernel/task-run';
import type { Memfd } from '../memory/memfd';
import type { Mapping } from '../memory/process-memory';
import type { WorldId } from './world';

/** What a name of the script stands for. */
export type Named =
  | { readonly kind: 'context'; readonly number: number }
  | { readonly kind: 'object'; readonly context: number; readonly id: number }
  | { readonly kind: 'buffer'; readonly process: string; readonly mapping: Mapping }
  | { readonly kind: 'task'; readonly run: TaskRun }
  | { readonly kind: 'traffic'; readonly name: string }
  /** A file that a process has open, and that is no object of a context. */
  | { readonly kind: 'file'; readonly process: string; readonly file: KernelFile }
  | { readonly kind: 'memfd'; readonly process: string; readonly file: Memfd }
  | { readonly kind: 'domain'; readonly domain: IommuDomain }
  | { readonly kind: 'bond'; readonly bond: SvaBond }
  | {
      readonly kind: 'dma-address';
      readonly device: Device;
      readonly address: bigint;
      readonly bytes: number;
    };

/** The script's names, and where it placed things. The last meaning of a name wins, as in any script. */
export class Names {
  private readonly byName = new Map<string, Named>();
  private readonly ofContext = new Map<number, string>();
  private readonly ofObject = new Map<AnyObject, string>();
  private readonly objects = new Map<string, AnyObject>();
  private readonly places = new Map<string, { readonly x: number; readonly y: number }>();

  get(name: string): Named | null {
    return this.byName.get(name) ?? null;
  }

  /** A name that nothing has yet: `dev`, `dev2`, … */
  fresh(stem: string): string {
    let name = stem;
    for (let n = 2; this.byName.has(name); n++) name = `${stem}${n}`;
    return name;
  }

  set(name: string, named: Named): void {
    this.byName.set(name, named);
    this.objects.delete(name);
    if (named.kind === 'context') this.ofContext.set(named.number, name);
  }

  /** Ids are taken again once they are free, so the name that is shown belongs to the object itself. */
  setObject(name: string, context: number, object: AnyObject): void {
    this.set(name, { kind: 'object', context, id: object.id });
    this.ofObject.set(object, name);
    this.objects.set(name, object);
  }

  /** The very object that a name was given to, whether or not it is still there. */
  objectOf(name: string): AnyObject | null {
    return this.objects.get(name) ?? null;
  }

  /** What the script called something that has no place in the world. */
  nameOf(of: (named: Named) => boolean): string | null {
    return [...this.byName].find(([, named]) => of(named))?.[0] ?? null;
  }

  contextName(number: number): string | null {
    return this.ofContext.get(number) ?? null;
  }

  objectName(object: AnyObject): string | null {
    return this.ofObject.get(object) ?? null;
  }

  bufferAt(process: string, userVa: bigint): { readonly name: string; readonly mapping: Mapping } | null {
    for (const [name, named] of this.byName) {
      if (named.kind !== 'buffer' || named.process !== process) continue;
      const { mapping } = named;
      if (userVa >= mapping.userVa && userVa < mapping.userVa + BigInt(mapping.bytes))
        return { name, mapping };
    }
    return null;
  }

  /** `key`: a name of the script, or a world id. */
  place(key: string, x: number, y: number): void {
    this.places.set(key, { x, y });
  }

  placeOf(id: WorldId, name: string | null): { readonly x: number; readonly y: number } | null {
    return (name === null ? null : this.places.get(name)) ?? this.places.get(id) ?? null;
  }
}

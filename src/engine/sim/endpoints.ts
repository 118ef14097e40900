import { Endpoint } from '../hw/common/endpoint';
import type { DeviceControl } from '../hw/unit';
import type { AtsInvalidation, DeviceLink, PageResponseMessage } from '../hw/port';

/** The devices' ends of ATS and PRI: what IOMMUs and their drivers say to devices arrives here. */
export class Endpoints implements DeviceControl {
  private readonly byName = new Map<string, Endpoint>();

  /** It comes into being when it is first asked for. */
  of(name: string): Endpoint {
    let endpoint = this.byName.get(name);
    if (endpoint === undefined) {
      endpoint = new Endpoint(name);
      this.byName.set(name, endpoint);
    }
    return endpoint;
  }

  peek(name: string): Endpoint | null {
    return this.byName.get(name) ?? null;
  }

  drop(name: string): void {
    this.byName.delete(name);
  }

  /** As one unit reaches them. `nameOf`: who of its devices has a requester id. */
  linkTo(nameOf: (rid: number) => string | null): DeviceLink {
    return {
      /** Nobody there: no completion will come. */
      invalidate: (message: AtsInvalidation): boolean => {
        const name = nameOf(message.rid);
        return name !== null && this.of(name).invalidate(message);
      },
      pageResponse: (message: PageResponseMessage): void => {
        const name = nameOf(message.rid);
        if (name !== null) this.of(name).responses.push(message);
      },
    };
  }

  ats(device: string, on: boolean): void {
    const endpoint = this.of(device);
    endpoint.ats = on;
    // Spec: PCIe 6.0, section 10.5.1.3 "ATS Control Register": the cache is empty when it is switched on again.
    if (!on) endpoint.forget();
  }

  pri(device: string, on: boolean): void {
    this.of(device).pri = on;
  }

  pasid(device: string, on: boolean): void {
    this.of(device).pasid = on;
  }
}

/** A PCIe message between the unit and the root port, field by field. */
export interface AtsMessage {
  /** MSG_* of structs.ts. */
  readonly code: number;
  /** Of an Invalidate Request. */
  readonly tag: number;
  readonly rid: number;
  /** Whether `segment` counts. */
  readonly segmentValid: boolean;
  readonly segment: number;
  /** Whether the message has a PASID. */
  readonly pasidValid: boolean;
  readonly pasid: number;
  readonly payloadHi: number;
  readonly payloadLo: number;
}

/** Where the unit's messages go, and what orders memory for it. */
export interface AtsPort {
  send(message: AtsMessage): void;
  /** IOFENCE.C with PR or PW: what devices asked for before is visible to all from here on. */
  sync(reads: boolean, writes: boolean): void;
}

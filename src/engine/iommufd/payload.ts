import type { IoctlPayload } from '../trace/event';
import type { Fields, FieldsOf, Struct } from '../uapi/struct';
import type { CopyWatch } from './user-copy';

/** What a structure points to, as a row of the table of commands says it. */
export interface PayloadRule<S extends Struct> {
  /** The field with the address. */
  readonly field: S['fields'][number]['name'];
  /** How long the caller says it is. */
  bytes(cmd: FieldsOf<S>): bigint;
}

/** That of a row whatever its structure. */
export interface AnyPayloadRule {
  readonly field: string;
  bytes(cmd: Fields): bigint;
}

/** So much of it is told, which is more than any driver's structures have. */
export const MOST_BYTES = 4096;

/** Notes what a call copies from and to where its structure points; made only while there is a trace. */
export class PayloadWatch implements CopyWatch {
  private readonly start: bigint;
  private readonly claimed: bigint;
  private readonly room: number;
  private read: Uint8Array | null = null;
  private image: Uint8Array | null = null;
  private readEnd = 0;
  private end = 0;
  private wrote = false;

  constructor(
    private readonly field: string,
    cmd: Fields,
    bytes: bigint,
  ) {
    this.start = BigInt(cmd[field] ?? 0);
    this.claimed = bytes;
    this.room = Number(bytes < MOST_BYTES ? bytes : MOST_BYTES);
  }

  copied(userVa: bigint, data: Uint8Array, out: boolean): void {
    const from = userVa - this.start;
    if (from < 0n || from >= this.room) return;
    const at = Number(from);
    const part = data.subarray(0, this.room - at);
    const end = at + part.length;
    this.image ??= new Uint8Array(this.room);
    this.image.set(part, at);
    this.end = Math.max(this.end, end);
    if (out) {
      this.wrote = true;
      return;
    }
    this.read ??= new Uint8Array(this.room);
    this.read.set(part, at);
    this.readEnd = Math.max(this.readEnd, end);
  }

  /** Null when the call copied nothing there. */
  payload(): IoctlPayload | null {
    if (this.image === null) return null;
    return {
      field: this.field,
      claimed: this.claimed,
      read: this.read?.slice(0, this.readEnd) ?? NOTHING,
      written: this.wrote ? this.image.slice(0, this.end) : NOTHING,
    };
  }
}

const NOTHING = new Uint8Array();

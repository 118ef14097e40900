/**
 * The packets between shim and engine as bytes.
 *
 * Normative: ../shim/shim_proto.h, ../shim/PROTOCOL.md section 1
 */
const MAGIC_REQUEST = 0x51444649;
const MAGIC_RESPONSE = 0x52444649;
const VERSION = 1;
const REQUEST_HEADER = 128;
const RESPONSE_HEADER = 64;
export const PACKET = 4096;
/** The most that one packet carries of a user's bytes. */
export const INLINE_MAX = 2048;

export const REQUEST = {
  HELLO: 1,
  OPEN: 2,
  IOCTL: 3,
  READ: 4,
  WRITE: 5,
  POLL: 6,
  MMAP: 7,
  CLOSE: 8,
  UPCALL_REPLY: 9,
  PROCFILE: 10,
} as const;

export const UPCALL = { INSTALL_FD: 1, CLOSE_FD: 2, COPY_OUT: 3, COPY_IN: 4 } as const;

export const PASSTHROUGH = 1;
const MORE = 2;
/** In the answer to HELLO: the engine wants to see /proc/PID/status. */
export const HELLO_PROCFILE = 1n;

const WRITABLE = 1;

const FINAL = 1;
const UPCALL_TYPE = 2;

/** What a client asks, with what the kernel would find in `current`. */
export interface Request {
  readonly type: number;
  readonly seq: number;
  /** Stands for the address space: new after fork and exec. */
  readonly mmCookie: bigint;
  /** The process: its thread group's leader. */
  readonly pid: number;
  readonly tid: number;
  readonly euid: number;
  readonly capEffective: bigint;
  /** RLIMIT_MEMLOCK in bytes. */
  readonly memlock: bigint;
  /** The descriptor's number, for people to read. */
  readonly fd: number;
  /** The bytes that came along could be written, too. A shim that cannot tell says false. */
  readonly writable: boolean;
  /** Which file: that of its FIFO. */
  readonly file: FileIdentity;
  /** Six arguments, by request type. */
  readonly args: readonly [bigint, bigint, bigint, bigint, bigint, bigint];
  readonly payload: Uint8Array;
}

/** st_dev and st_ino, as a key. */
export type FileIdentity = `${bigint}:${bigint}`;
export const fileIdentity = (dev: bigint, ino: bigint): FileIdentity => `${dev}:${ino}`;

export type Parsed =
  { readonly ok: true; readonly request: Request } | { readonly ok: false; readonly why: string };

/** `packet` is reused by the caller: what is kept is copied. */
export function parseRequest(packet: Uint8Array): Parsed {
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  if (packet.length < REQUEST_HEADER) return { ok: false, why: `a packet of ${packet.length} bytes` };
  if (view.getUint32(0, true) !== MAGIC_REQUEST) return { ok: false, why: 'no request' };
  const version = view.getUint16(4, true);
  if (version !== VERSION) return { ok: false, why: `version ${version} of the protocol` };
  if (view.getUint32(8, true) !== packet.length) return { ok: false, why: 'a length that is not its own' };
  const arg = (index: number): bigint => view.getBigUint64(80 + 8 * index, true);
  return {
    ok: true,
    request: {
      type: view.getUint16(6, true),
      seq: view.getUint32(12, true),
      mmCookie: view.getBigUint64(16, true),
      pid: view.getInt32(24, true),
      tid: view.getInt32(28, true),
      euid: view.getUint32(36, true),
      capEffective: view.getBigUint64(40, true),
      memlock: view.getBigUint64(48, true),
      fd: view.getInt32(56, true),
      writable: (view.getUint32(60, true) & WRITABLE) !== 0,
      file: fileIdentity(view.getBigUint64(64, true), view.getBigUint64(72, true)),
      args: [arg(0), arg(1), arg(2), arg(3), arg(4), arg(5)],
      payload: packet.slice(REQUEST_HEADER),
    },
  };
}

/** The answer to a request, or something that the client shall do meanwhile. */
export interface Response {
  /** An upcall's number, or what the system call returns: minus an errno. */
  readonly ret: number;
  readonly flags?: number;
  readonly args?: readonly bigint[];
  readonly payload?: Uint8Array;
}

/** A response in packets: a long payload goes on in the next. */
export function* responsePackets(
  kind: 'final' | 'upcall',
  seq: number,
  response: Response,
): Generator<Uint8Array> {
  const { ret, flags = 0, args = [], payload = new Uint8Array(0) } = response;
  let at = 0;
  do {
    const part = payload.subarray(at, at + PACKET - RESPONSE_HEADER);
    at += part.length;
    const packet = new Uint8Array(RESPONSE_HEADER + part.length);
    const view = new DataView(packet.buffer);
    view.setUint32(0, MAGIC_RESPONSE, true);
    view.setUint16(4, VERSION, true);
    view.setUint16(6, kind === 'final' ? FINAL : UPCALL_TYPE, true);
    view.setUint32(8, packet.length, true);
    view.setUint32(12, seq, true);
    view.setBigInt64(16, BigInt(ret), true);
    view.setUint32(24, flags | (at < payload.length ? MORE : 0), true);
    args.forEach((value, index) => view.setBigUint64(32 + 8 * index, value, true));
    packet.set(part, RESPONSE_HEADER);
    yield packet;
  } while (at < payload.length);
}

/** A signed 64-bit argument, e.g. an upcall's result. */
export const signed = (value: bigint): number => Number(BigInt.asIntN(64, value));

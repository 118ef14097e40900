import { readSync, writeSync } from 'node:fs';
import { errorCode } from './host';
import {
  type FileIdentity,
  PACKET,
  parseRequest,
  REQUEST,
  type Request,
  type Response,
  responsePackets,
} from './packets';

/** How a client answered an upcall. */
export interface UpcallReply {
  /** At least 0, or minus an errno. */
  readonly result: bigint;
  /** Of INSTALL_FD: the new descriptor's file. */
  readonly file: FileIdentity;
  readonly payload: Uint8Array;
}

/**
 * The two packet pipes. All clients share them, and the shim's lock lets one request be under way in a session.
 *
 * A client can be killed while it is to answer an upcall: then the next request arrives in the reply's stead, the
 * operation has nobody left to tell, and `gone` is true until that next request is taken.
 */
export class Wire {
  upcalls = 0;
  private readonly buffer = new Uint8Array(PACKET);
  private early: Request | 'end' | null = null;

  constructor(
    private readonly requests: number,
    private readonly responses: number,
  ) {}

  /** The client whose request is being served died. */
  get gone(): boolean {
    return this.early !== null;
  }

  /** The next request; null when the last client is gone. */
  receive(): Request | null {
    const early = this.early;
    this.early = null;
    if (early !== null) return early === 'end' ? null : early;
    // A packet pipe: one read is one packet.
    const length = readSync(this.requests, this.buffer, 0, PACKET, null);
    if (length === 0) return null;
    const parsed = parseRequest(this.buffer.subarray(0, length));
    if (!parsed.ok) throw new Error(`shim protocol: ${parsed.why}`);
    return parsed.request;
  }

  answer(request: Request, response: Response): void {
    this.send('final', request.seq, response);
  }

  /** Has the waiting client do something; null when it died. */
  upcall(
    request: Request,
    number: number,
    args: readonly bigint[],
    payload?: Uint8Array,
  ): UpcallReply | null {
    if (this.gone) return null;
    this.upcalls++;
    this.send('upcall', request.seq, { ret: number, args: [0n, ...args], ...(payload && { payload }) });
    const reply = this.receive();
    if (reply?.type !== REQUEST.UPCALL_REPLY || reply.seq !== request.seq) {
      this.early = reply ?? 'end';
      return null;
    }
    return { result: BigInt.asIntN(64, reply.args[0]), file: reply.file, payload: reply.payload };
  }

  private send(kind: 'final' | 'upcall', seq: number, response: Response): void {
    try {
      for (const packet of responsePackets(kind, seq, response)) writeSync(this.responses, packet);
    } catch (thrown) {
      // Nobody is left to read it: receive() will say so.
      if (errorCode(thrown) !== 'EPIPE') throw thrown;
    }
  }
}

/** Little-endian fields of a table, by their offset within it. What lies beyond its end reads as zero. */
export class Bytes {
  constructor(readonly data: Uint8Array) {}

  get length(): number {
    return this.data.length;
  }

  u8(at: number): number {
    return this.data[at] ?? 0;
  }

  u16(at: number): number {
    return this.u8(at) | (this.u8(at + 1) << 8);
  }

  u32(at: number): number {
    return (this.u16(at) | (this.u16(at + 2) << 16)) >>> 0;
  }

  u64(at: number): bigint {
    return BigInt(this.u32(at)) | (BigInt(this.u32(at + 4)) << 32n);
  }

  /** Printable ASCII up to a NUL or `end`. */
  text(at: number, end: number): string {
    let text = '';
    for (let i = at; i < Math.min(end, this.length); i++) {
      const code = this.u8(i);
      if (code < 0x20 || code > 0x7e) break;
      text += String.fromCharCode(code);
    }
    return text;
  }
}

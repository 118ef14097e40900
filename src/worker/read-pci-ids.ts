import url from './pci-ids.gz?url';

/** The database of device names, when a text has numbers alone: too large to load before anybody needs it. */
export async function readPciIds(): Promise<string> {
  const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
  // Some servers say that the file is packed, and the browser unpacks it by itself.
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  if (!packed) return new TextDecoder().decode(bytes);
  return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
}

import { readFileSync } from 'node:fs';
import { createEngine } from '../worker/engine';

/**
 * Runs a scenario: one JSON object a script line. Exit code 0 when every line came out as the script expects,
 * 1 when one did not, 2 when the file cannot be read.
 */
export async function main(argv: readonly string[], out: (line: string) => void): Promise<number> {
  const [file, ...rest] = argv;
  if (file === undefined || rest.length > 0) {
    out(JSON.stringify({ error: 'usage: play FILE.iommu' }));
    return 2;
  }
  let script: string;
  try {
    script = readFileSync(file, 'utf8');
  } catch (thrown) {
    out(JSON.stringify({ error: thrown instanceof Error ? thrown.message : String(thrown) }));
    return 2;
  }
  const reply = await createEngine().load(script, null);
  if (reply.status === 'failed') {
    out(JSON.stringify({ error: reply.why }));
    return 1;
  }
  for (const { line, text, result, errno, why, expected, ok } of reply.batch.results) {
    out(JSON.stringify({ line, text, result, errno, why, expected, ok }));
  }
  return reply.batch.results.every((result) => result.ok) ? 0 : 1;
}

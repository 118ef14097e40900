// What one ioctl of a real program through the door costs, beside bare packets between two processes.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { prepareDoor } from './door.mjs';

const source = fileURLToPath(new URL('../src/bench/door.c', import.meta.url));

/** Figures as those of src/bench/ioas.ts; none where nothing can be compiled. */
export async function measureDoor(folder) {
  const door = await prepareDoor(folder);
  if (!door.ok) return [];
  const program = `${folder}/door`;
  execFileSync('gcc', ['-O2', '-o', program, source]);
  const rate = (command, words) => Number(execFileSync(command, words, { encoding: 'utf8' }));
  const value = rate(door.shimrun, ['-s', door.server, '--', program]);
  const name = `ioctl of a program through the door (${(1e6 / value).toFixed(0)} µs)`;
  const bare = { name: 'packets between two C processes', value: rate(program, ['pipes']) };
  return [{ name, unit: 'calls', value, reference: bare, aim: null }];
}

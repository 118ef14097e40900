import type { Recording } from '../recording';
import type { Holds } from './idents';
import { isOfMachine, lineLines } from './lines';
import { helperText } from './helpers';
import { State } from './state';
import { cBlock, cComment } from './text';
import * as says from '../../../words/scenario/export';

/**
 * The scene as a C program that makes the same calls on a real /dev/iommu and tells where a kernel answers differently.
 * What is no call of a program (the machine, its devices' DMA, registers) stands in it as comments.
 */
export function cProgram(recording: Recording): string {
  const known = write(recording, new State());
  const { state, body } = write(recording, new State(known.state.used));
  const headers = state.definitions.text();
  return [
    ...cComment(recording.title),
    ...cComment(ABOUT),
    '#define _GNU_SOURCE',
    '#include <errno.h>',
    '#include <fcntl.h>',
    '#include <stdint.h>',
    '#include <stdio.h>',
    '#include <stdlib.h>',
    '#include <string.h>',
    ...(state.helpers.has('open_vfio') ? ['#include <dirent.h>'] : []),
    '#include <sys/ioctl.h>',
    '#include <sys/mman.h>',
    '#include <unistd.h>',
    ...(headers.length === 0 ? ['#include <linux/types.h>'] : headers),
    '',
    ...variables(state),
    ...helperText(state.helpers),
    'static void scene(void)',
    '{',
    ...squeezed(body),
    '}',
    '',
    ...MAIN(state.helpers),
    '',
  ].join('\n');
}

const ABOUT =
  says.theSameCalls + says.noneDiffersAddressesOfDevices + 'gcc -std=c11 -Wall -Wextra -o scene scene.c';

function write(
  recording: Recording,
  state: State,
): { readonly state: State; readonly body: readonly string[] } {
  const body: string[] = [];
  let machine: string[] = [];
  const flush = (): void => {
    if (machine.length > 0) body.push('', ...cBlock([says.theMachineOfTheScene, ...machine], '\t'), '');
    machine = [];
  };
  for (const run of recording.lines) {
    if (isOfMachine(run)) {
      machine.push(run.line.raw.trim());
      continue;
    }
    flush();
    body.push(...lineLines(run, state));
  }
  flush();
  return { state, body };
}

const TYPES: Readonly<Record<Holds, (ident: string) => string>> = {
  fd: (ident) => `static int ${ident} = -1;`,
  id: (ident) => `static __u32 ${ident};`,
  buffer: (ident) => `static void *${ident};`,
  length: (ident) => `static size_t ${ident};`,
};

function variables({ idents }: State): readonly string[] {
  const lines = idents.variables.map(([ident, holds]) => TYPES[holds](ident));
  return lines.length === 0 ? [] : [...cComment(says.whatTheScriptGaveAName), ...lines, ''];
}

/** No two empty lines in a row, none at the ends. */
const squeezed = (lines: readonly string[]): readonly string[] =>
  lines.filter((line, at) => line !== '' || (at > 0 && lines[at - 1] !== '' && at < lines.length - 1));

const MAIN = (helpers: ReadonlySet<string>): readonly string[] => [
  ...(helpers.has('outside') ? ['int main(int argc, char **argv)'] : ['int main(void)']),
  '{',
  ...(helpers.has('outside') ? ['\twaits = argc > 1 && strcmp(argv[1], "-w") == 0;'] : []),
  '\tsetvbuf(stdout, NULL, _IOLBF, 0);',
  '\tscene();',
  '\tprintf("%d of %d calls ended otherwise\\n", surprises, calls);',
  '\treturn surprises != 0;',
  '}',
];

import { WORD_BYTES, type Field, type Struct } from '../../../engine/uapi/struct';
import { headerOf, later, sinceOf, structSince } from './kernel-names';

/** What the program needs of the kernel's headers, and the same by hand for where they are older. */
export class Definitions {
  private readonly structs = new Map<string, Struct>();
  private readonly constants = new Map<string, bigint>();
  private readonly commands = new Map<string, number>();
  private readonly testViews = new Map<string, Struct>();
  private since: readonly [number, number] = [5, 12];

  /** The name of a command; what is no command of a header stays a number. */
  command(name: string, cmd: number): string {
    this.commands.set(name, cmd);
    if (headerOf(name) !== 'selftest') this.since = later(this.since, sinceOf(name));
    return name;
  }

  constant(name: string, value: bigint): string {
    this.constants.set(name, value);
    return name;
  }

  /** Of a command, whose release is the command's. */
  struct(layout: Struct): string {
    this.structs.set(layout.name, layout);
    return `struct ${layout.name}`;
  }

  /** What a command's structure points to: drivers bring it with later releases. */
  payload(layout: Struct): string {
    this.since = later(this.since, structSince(layout));
    return this.struct(layout);
  }

  /** The test command as one of its operations reads it: the member of its union. */
  testView(layout: Struct): string {
    const member = layout.name.split('.')[1] ?? 'nothing';
    this.testViews.set(member, layout);
    return member;
  }

  get usesSelftest(): boolean {
    return this.testViews.size > 0 || [...this.constants.keys()].some(isSelftest);
  }

  /** The program's lines: headers, then whatever they may lack. */
  text(): readonly string[] {
    const plain = [...this.structs.values()].filter(({ name }) => !isSelftest(name));
    const commands = [...this.commands].filter(([name]) => headerOf(name) !== 'selftest');
    const constants = [...this.constants].filter(([name]) => !isSelftest(name));
    const headers = new Set(commands.map(([name]) => headerOf(name)));
    const [major, minor] = this.since;
    const include = (['iommufd', 'vfio'] as const).filter((header) => headers.has(header));
    if (include.length === 0 && !this.usesSelftest) return [];
    return [
      ...(include.length === 0
        ? ['#include <linux/ioctl.h>', '#include <linux/types.h>']
        : [
            '#include <linux/types.h>',
            '#include <linux/version.h>',
            `#if LINUX_VERSION_CODE >= KERNEL_VERSION(${major}, ${minor}, 0)`,
            ...include.map((header) => `#include <linux/${header}.h>`),
            '#else',
            `/* The kernel's headers here are older than ${major}.${minor}. What this program needs of them, by hand: */`,
            '#include <linux/ioctl.h>',
            ...commands.map(([name, cmd]) => `#define ${name} ${numberOf(cmd)}`),
            ...constants.map(([name, value]) => define(name, value)),
            ...plain.flatMap((layout) => ['', ...structText(layout)]),
            '#endif',
          ]),
      ...this.selftestText(),
    ];
  }

  /** Not part of the interface that programs may rely on: no header of it is installed. */
  private selftestText(): readonly string[] {
    if (!this.usesSelftest) return [];
    const constants = [...this.constants].filter(([name]) => isSelftest(name));
    const structs = [...this.structs.values()].filter(({ name }) => isSelftest(name));
    const command = [...this.commands].find(([name]) => headerOf(name) === 'selftest');
    return [
      '',
      '/* Of the mock IOMMU of the kernel’s own tests (CONFIG_IOMMUFD_TEST), which no installed header has. */'.replace(
        '’',
        "'",
      ),
      ...(command === undefined ? [] : [`#define ${command[0]} ${numberOf(command[1])}`]),
      ...constants.map(([name, value]) => define(name, value)),
      ...structs.flatMap((layout) => ['', ...structText(layout)]),
      ...(command === undefined ? [] : ['', ...this.testCommandText()]),
    ];
  }

  private testCommandText(): readonly string[] {
    const members = [...this.testViews].flatMap(([member, { fields }]) => {
      const own = fields.filter(({ offset }) => offset >= UNION_START && offset < UNION_END);
      const moved = own.map((field) => ({ ...field, offset: field.offset - UNION_START }));
      if (moved.length === 0) return [];
      return ['\t\tstruct {', ...membersText(moved, null).map((line) => `\t\t${line}`), `\t\t} ${member};`];
    });
    return [
      'struct iommu_test_cmd {',
      '\t__u32 size;',
      '\t__u32 op;',
      '\t__u32 id;',
      '\t__u32 __reserved;',
      '\tunion {',
      ...members,
      `\t\t__u64 __room[${(UNION_END - UNION_START) / 8}];`,
      '\t};',
      '\t__u32 last;',
      '};',
    ];
  }
}

const UNION_START = 16;
const UNION_END = 64;

const isSelftest = (name: string): boolean => /selftest|SELFTEST|^IOMMU_TEST_|^MOCK_/.test(name);

const define = (name: string, value: bigint): string =>
  `#define ${name} ${value < 10n ? value.toString() : `0x${value.toString(16)}`}${value > 0x7fff_ffffn ? (value > 0xffff_ffffn ? 'ULL' : 'U') : ''}`;

/** _IO(';', nr) */
const numberOf = (cmd: number): string => `_IO(';', 0x${(cmd & 0xff).toString(16)})`;

function structText({ name, bytes, fields }: Struct): readonly string[] {
  return [`struct ${name} {`, ...membersText(fields, bytes), '};'];
}

const ELEMENT = /^(\w+)\[(\d+)\]$/;

/** The members with what lies between them; `bytes` null: whatever comes out. */
function membersText(fields: readonly Field[], bytes: number | null): readonly string[] {
  const lines: string[] = [];
  let at = 0;
  let gaps = 0;
  const gap = (to: number): void => {
    if (to > at) lines.push(`\t__u8 __gap${gaps++}[${to - at}];`);
    at = Math.max(at, to);
  };
  const sorted = fields.toSorted((a, b) => a.offset - b.offset);
  for (const [index, field] of sorted.entries()) {
    const [, array, element] = ELEMENT.exec(field.name) ?? [];
    if (array !== undefined && element !== '0') {
      at = field.offset + WORD_BYTES[field.word];
      continue;
    }
    gap(field.offset);
    const count = array === undefined ? 0 : lengthOf(sorted.slice(index), array);
    lines.push(...memberText(field, array === undefined ? field.name : `${array}[${count}]`));
    at = field.offset + WORD_BYTES[field.word];
  }
  if (bytes !== null) gap(bytes);
  return lines;
}

const lengthOf = (fields: readonly Field[], array: string): number =>
  fields.filter(({ name }) => ELEMENT.exec(name)?.[1] === array).length;

/** The one word of the interface that has two names. */
const TWO_NAMES: Readonly<Record<string, readonly string[]>> = {
  data_type: ['in_data_type', 'out_data_type'],
};

function memberText({ word, dir, name }: Field, declared: string): readonly string[] {
  const type = word === 's32' ? '__s32' : word === 'u64' ? '__aligned_u64' : `__${word}`;
  const names = dir === 'inout' ? TWO_NAMES[name] : undefined;
  if (names === undefined) return [`\t${type} ${declared};`];
  return ['\tunion {', ...names.map((each) => `\t\t${type} ${each};`), '\t};'];
}

/** What the header calls a member, on the way in or on the way out. */
export function memberName({ name, dir }: Field, way: 'in' | 'out'): string {
  const names = dir === 'inout' ? TWO_NAMES[name] : undefined;
  return names?.[way === 'in' ? 0 : 1] ?? name;
}

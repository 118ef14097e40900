/** What a variable of the program holds. */
export type Holds = 'fd' | 'id' | 'buffer' | 'length';

/** Words that mean something else in the program. */
const TAKEN = new Set(
  (
    'auto break case char const continue default do double else enum extern float for goto if inline int long register restrict ' +
    'return short signed sizeof static struct switch typedef union unsigned void volatile while main argc argv errno ' +
    'stdin stdout stderr open close read write ioctl mmap munmap exit printf fprintf puts perror strerror memset memcpy ' +
    'memfd_create ftruncate opendir readdir closedir snprintf strncmp strlen remove rename time signal select poll pipe dup ' +
    'fork wait kill link unlink access pause alarm sleep index abs div labs getpid cmd data answer marker surprises check mark outside ' +
    'open_file open_vfio new_buffer new_memfd linux unix bool true false NULL'
  ).split(' '),
);

const SUFFIX: Readonly<Record<Holds, string>> = { fd: '_fd', id: '', buffer: '', length: '_bytes' };

/** Names of the script as names of the program: each thing has one, and no two have the same. */
export class Idents {
  private readonly given = new Map<string, string>();
  private readonly used = new Set<string>();
  private readonly declared = new Map<string, Holds>();

  of(holds: Holds, name: string): string {
    const key = `${holds} ${name}`;
    let ident = this.given.get(key);
    if (ident === undefined) {
      ident = this.free(`${name.replace(/[^A-Za-z0-9_]/g, '_').replace(/^(?=\d)/, '_')}${SUFFIX[holds]}`);
      this.given.set(key, ident);
      this.used.add(ident);
      this.declared.set(ident, holds);
    }
    return ident;
  }

  /** Every variable that was asked for, in that order. */
  get variables(): readonly (readonly [ident: string, holds: Holds])[] {
    return [...this.declared];
  }

  private free(wanted: string): string {
    const isFree = (name: string): boolean => !this.used.has(name) && !TAKEN.has(name);
    if (isFree(wanted)) return wanted;
    let number = 2;
    while (!isFree(`${wanted}_${number}`)) number++;
    return `${wanted}_${number}`;
  }
}

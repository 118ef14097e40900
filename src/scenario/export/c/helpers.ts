/** Functions of the program, in C; which of them it needs is known when it is written. */
export function helperText(needed: ReadonlySet<string>): readonly string[] {
  return [CHECK, ...HELPERS.flatMap(({ name, text }) => (needed.has(name) ? [text] : []))].flatMap((text) => [
    ...text.trim().split('\n'),
    '',
  ]);
}

const CHECK = `
static int calls, surprises;

/* expected: 0, or the errno of the scene. */
static void check(int line, const char *what, long answer, int expected)
{
	int got = answer < 0 ? errno : 0;

	calls++;
	if (got == 0)
		printf("line %d: %s = %ld", line, what, answer);
	else
		printf("line %d: %s = -1, errno %d (%s)", line, what, got, strerror(got));
	if (got != expected) {
		surprises++;
		printf(" -- in the scene: %s", expected ? strerror(expected) : "it works");
	}
	putchar('\\n');
}
`;

const HELPERS: readonly { readonly name: string; readonly text: string }[] = [
  {
    name: 'mark',
    text: `
/* Into the kernel's own trace, if it is there: trace-cmd record -e iommu shows which line did what. */
static void mark(int line)
{
	static int marker = -2;
	char text[32];
	int length = snprintf(text, sizeof(text), "scene line %d\\n", line);

	if (marker == -2)
		marker = open("/sys/kernel/tracing/trace_marker", O_WRONLY | O_CLOEXEC);
	if (marker >= 0 && write(marker, text, length) != length)
		marker = -1;
}
`,
  },
  {
    name: 'outside',
    text: `
static int waits;

/* What somebody else does at this point; with -w the program waits for it. */
static void outside(int line, const char *what)
{
	printf("line %d: not a call: %s\\n", line, what);
	if (waits) {
		printf("  do it, then press Enter ");
		fflush(stdout);
		while (getchar() != '\\n' && !feof(stdin))
			;
	}
}
`,
  },
  {
    name: 'open_vfio',
    text: `
/* The node of a device that is bound to a vfio driver: sysfs knows its number. */
static int open_vfio(int line, const char *bus, const char *device)
{
	char path[300];
	struct dirent *entry;
	DIR *nodes;
	int fd = -1;

	snprintf(path, sizeof(path), "/sys/bus/%s/devices/%s/vfio-dev", bus, device);
	nodes = opendir(path);
	while (nodes && fd < 0 && (entry = readdir(nodes))) {
		if (strncmp(entry->d_name, "vfio", 4) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/vfio/devices/%s", entry->d_name);
		fd = open(path, O_RDWR | O_CLOEXEC);
	}
	if (nodes)
		closedir(nodes);
	check(line, device, fd, 0);
	return fd;
}
`,
  },
  {
    name: 'new_buffer',
    text: `
/* Memory that begins at a multiple of a page, which may be a large one. */
static void *new_buffer(int line, size_t length, size_t page)
{
	char *all = mmap(NULL, length + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *start = (char *)(((uintptr_t)all + page - 1) / page * page);

	check(line, "mmap", all == MAP_FAILED ? -1 : 0, 0);
	if (all == MAP_FAILED)
		exit(1);
	madvise(start, length, page >= 0x200000 ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	return start;
}
`,
  },
  {
    name: 'new_memfd',
    text: `
static int new_memfd(int line, const char *name, off_t length)
{
	int fd = memfd_create(name, MFD_CLOEXEC);

	check(line, "memfd_create", fd, 0);
	check(line, "ftruncate", ftruncate(fd, length), 0);
	return fd;
}
`,
  },
];

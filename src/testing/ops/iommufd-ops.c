/*
 * iommufd-ops: run a script of iommufd operations, print one canonical result
 * line per operation. Grammar and output: FORMAT.md.
 *
 *   iommufd-ops [-t seconds] [-p seed] SCRIPT|-
 *
 * -p perturbs everything the output must not depend on (descriptor numbers,
 *    order in which buffer pages are allocated); -p 1 makes anonymous buffers
 *    as contiguous as possible instead.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "iommufd_abi.h"

#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
typedef uint64_t u64;
typedef uint32_t u32;

/* ---------------------------------------------------------------- tables */

enum kind {
	IN,	/* input */
	ID,	/* output, decimal */
	FD,	/* output, descriptor */
	IOX,	/* input and output, hex */
	IOD,	/* input and output, decimal */
	OX,	/* output, hex */
	END = -1,
};

struct field {
	const char *name;
	short off, len;
	int kind;
};

#define MAXF 16
struct op {
	const char *name;
	u32 cmd;
	u32 size;
	u32 sub;		/* CMD_TEST sub-operation */
	const char *primary;	/* field stored in the bare register */
	struct field f[MAXF];
};

#define F(n, o, l, k) { n, o, l, k }
#define T(name, sub, prim, ...) { name, CMD_TEST, 72, sub, prim, { __VA_ARGS__, F(0, 0, 0, END) } }
#define OP(name, cmd, size, prim, ...) { name, cmd, size, 0, prim, { __VA_ARGS__, F(0, 0, 0, END) } }

static const struct op ops[] = {
	OP("DESTROY", CMD_DESTROY, 8, 0, F("id", 4, 4, IN)),
	OP("IOAS_ALLOC", CMD_IOAS_ALLOC, 12, "id", F("flags", 4, 4, IN), F("id", 8, 4, ID)),
	OP("ALLOW_IOVAS", CMD_ALLOW_IOVAS, 24, 0, F("ioas", 4, 4, IN), F("num", 8, 4, IN), F("rsvd", 12, 4, IN), F("ptr", 16, 8, IN)),
	OP("COPY", CMD_COPY, 40, "dst_iova", F("flags", 4, 4, IN), F("dst", 8, 4, IN), F("src", 12, 4, IN), F("len", 16, 8, IN),
	   F("dst_iova", 24, 8, IOX), F("src_iova", 32, 8, IN)),
	OP("IOVA_RANGES", CMD_IOVA_RANGES, 32, "num", F("ioas", 4, 4, IN), F("num", 8, 4, IOD), F("rsvd", 12, 4, IN), F("ptr", 16, 8, IN), F("align", 24, 8, ID)),
	OP("MAP", CMD_MAP, 40, "iova", F("flags", 4, 4, IN), F("ioas", 8, 4, IN), F("rsvd", 12, 4, IN), F("va", 16, 8, IN), F("len", 24, 8, IN), F("iova", 32, 8, IOX)),
	OP("UNMAP", CMD_UNMAP, 24, "len", F("ioas", 4, 4, IN), F("iova", 8, 8, IN), F("len", 16, 8, IOX)),
	OP("OPTION", CMD_OPTION, 24, "val", F("id", 4, 4, IN), F("op", 8, 2, IN), F("rsvd", 10, 2, IN), F("obj", 12, 4, IN), F("val", 16, 8, IOX)),
	OP("VFIO_IOAS", CMD_VFIO_IOAS, 12, "ioas", F("ioas", 4, 4, IOD), F("op", 8, 2, IN), F("rsvd", 10, 2, IN)),
	OP("HWPT_ALLOC", CMD_HWPT_ALLOC, 48, "id", F("flags", 4, 4, IN), F("dev", 8, 4, IN), F("pt", 12, 4, IN), F("id", 16, 4, ID), F("rsvd", 20, 4, IN),
	   F("dtype", 24, 4, IN), F("dlen", 28, 4, IN), F("dptr", 32, 8, IN), F("fault", 40, 4, IN), F("rsvd2", 44, 4, IN)),
	OP("GET_HW_INFO", CMD_GET_HW_INFO, 40, "type", F("flags", 4, 4, IN), F("dev", 8, 4, IN), F("dlen", 12, 4, IOD), F("dptr", 16, 8, IN), F("type", 24, 4, IOX),
	   F("pasid_log2", 28, 1, ID), F("rsvd", 29, 1, IN), F("rsvd2", 30, 2, IN), F("caps", 32, 8, OX)),
	OP("SET_DIRTY", CMD_SET_DIRTY, 16, 0, F("flags", 4, 4, IN), F("hwpt", 8, 4, IN), F("rsvd", 12, 4, IN)),
	OP("GET_DIRTY", CMD_GET_DIRTY, 48, 0, F("hwpt", 4, 4, IN), F("flags", 8, 4, IN), F("rsvd", 12, 4, IN), F("iova", 16, 8, IN), F("len", 24, 8, IN),
	   F("page", 32, 8, IN), F("bitmap", 40, 8, IN)),
	OP("INVALIDATE", CMD_INVALIDATE, 32, 0, F("hwpt", 4, 4, IN), F("dptr", 8, 8, IN), F("dtype", 16, 4, IN), F("elen", 20, 4, IN), F("num", 24, 4, IOD), F("rsvd", 28, 4, IN)),
	OP("FAULT_ALLOC", CMD_FAULT_ALLOC, 16, "id", F("flags", 4, 4, IN), F("id", 8, 4, ID), F("fd", 12, 4, FD)),
	OP("MAP_FILE", CMD_MAP_FILE, 40, "iova", F("flags", 4, 4, IN), F("ioas", 8, 4, IN), F("file", 12, 4, IN), F("start", 16, 8, IN), F("len", 24, 8, IN), F("iova", 32, 8, IOX)),
	OP("VIOMMU_ALLOC", CMD_VIOMMU_ALLOC, 40, "id", F("flags", 4, 4, IN), F("type", 8, 4, IN), F("dev", 12, 4, IN), F("hwpt", 16, 4, IN), F("id", 20, 4, ID),
	   F("dlen", 24, 4, IN), F("rsvd", 28, 4, IN), F("dptr", 32, 8, IN)),
	OP("VDEVICE_ALLOC", CMD_VDEVICE_ALLOC, 24, "id", F("viommu", 4, 4, IN), F("dev", 8, 4, IN), F("id", 12, 4, ID), F("virt", 16, 8, IN)),
	OP("CHANGE_PROCESS", CMD_CHANGE_PROCESS, 8, 0, F("rsvd", 4, 4, IN)),
	OP("VEVENTQ_ALLOC", CMD_VEVENTQ_ALLOC, 32, "id", F("flags", 4, 4, IN), F("viommu", 8, 4, IN), F("type", 12, 4, IN), F("depth", 16, 4, IN), F("id", 20, 4, ID),
	   F("fd", 24, 4, FD), F("rsvd", 28, 4, IN)),
	OP("HW_QUEUE_ALLOC", CMD_HW_QUEUE_ALLOC, 40, "id", F("flags", 4, 4, IN), F("viommu", 8, 4, IN), F("type", 12, 4, IN), F("index", 16, 4, IN), F("id", 20, 4, ID),
	   F("iova", 24, 8, IN), F("len", 32, 8, IN)),

	OP("VFIO_INFO", CMD_VFIO_INFO, 24, "argsz", F("argsz", 0, 4, IOD), F("flags", 4, 4, IOX), F("pgsizes", 8, 8, OX), F("cap_offset", 16, 4, ID), F("pad", 20, 4, IN)),
	OP("VFIO_MAP", CMD_VFIO_MAP, 32, 0, F("argsz", 0, 4, IN), F("flags", 4, 4, IN), F("va", 8, 8, IN), F("iova", 16, 8, IN), F("len", 24, 8, IN)),
	OP("VFIO_UNMAP", CMD_VFIO_UNMAP, 24, "len", F("argsz", 0, 4, IN), F("flags", 4, 4, IN), F("iova", 8, 8, IN), F("len", 16, 8, IOX)),

	T("T_RESERVED", T_OP_RESERVED, 0, F("ioas", 8, 4, IN), F("start", 16, 8, IN), F("len", 24, 8, IN)),
	T("T_MOCK", T_OP_MOCK, "stdev", F("pt", 8, 4, IN), F("stdev", 16, 4, ID), F("hwpt", 20, 4, ID), F("idev", 24, 4, ID)),
	T("T_MOCK_FLAGS", T_OP_MOCK_FLAGS, "stdev", F("pt", 8, 4, IN), F("stdev", 16, 4, ID), F("hwpt", 20, 4, ID), F("idev", 24, 4, ID), F("flags", 28, 4, IN)),
	T("T_CHECK_MAP", T_OP_CHECK_MAP, 0, F("hwpt", 8, 4, IN), F("iova", 16, 8, IN), F("len", 24, 8, IN), F("va", 32, 8, IN)),
	T("T_CHECK_REFS", T_OP_CHECK_REFS, 0, F("len", 16, 8, IN), F("va", 24, 8, IN), F("refs", 32, 4, IN)),
	T("T_ACCESS", T_OP_ACCESS, "fd", F("ioas", 8, 4, IN), F("fd", 16, 4, FD), F("flags", 20, 4, IN)),
	T("T_ACC_UNPIN", T_OP_ACC_UNPIN, 0, F("acc", 8, 4, IN), F("pin", 16, 4, IN)),
	T("T_ACC_PIN", T_OP_ACC_PIN, "pin", F("acc", 8, 4, IN), F("flags", 16, 4, IN), F("pin", 20, 4, ID), F("iova", 24, 8, IN), F("len", 32, 8, IN), F("va", 40, 8, IN)),
	T("T_ACC_RW", T_OP_ACC_RW, 0, F("acc", 8, 4, IN), F("iova", 16, 8, IN), F("len", 24, 8, IN), F("va", 32, 8, IN), F("flags", 40, 4, IN)),
	T("T_LIMIT", T_OP_LIMIT, 0, F("limit", 16, 4, IN)),
	T("T_REPLACE", T_OP_REPLACE, "pt", F("stdev", 8, 4, IN), F("pt", 16, 4, IOD)),
	T("T_ACC_REPLACE", T_OP_ACC_REPLACE, 0, F("acc", 8, 4, IN), F("ioas", 16, 4, IN)),
	T("T_DIRTY", T_OP_DIRTY, "nr", F("hwpt", 8, 4, IN), F("flags", 16, 4, IN), F("iova", 24, 8, IN), F("len", 32, 8, IN), F("page", 40, 8, IN), F("ptr", 48, 8, IN), F("nr", 56, 8, ID)),
	T("T_CHECK_IOTLB", T_OP_CHECK_IOTLB, 0, F("hwpt", 8, 4, IN), F("n", 16, 4, IN), F("iotlb", 20, 4, IN)),
	T("T_IOPF", T_OP_IOPF, 0, F("id", 8, 4, IN), F("dev", 16, 4, IN), F("pasid", 20, 4, IN), F("grpid", 24, 4, IN), F("perm", 28, 4, IN), F("addr", 32, 8, IN)),
	T("T_CHECK_CACHE", T_OP_CHECK_CACHE, 0, F("dev", 8, 4, IN), F("n", 16, 4, IN), F("cache", 20, 4, IN)),
	T("T_VEVENT", T_OP_VEVENT, 0, F("id", 8, 4, IN), F("dev", 16, 4, IN)),
	T("T_PASID_ATTACH", T_OP_PASID_ATTACH, "pt", F("stdev", 8, 4, IN), F("pasid", 16, 4, IN), F("pt", 20, 4, IOD)),
	T("T_PASID_REPLACE", T_OP_PASID_REPLACE, "pt", F("stdev", 8, 4, IN), F("pasid", 16, 4, IN), F("pt", 20, 4, IOD)),
	T("T_PASID_DETACH", T_OP_PASID_DETACH, 0, F("stdev", 8, 4, IN), F("pasid", 16, 4, IN)),
	T("T_PASID_CHECK", T_OP_PASID_CHECK, 0, F("stdev", 8, 4, IN), F("pasid", 16, 4, IN), F("hwpt", 20, 4, IN)),
	T("T_DMABUF", T_OP_DMABUF, "fd", F("len", 16, 4, IN), F("oflags", 20, 4, IN)),
	T("T_REVOKE", T_OP_REVOKE, 0, F("file", 16, 4, IN), F("revoked", 20, 4, IN)),
	T("T_OP", 0, 0, F("op", 4, 4, IN), F("id", 8, 4, IN)),
};

static const struct { int e; const char *n; } enames[] = {
#define E(x) { x, #x }
	E(EPERM), E(ENOENT), E(EINTR), E(EIO), E(ENXIO), E(E2BIG), E(EBADF), E(EAGAIN), E(ENOMEM), E(EACCES), E(EFAULT), E(EBUSY), E(EEXIST),
	E(EXDEV), E(ENODEV), E(EINVAL), E(ENFILE), E(EMFILE), E(ENOTTY), E(EFBIG), E(ENOSPC), E(ESPIPE), E(EROFS), E(EPIPE), E(EDOM), E(ERANGE),
	E(EDEADLK), E(ENOSYS), E(EOPNOTSUPP), E(EOVERFLOW), E(EBADFD), E(EMSGSIZE), E(EADDRINUSE), E(ETIMEDOUT), E(EBADE), E(EALREADY), E(EPROTO),
#undef E
};

static const char *ename(int e)
{
	static char b[16];
	unsigned i;

	for (i = 0; i < sizeof(enames) / sizeof(enames[0]); i++)
		if (enames[i].e == e)
			return enames[i].n;
	snprintf(b, sizeof(b), "E%d", e);
	return b;
}

/* ------------------------------------------------- registers and buffers */

#define NREG 512
struct reg {
	char name[40];
	u64 val;
};
struct buf {
	char name[16];
	u64 addr, size;
	char kind[12];
};
#define NBUF 24
/* shared with forked children, so that "child" operations can set registers */
static struct shared {
	struct reg reg[NREG];
	int nreg;
	struct buf buf[NBUF];
	int nbuf;
} *S;

#define BUF_BASE 0x1000000000ull	/* buffer n lives in its own 1 GiB slot */
#define BUF_SLOT 0x40000000ull
#define SCRATCH 0x0f00000000ull		/* blobs */
#define SCRATCH_LEN 0x40000ull
#define SPAGE 0x0e00000000ull		/* ioctl structures: 4 pages, then a hole */
#define SPAGE_LEN 0x4000ull
#define BADPTR 0x0d00000000ull

static bool perturb, contig;
static u64 rng_state;
static u64 rnd(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state;
}

static void setreg(const char *label, const char *field, u64 v)
{
	char n[40];
	int i;

	if (!label[0])
		return;
	snprintf(n, sizeof(n), field ? "%s.%s" : "%s", label, field);
	for (i = 0; i < S->nreg; i++)
		if (!strcmp(S->reg[i].name, n))
			break;
	if (i == NREG)
		return;
	if (i == S->nreg)
		S->nreg++;
	strcpy(S->reg[i].name, n);
	S->reg[i].val = v;
}

/* an unset register is 0, an unset descriptor register (".fd") is -1 */
static u64 getreg(const char *n)
{
	size_t l = strlen(n);
	int i;

	for (i = 0; i < S->nreg; i++)
		if (!strcmp(S->reg[i].name, n))
			return S->reg[i].val;
	return l > 3 && !strcmp(n + l - 3, ".fd") ? (u64)-1 : 0;
}

static struct buf *findbuf(const char *n)
{
	for (int i = 0; i < S->nbuf; i++)
		if (!strcmp(S->buf[i].name, n))
			return &S->buf[i];
	return NULL;
}

/* ---------------------------------------------------------- expressions */

static bool bad_expr;

static u64 term(const char **p)
{
	char n[40];
	size_t l = 0;
	char *e;
	u64 v;

	if (**p == '$' || **p == '%') {
		char c = *(*p)++;
		while ((isalnum((unsigned char)**p) || **p == '_' || **p == '.') && l < sizeof(n) - 1)
			n[l++] = *(*p)++;
		n[l] = 0;
		if (c == '$')
			return getreg(n);
		struct buf *b = findbuf(n);
		return b ? b->addr : BADPTR;
	}
	if (!strncmp(*p, "max", 3)) {
		*p += 3;
		return ~0ull;
	}
	v = strtoull(*p, &e, 0);
	if (e == *p)
		bad_expr = true;
	*p = e;
	return v;
}

static u64 expr(const char *s, const char **end)
{
	u64 v;

	if (*s == '-') {
		s++;
		v = -term(&s);
	} else {
		v = term(&s);
	}
	while (*s == '+' || *s == '-') {
		char c = *s++;
		u64 t = term(&s);
		v = c == '+' ? v + t : v - t;
	}
	if (end)
		*end = s;
	else if (*s)
		bad_expr = true;
	return v;
}

/* ------------------------------------------------------------- one line */

struct line {
	char label[24], op[32];
	char *key[40], *val[40];
	int n;
	char *fd;		/* text after @ */
	bool child;
	char text[4096];
};

static const char *arg(struct line *l, const char *k)
{
	for (int i = 0; i < l->n; i++)
		if (!strcmp(l->key[i], k))
			return l->val[i];
	return NULL;
}

static u64 argv_(struct line *l, const char *k, u64 dflt)
{
	const char *v = arg(l, k);

	return v ? expr(v, NULL) : dflt;
}

static bool parse(struct line *l, const char *src)
{
	char *p, *save = NULL, *eq, *at;

	memset(l, 0, sizeof(*l));
	snprintf(l->text, sizeof(l->text), "%.4095s", src);
	p = strtok_r(l->text, " \t", &save);
	if (!p)
		return false;
	if (!strcmp(p, "child")) {
		l->child = true;
		p = strtok_r(NULL, " \t", &save);
		if (!p)
			return false;
	}
	at = strchr(p, '@');
	if (at) {
		*at = 0;
		l->fd = at + 1;
	}
	eq = strchr(p, '=');
	if (eq) {
		*eq = 0;
		snprintf(l->label, sizeof(l->label), "%s", p);
		p = eq + 1;
	}
	snprintf(l->op, sizeof(l->op), "%s", p);
	while ((p = strtok_r(NULL, " \t", &save)) && l->n < 40) {
		eq = strchr(p, '=');
		if (eq)
			*eq = 0;
		l->key[l->n] = p;
		l->val[l->n++] = eq ? eq + 1 : (char *)"1";
	}
	return true;
}

/* ----------------------------------------------------- struct operations */

static int iommu_fd = -2;

static int dev_fd(void)
{
	if (iommu_fd == -2)
		iommu_fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
	return iommu_fd;
}

static int target_fd(struct line *l)
{
	return l->fd ? (int)expr(l->fd, NULL) : dev_fd();
}

static void store(unsigned char *p, int len, u64 v)
{
	memcpy(p, &v, len);
}

static u64 load(const unsigned char *p, int len)
{
	u64 v = 0;

	memcpy(&v, p, len);
	return v;
}

static bool is_ptr_op(const struct op *o, const char *n)
{
	for (int i = 0; o->f[i].kind != END; i++)
		if (!strcmp(o->f[i].name, n))
			return true;
	return false;
}

/* "1,q:0x10,b:3,z:8,f:8": u32, u64, byte, 8 zero bytes, 8 bytes of fill */
static size_t build_blob(const char *s, unsigned char *out, size_t max)
{
	size_t n = 0;

	while (*s) {
		int w = 4, fill = -1;
		u64 v;

		if (s[1] == ':') {
			switch (*s) {
			case 'q': w = 8; break;
			case 'h': w = 2; break;
			case 'b': w = 1; break;
			case 'z': fill = 0; break;
			case 'f': fill = 0xee; break;
			default: bad_expr = true;
			}
			s += 2;
		}
		v = expr(s, &s);
		if (fill >= 0) {
			if (v > max - n)
				v = max - n;
			memset(out + n, fill, v);
			n += v;
		} else if (n + w <= max) {
			store(out + n, w, v);
			n += w;
		}
		if (*s == ',')
			s++;
		else if (*s) {
			bad_expr = true;
			break;
		}
	}
	return n;
}

/* "a-b,c-d" -> pairs of u64 */
static size_t build_ranges(const char *s, unsigned char *out, size_t max)
{
	size_t n = 0;

	while (*s && n + 16 <= max) {
		store(out + n, 8, expr(s, &s));
		if (*s == ':')
			s++;
		store(out + n + 8, 8, expr(s, &s));
		n += 16;
		if (*s == ',')
			s++;
		else if (*s) {
			bad_expr = true;
			break;
		}
	}
	return n;
}

/* "0,3-5" -> bitmap */
static size_t build_bits(const char *s, unsigned char *out, size_t max)
{
	size_t top = 0;

	memset(out, 0, max);
	while (*s) {
		u64 a = strtoull(s, (char **)&s, 0), b = a;

		if (*s == '-') {
			s++;
			b = strtoull(s, (char **)&s, 0);
		}
		for (; a <= b && a / 8 < max; a++) {
			out[a / 8] |= 1 << (a % 8);
			if (a / 8 + 1 > top)
				top = a / 8 + 1;
		}
		if (*s == ',')
			s++;
		else
			break;
	}
	return top;
}

static FILE *O;			/* result text */

static void print_hex(const char *k, const unsigned char *p, size_t n)
{
	fprintf(O, " %s=", k);
	for (size_t i = 0; i < n; i++)
		fprintf(O, "%02x", p[i]);
}

static sigjmp_buf segv_jmp;
static volatile sig_atomic_t segv_armed;
static void on_segv(int sig)
{
	if (segv_armed)
		siglongjmp(segv_jmp, sig);
	signal(sig, SIG_DFL);
	raise(sig);
}

static void print_bits(u64 addr, u64 nbits)
{
	volatile bool first = true;
	volatile u64 run = 0;
	u64 i;

	if (nbits > 8192)
		nbits = 8192;
	if (sigsetjmp(segv_jmp, 1)) {
		segv_armed = 0;
		fprintf(O, "!");
		return;
	}
	segv_armed = 1;
	fprintf(O, " bits=");
	for (i = 0; i <= nbits; i++) {
		bool set = i < nbits && (*(volatile unsigned char *)(addr + i / 8) >> (i % 8) & 1);

		if (set) {
			run++;
			continue;
		}
		if (run) {
			fprintf(O, "%s%llu", first ? "" : ",", (unsigned long long)(i - run));
			if (run > 1)
				fprintf(O, "-%llu", (unsigned long long)(i - 1));
			first = false;
		}
		run = 0;
	}
	if (first)
		fprintf(O, "none");
	segv_armed = 0;
}

static u32 fnv(const unsigned char *p, size_t n)
{
	u32 h = 2166136261u;

	for (size_t i = 0; i < n; i++)
		h = (h ^ p[i]) * 16777619u;
	return h;
}

static void print_fnv(u64 addr, u64 len)
{
	if (sigsetjmp(segv_jmp, 1)) {
		segv_armed = 0;
		fprintf(O, " fnv=unreadable");
		return;
	}
	segv_armed = 1;
	u32 h = fnv((unsigned char *)addr, len);
	segv_armed = 0;
	fprintf(O, " fnv=%08x", h);
}

static void print_fd(const char *k, int fd)
{
	int fl = fcntl(fd, F_GETFD);

	fprintf(O, " %s=%s", k, fl < 0 ? "bad" : fl & FD_CLOEXEC ? "fd,cloexec" : "fd");
}

static void print_field(const struct field *f, u64 v)
{
	if (f->kind == FD)
		print_fd(f->name, (int)v);
	else if (f->kind == IOX || f->kind == OX || (f->kind == IN && f->len == 8))
		fprintf(O, " %s=0x%llx", f->name, (unsigned long long)v);
	else
		fprintf(O, " %s=%llu", f->name, (unsigned long long)v);
}

static void do_struct(struct line *l, const struct op *o)
{
	static unsigned char before[SPAGE_LEN + 64];
	unsigned char *scratch = (unsigned char *)SCRATCH, *s;
	const char *v, *where = arg(l, "_ptr");
	size_t blob = 0;
	u64 uptr, fit;
	int i, rc, fd = target_fd(l), e;
	u64 size = argv_(l, "_size", o->size);
	bool ok;

	/* compose the structure in a page sized area of its own */
	unsigned char tmp[8192];
	memset(tmp, 0, sizeof(tmp));
	if (o->sub)
		store(tmp + 4, 4, o->sub);
	for (i = 0; o->f[i].kind != END; i++) {
		const struct field *f = &o->f[i];
		u64 x = f->kind == ID || f->kind == FD || f->kind == OX ? 0xeeeeeeeeeeeeeeeeull : 0;

		v = arg(l, f->name);
		if (v)
			x = expr(v, NULL);
		store(tmp + f->off, f->len, x);
	}
	memset(scratch, 0xee, 0x10000);
	if ((v = arg(l, "data"))) {
		blob = build_blob(v, scratch, 0x8000);
		if (!arg(l, "dptr") && is_ptr_op(o, "dptr"))
			for (i = 0; o->f[i].kind != END; i++)
				if (!strcmp(o->f[i].name, "dptr"))
					store(tmp + o->f[i].off, 8, SCRATCH);
		if (!arg(l, "dlen") && is_ptr_op(o, "dlen"))
			for (i = 0; o->f[i].kind != END; i++)
				if (!strcmp(o->f[i].name, "dlen"))
					store(tmp + o->f[i].off, 4, blob);
		if (!arg(l, "num") && is_ptr_op(o, "elen")) {
			u64 el = argv_(l, "elen", 0);
			for (i = 0; o->f[i].kind != END; i++)
				if (!strcmp(o->f[i].name, "num"))
					store(tmp + o->f[i].off, 4, el ? blob / el : 0);
		}
	}
	if ((v = arg(l, "ranges"))) {
		blob = build_ranges(v, scratch, 0x8000);
		if (!arg(l, "num"))
			store(tmp + 8, 4, blob / 16);
		if (!arg(l, "ptr"))
			store(tmp + 16, 8, SCRATCH);
	}
	if ((v = arg(l, "bits"))) {
		blob = build_bits(v, scratch, 0x2000);
		if (!arg(l, "ptr"))
			store(tmp + 48, 8, SCRATCH);
	}
	if (o->cmd == CMD_IOVA_RANGES) {
		if (!arg(l, "ptr"))
			store(tmp + 16, 8, SCRATCH);
		if (!arg(l, "num"))
			store(tmp + 8, 4, 32);
	}
	if (o->cmd == CMD_GET_HW_INFO && !arg(l, "dptr") && argv_(l, "dlen", 0))
		store(tmp + 16, 8, SCRATCH);
	if (o->f[0].off == 0) {
		if (!arg(l, o->f[0].name))
			store(tmp, 4, size);
	} else {
		store(tmp, 4, size);
	}
	if ((v = arg(l, "_poke"))) {	/* _poke=offset:value[,offset:value] */
		while (*v) {
			u64 off = expr(v, &v), x = 0;

			if (*v == ':')
				v++, x = expr(v, &v);
			if (off < sizeof(tmp))
				tmp[off] = x;
			if (*v == ',')
				v++;
			else
				break;
		}
	}

	/* place it */
	s = (unsigned char *)SPAGE;
	mprotect((void *)SPAGE, SPAGE_LEN, PROT_READ | PROT_WRITE);
	memset(s, 0, SPAGE_LEN);
	ok = true;
	if (!where || !strcmp(where, "ro")) {
		uptr = SPAGE;
	} else if (!strcmp(where, "edge")) {
		fit = argv_(l, "_fit", 4);
		uptr = SPAGE + SPAGE_LEN - fit;
		memcpy((void *)uptr, tmp, fit);
		ok = false;
	} else if (!strcmp(where, "null")) {
		uptr = 0;
		ok = false;
	} else if (!strcmp(where, "kernel")) {
		uptr = 0xffff888000000000ull;
		ok = false;
	} else {
		uptr = BADPTR;
		ok = false;
	}
	if (ok)
		memcpy(s, tmp, sizeof(tmp));
	if (where && !strcmp(where, "ro"))
		mprotect((void *)SPAGE, SPAGE_LEN, PROT_READ);
	memcpy(before, tmp, sizeof(tmp));

	errno = 0;
	rc = ioctl(fd, o->cmd, uptr);
	e = errno;
	mprotect((void *)SPAGE, SPAGE_LEN, PROT_READ | PROT_WRITE);

	if (rc < 0)
		fprintf(O, "= %s", ename(e));
	else
		fprintf(O, "= OK");
	if (!ok) {
		fprintf(O, "\n");
		return;
	}
	if (rc > 0 && o->sub != T_OP_DMABUF)
		fprintf(O, " ret=%d", rc);
	if (o->sub == T_OP_DMABUF && rc >= 0) {
		print_fd("fd", rc);
		setreg(l->label, "fd", rc);
		setreg(l->label, NULL, rc);
	}
	for (i = 0; o->f[i].kind != END; i++) {
		const struct field *f = &o->f[i];
		u64 a = load(before + f->off, f->len), b = load(s + f->off, f->len);
		bool out = f->kind != IN;

		if (rc >= 0 ? out || a != b : a != b) {
			if (out && a == b && (f->kind == ID || f->kind == FD || f->kind == OX)) {
				fprintf(O, " %s=unset", f->name);
				continue;
			}
			print_field(f, b);
			if (rc < 0 || !out)
				fprintf(O, "!");
		}
		if (rc >= 0 && out) {
			setreg(l->label, f->kind == FD ? "fd" : f->name, f->kind == FD ? (u64)(int)b : b);
			if (o->primary && !strcmp(o->primary, f->name))
				setreg(l->label, NULL, f->kind == FD ? (u64)(int)b : b);
		}
	}
	/* bytes outside every known field must not change */
	for (i = 0; i < (int)sizeof(tmp); i++) {
		bool known = false;

		if (before[i] == s[i])
			continue;
		for (int j = 0; o->f[j].kind != END; j++)
			if (i >= o->f[j].off && i < o->f[j].off + o->f[j].len)
				known = true;
		if (!known) {
			fprintf(O, " byte%d=%02x!", i, s[i]);
			break;
		}
	}
	switch (o->cmd) {
	case CMD_IOVA_RANGES: {
		u64 p = load(before + 16, 8);

		if (p != SCRATCH || (rc < 0 && e != EMSGSIZE))
			break;
		fprintf(O, " ranges=");
		for (i = 0; i < 256; i++) {
			u64 a = load(scratch + i * 16, 8), b = load(scratch + i * 16 + 8, 8);

			if (a == 0xeeeeeeeeeeeeeeeeull && b == a)
				break;
			fprintf(O, "%s0x%llx:0x%llx", i ? "," : "", (unsigned long long)a, (unsigned long long)b);
			if (l->label[0] && i < 4) {
				char n[16];

				snprintf(n, sizeof(n), "r%da", i);
				setreg(l->label, n, a);
				snprintf(n, sizeof(n), "r%db", i);
				setreg(l->label, n, b);
			}
		}
		break;
	}
	case CMD_GET_HW_INFO:
		if (load(before + 16, 8) == SCRATCH) {
			u64 n = load(before + 12, 4);

			bool touched = false;

			for (i = 0; i < 64; i++)
				touched |= scratch[i] != 0xee;
			if (n && touched)
				print_hex("data", scratch, n > 24 ? 24 : n);
		}
		break;
	case CMD_VIOMMU_ALLOC:
		if (blob && rc >= 0 && load(before + 32, 8) == SCRATCH) {
			print_hex("data", scratch, blob > 24 ? 24 : blob);
			if (rc >= 0 && blob >= 24) {
				setreg(l->label, "off", load(scratch + 8, 8));
				setreg(l->label, "mlen", load(scratch + 16, 8));
			}
		}
		break;
	case CMD_GET_DIRTY: {
		u64 p = load(before + 40, 8), ps = load(before + 32, 8), n = load(before + 24, 8);

		if (p >= BUF_BASE && p < BUF_BASE + NBUF * BUF_SLOT && ps && rc >= 0)
			print_bits(p, n / ps + (n % ps ? 1 : 0));
		break;
	}
	case CMD_VFIO_INFO: {
		u64 asz = load(before, 4);

		if (rc >= 0 && load(s + 16, 4) && asz > 24) {
			u64 n = load(s, 4);

			if (n > asz)
				n = asz;
			if (n > 512)
				n = 512;
			print_hex("caps", s + 24, n > 24 ? n - 24 : 0);
		}
		break;
	}
	}
	if (o->sub == T_OP_ACC_RW && rc >= 0 && !(load(before + 40, 4) & 1)) {
		u64 p = load(before + 32, 8), n = load(before + 24, 8);

		if (p >= BUF_BASE && n)
			print_fnv(p, n);
	}
	fprintf(O, "\n");
}

/* --------------------------------------------------------- other operations */

static void res(long rc)
{
	if (rc < 0)
		fprintf(O, "= %s\n", ename(errno));
	else
		fprintf(O, "= OK\n");
}

struct pp {
	u64 pfn, va;
};
static int cmp_pp(const void *a, const void *b)
{
	u64 x = ((const struct pp *)a)->pfn, y = ((const struct pp *)b)->pfn;

	return x < y ? -1 : x > y;
}

/*
 * -p 1: the opposite of scattering. Take many pages, sort them by physical
 * address and move the most contiguous stretch under the buffer.
 */
static void make_contig(u64 at, u64 n)
{
	u64 pool = n * 4 + 512, best = 0, bestn = 0;
	struct pp *v = calloc(pool, sizeof(*v));
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	char *p = mmap(NULL, pool * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (fd < 0 || p == MAP_FAILED || !v)
		exit(2);
	for (u64 i = 0; i < pool; i++) {
		u64 e = 0;

		*(volatile char *)(p + i * 4096) = 0;
		if (pread(fd, &e, 8, ((u64)p / 4096 + i) * 8) != 8)
			exit(2);
		v[i].pfn = e & ((1ull << 55) - 1);
		v[i].va = (u64)p + i * 4096;
	}
	close(fd);
	qsort(v, pool, sizeof(*v), cmp_pp);
	for (u64 s = 0; s + n <= pool; s++) {
		u64 c = 0;

		for (u64 i = 1; i < n; i++)
			c += v[s + i].pfn == v[s + i - 1].pfn + 1;
		if (c > bestn)
			bestn = c, best = s;
	}
	for (u64 i = 0; i < n; i++)
		if (mremap((void *)v[best + i].va, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)(at + i * 4096)) == MAP_FAILED)
			exit(2);
	for (u64 i = 0; i < pool; i++)
		munmap(p + i * 4096, 4096);
	free(v);
}

/*
 * BUF name size [kind] [at=offset]: anonymous memory or a memfd at a fixed
 * address, so that nothing depends on where the C library or the kernel puts it.
 */
static void op_buf(struct line *l)
{
	const char *kind = l->n > 2 && strcmp(l->key[2], "at") ? l->key[2] : "anon";
	u64 size = l->n > 1 ? expr(l->key[1], NULL) : 0;
	u64 at = argv_(l, "at", 0), a;
	int flags = MAP_FIXED_NOREPLACE, prot = PROT_READ | PROT_WRITE, fd = -1;
	struct buf *b;
	void *p;

	if (S->nbuf == NBUF || !l->n || findbuf(l->key[0])) {
		fprintf(O, "= BADOP\n");
		return;
	}
	a = BUF_BASE + S->nbuf * BUF_SLOT + at;
	if (!strcmp(kind, "anon")) {
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
	} else if (!strcmp(kind, "shared")) {
		flags |= MAP_SHARED | MAP_ANONYMOUS;
	} else if (!strcmp(kind, "ro")) {
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
		prot = PROT_READ;
	} else if (!strcmp(kind, "none")) {
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
		prot = PROT_NONE;
	} else if (!strcmp(kind, "hugetlb")) {
		flags |= MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB;
	} else if (!strcmp(kind, "memfd") || !strcmp(kind, "memfdro") || !strcmp(kind, "memfdpriv") || !strcmp(kind, "memfdhuge") || !strcmp(kind, "alias")) {
		flags |= !strcmp(kind, "memfdpriv") ? MAP_PRIVATE : MAP_SHARED;
		if (!strcmp(kind, "memfdro"))
			prot = PROT_READ;
		fd = memfd_create(l->key[0], MFD_CLOEXEC | (strcmp(kind, "memfdhuge") ? 0 : MFD_HUGETLB));
		if (fd < 0 || ftruncate(fd, !strcmp(kind, "alias") ? 4096 : size) < 0) {
			res(-1);
			return;
		}
	} else {
		fprintf(O, "= BADOP\n");
		return;
	}
	if (!strcmp(kind, "alias")) {
		/* every page of the buffer is the same page */
		for (u64 i = 0; i < size; i += 4096)
			if (mmap((void *)(a + i), 4096, prot, flags, fd, 0) == MAP_FAILED) {
				res(-1);
				return;
			}
	} else {
		p = mmap((void *)a, size, prot, flags, fd, 0);
		if (p == MAP_FAILED) {
			res(-1);
			return;
		}
	}
	if (fd >= 0) {
		char n[20];

		snprintf(n, sizeof(n), "%s", l->key[0]);
		setreg(n, "fd", fd);
	}
	if (contig && !strcmp(kind, "anon"))
		make_contig(a, size / 4096);
	else if (perturb && prot == (PROT_READ | PROT_WRITE) && strcmp(kind, "hugetlb") && strcmp(kind, "memfdhuge") && strcmp(kind, "memfdpriv")) {
		/* touch the pages in a random order with gaps: PFNs become scattered */
		u64 n = size / 4096;

		if (n <= 4096) {
			u32 *ord = malloc(n * sizeof(u32) + 4);

			for (u64 i = 0; i < n; i++)
				ord[i] = i;
			for (u64 i = n; i > 1; i--) {
				u64 j = rnd() % i;
				u32 t = ord[i - 1];

				ord[i - 1] = ord[j];
				ord[j] = t;
			}
			for (u64 i = 0; i < n; i++) {
				*(volatile char *)(a + ord[i] * 4096ull) = 0;
				if (rnd() % 2) {
					char *junk = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

					if (junk != MAP_FAILED)
						*(volatile char *)junk = 1;
				}
			}
			free(ord);
		}
	}
	b = &S->buf[S->nbuf++];
	snprintf(b->name, sizeof(b->name), "%s", l->key[0]);
	snprintf(b->kind, sizeof(b->kind), "%s", kind);
	b->addr = a;
	b->size = size;
	fprintf(O, "= OK\n");
}

static void op_fill(struct line *l)
{
	u64 a = argv_(l, "va", 0), n = argv_(l, "len", 0), seed = argv_(l, "seed", 1);
	const char *byte = arg(l, "byte");
	u64 x = byte ? expr(byte, NULL) : 0;

	if (sigsetjmp(segv_jmp, 1)) {
		segv_armed = 0;
		fprintf(O, "= EFAULT\n");
		return;
	}
	segv_armed = 1;
	for (u64 i = 0; i < n; i++)
		*(volatile unsigned char *)(a + i) = byte ? x : (unsigned char)(i * 7 + (i >> 8) * 13 + seed);
	segv_armed = 0;
	fprintf(O, "= OK\n");
}

static void op_dump(struct line *l, bool hash)
{
	u64 a = argv_(l, "va", 0), n = argv_(l, "len", 16);
	volatile unsigned char x;

	if (sigsetjmp(segv_jmp, 1)) {
		segv_armed = 0;
		fprintf(O, "= EFAULT\n");
		return;
	}
	segv_armed = 1;
	for (u64 i = 0; i < n; i += 512)
		x = *(volatile unsigned char *)(a + i);
	if (n)
		x = *(volatile unsigned char *)(a + n - 1);
	(void)x;
	segv_armed = 0;
	fprintf(O, "= OK");
	if (hash)
		print_fnv(a, n);
	else
		print_hex("data", (unsigned char *)a, n > 64 ? 64 : n);
	fprintf(O, "\n");
}

static int prot_of(const char *s)
{
	int p = 0;

	if (!s)
		return PROT_READ | PROT_WRITE;
	for (; *s; s++)
		p |= *s == 'r' ? PROT_READ : *s == 'w' ? PROT_WRITE : *s == 'x' ? PROT_EXEC : 0;
	return p;
}

static void op_read(struct line *l)
{
	unsigned char *scratch = (unsigned char *)SCRATCH;
	int fd = target_fd(l), e;
	u64 n = argv_(l, "n", 4096);
	u64 p = argv_(l, "ptr", SCRATCH);
	ssize_t rc;

	memset(scratch, 0xee, 0x10000);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	errno = 0;
	rc = arg(l, "off") ? pread(fd, (void *)p, n, argv_(l, "off", 0)) : read(fd, (void *)p, n);
	e = errno;
	if (rc < 0) {
		fprintf(O, "= %s\n", ename(e));
		return;
	}
	fprintf(O, "= OK n=%zd", rc);
	if (p == SCRATCH) {
		fprintf(O, " w=");
		for (int i = 0; i + 4 <= rc && i < 400; i += 4)
			fprintf(O, "%s%x", i ? "," : "", (u32)load(scratch + i, 4));
		if (rc == 0)
			fprintf(O, "-");
		/* fault records: 10 words, the cookie is the last */
		if (rc >= 40) {
			setreg(l->label, NULL, load(scratch + 36, 4));
			setreg(l->label, "c0", load(scratch + 36, 4));
		}
		if (rc >= 80)
			setreg(l->label, "c1", load(scratch + 76, 4));
		if (rc >= 120)
			setreg(l->label, "c2", load(scratch + 116, 4));
	}
	fprintf(O, "\n");
}

static void op_write(struct line *l)
{
	unsigned char *scratch = (unsigned char *)SCRATCH;
	int fd = target_fd(l);
	const char *d = arg(l, "data");
	size_t blob = d ? build_blob(d, scratch, 0x8000) : 0;
	u64 n = argv_(l, "n", blob), p = argv_(l, "ptr", SCRATCH);
	ssize_t rc;

	errno = 0;
	rc = write(fd, (void *)p, n);
	if (rc < 0)
		res(-1);
	else
		fprintf(O, "= OK n=%zd\n", rc);
}

/* read everything there is, then answer every cookie from 0 to 255 */
static void op_drain(struct line *l)
{
	unsigned char *scratch = (unsigned char *)SCRATCH;
	int fd = target_fd(l), n = 0, ok = 0;
	ssize_t rc;

	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	while (n < 1000 && (rc = read(fd, scratch, 4000)) > 0)
		n += rc / 40;
	for (u32 c = 0; c < 256; c++) {
		u32 w[2] = { c, argv_(l, "code", 0) };

		if (write(fd, w, 8) == 8)
			ok++;
	}
	fprintf(O, "= OK read=%d answered=%d\n", n, ok);
}

static void op_poll(struct line *l)
{
	static const struct { int b; const char *n; } bits[] = {
		{ POLLIN, "IN" }, { POLLPRI, "PRI" }, { POLLOUT, "OUT" }, { POLLERR, "ERR" }, { POLLHUP, "HUP" }, { POLLNVAL, "NVAL" },
		{ POLLRDNORM, "RDNORM" }, { POLLRDBAND, "RDBAND" }, { POLLWRNORM, "WRNORM" }, { POLLWRBAND, "WRBAND" },
	};
	struct pollfd pf = { .fd = target_fd(l), .events = POLLIN | POLLPRI | POLLOUT | POLLRDNORM | POLLRDBAND | POLLWRNORM | POLLWRBAND };
	bool first = true;

	if (poll(&pf, 1, 0) < 0) {
		res(-1);
		return;
	}
	fprintf(O, "= OK ev=");
	for (unsigned i = 0; i < sizeof(bits) / sizeof(bits[0]); i++)
		if (pf.revents & bits[i].b) {
			fprintf(O, "%s%s", first ? "" : "|", bits[i].n);
			first = false;
		}
	fprintf(O, "%s\n", first ? "0" : "");
}

static void op_ioctl(struct line *l)
{
	unsigned char *s = (unsigned char *)SPAGE;
	const char *d = arg(l, "data"), *a = arg(l, "arg");
	int fd = target_fd(l), rc;
	u32 cmd = argv_(l, "cmd", 0);
	size_t n = 0;
	unsigned char copy[4096];

	mprotect((void *)SPAGE, SPAGE_LEN, PROT_READ | PROT_WRITE);
	memset(s, 0, SPAGE_LEN);
	if (d)
		n = build_blob(d, s, 4096);
	memcpy(copy, s, sizeof(copy));
	errno = 0;
	rc = ioctl(fd, cmd, a ? expr(a, NULL) : SPAGE);
	if (rc < 0)
		fprintf(O, "= %s", ename(errno));
	else
		fprintf(O, "= OK ret=%d", rc);
	if (!a && memcmp(copy, s, sizeof(copy)))
		print_hex("data", s, n > 64 ? 64 : n);
	fprintf(O, "\n");
}

/* header and cap words as read by Linux: struct of version, two u32, u64 masks in two halves */
static void op_cap(struct line *l)
{
	struct { u32 version; int pid; } h = { 0x20080522, 0 };
	struct { u32 eff, perm, inh; } c[2];
	const char *how = l->n ? l->key[0] : "", *which = l->n > 1 ? l->key[1] : "";
	int bit = !strcmp(which, "ipc_lock") ? 14 : !strcmp(which, "sys_resource") ? 24 : !strcmp(which, "sys_admin") ? 21 : !strcmp(which, "sys_rawio") ? 17 : -1;

	if (bit < 0 || syscall(SYS_capget, &h, c) < 0) {
		fprintf(O, "= BADOP\n");
		return;
	}
	if (!strcmp(how, "drop"))
		c[0].eff &= ~(1u << bit);
	else
		c[0].eff |= 1u << bit;
	res(syscall(SYS_capset, &h, c));
}

static void op_rlimit(struct line *l)
{
	const char *which = l->n ? l->key[0] : "", *v = l->n > 1 ? l->key[1] : "0";
	struct rlimit r;
	int res_ = !strcmp(which, "memlock") ? RLIMIT_MEMLOCK : RLIMIT_NOFILE;

	getrlimit(res_, &r);
	if (res_ == RLIMIT_NOFILE) {
		/* relative to the lowest free descriptor */
		int low = dup(0);

		if (low >= 0)
			close(low);
		r.rlim_cur = !strcmp(v, "reset") ? r.rlim_max : low < 0 ? r.rlim_cur : low + expr(v, NULL);
	} else {
		r.rlim_cur = !strcmp(v, "reset") ? r.rlim_max : expr(v, NULL);
	}
	if (r.rlim_cur > r.rlim_max)
		r.rlim_cur = r.rlim_max;
	res(setrlimit(res_, &r));
}

static void op_status(void)
{
	char b[256];
	FILE *f = fopen("/proc/self/status", "r");
	long pin = -1, lck = -1;

	if (!f) {
		res(-1);
		return;
	}
	while (fgets(b, sizeof(b), f)) {
		sscanf(b, "VmPin: %ld", &pin);
		sscanf(b, "VmLck: %ld", &lck);
	}
	fclose(f);
	fprintf(O, "= OK VmPin=%ld VmLck=%ld\n", pin, lck);
}

static void op_mmap(struct line *l)
{
	u64 len = argv_(l, "len", 4096), off = argv_(l, "off", 0);
	int prot = prot_of(arg(l, "prot"));
	int fl = argv_(l, "private", 0) ? MAP_PRIVATE : MAP_SHARED;
	void *p;

	errno = 0;
	p = mmap(NULL, len, prot, fl, target_fd(l), off);
	if (p == MAP_FAILED) {
		res(-1);
		return;
	}
	setreg(l->label, NULL, (u64)p);
	setreg(l->label, "len", len);
	fprintf(O, "= OK\n");
}

static void exec_op(struct line *l)
{
	int fd;

	bad_expr = false;
	for (unsigned i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		if (!strcmp(l->op, ops[i].name)) {
			do_struct(l, &ops[i]);
			return;
		}
	if (!strcmp(l->op, "BUF")) {
		op_buf(l);
	} else if (!strcmp(l->op, "UNBUF")) {
		res(munmap((void *)argv_(l, "va", 0), argv_(l, "len", 4096)));
	} else if (!strcmp(l->op, "REBUF")) {	/* fresh anonymous memory at the same place */
		void *p = mmap((void *)argv_(l, "va", 0), argv_(l, "len", 4096), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
		res(p == MAP_FAILED ? -1 : 0);
	} else if (!strcmp(l->op, "PROT")) {
		res(mprotect((void *)argv_(l, "va", 0), argv_(l, "len", 4096), prot_of(arg(l, "prot"))));
	} else if (!strcmp(l->op, "TRUNC")) {
		res(ftruncate(argv_(l, "file", -1), argv_(l, "len", 0)));
	} else if (!strcmp(l->op, "FILL")) {
		op_fill(l);
	} else if (!strcmp(l->op, "DUMP")) {
		op_dump(l, false);
	} else if (!strcmp(l->op, "HASH")) {
		op_dump(l, true);
	} else if (!strcmp(l->op, "OPEN")) {
		fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);
		if (fd >= 0)
			setreg(l->label, "fd", fd), setreg(l->label, NULL, fd);
		res(fd);
	} else if (!strcmp(l->op, "CLOSE")) {
		fd = target_fd(l);
		res(close(fd));
		if (fd == iommu_fd)
			iommu_fd = -1;
	} else if (!strcmp(l->op, "DUP")) {
		fd = dup(target_fd(l));
		if (fd >= 0)
			setreg(l->label, "fd", fd), setreg(l->label, NULL, fd);
		res(fd);
	} else if (!strcmp(l->op, "READ")) {
		op_read(l);
	} else if (!strcmp(l->op, "WRITE")) {
		op_write(l);
	} else if (!strcmp(l->op, "DRAIN")) {
		op_drain(l);
	} else if (!strcmp(l->op, "POLL")) {
		op_poll(l);
	} else if (!strcmp(l->op, "IOCTL")) {
		op_ioctl(l);
	} else if (!strcmp(l->op, "VFIO_API") || !strcmp(l->op, "VFIO_CHECK") || !strcmp(l->op, "VFIO_SET")) {
		u32 cmd = l->op[5] == 'A' ? CMD_VFIO_API : l->op[5] == 'C' ? CMD_VFIO_CHECK : CMD_VFIO_SET;
		int rc = ioctl(target_fd(l), cmd, argv_(l, "arg", 0));

		if (rc < 0)
			res(-1);
		else
			fprintf(O, "= OK ret=%d\n", rc);
	} else if (!strcmp(l->op, "CAP")) {
		op_cap(l);
	} else if (!strcmp(l->op, "RLIMIT")) {
		op_rlimit(l);
	} else if (!strcmp(l->op, "STATUS")) {
		op_status();
	} else if (!strcmp(l->op, "MMAP")) {
		op_mmap(l);
	} else if (!strcmp(l->op, "MUNMAP")) {
		res(munmap((void *)argv_(l, "map", 0), argv_(l, "len", 4096)));
	} else if (!strcmp(l->op, "PEEK")) {
		u64 a = argv_(l, "map", 0);

		if (sigsetjmp(segv_jmp, 1)) {
			segv_armed = 0;
			fprintf(O, "= SIGNAL\n");
		} else {
			segv_armed = 1;
			u32 x = *(volatile u32 *)(a + argv_(l, "off", 0));
			segv_armed = 0;
			fprintf(O, "= OK w=%x\n", x);
		}
	} else {
		fprintf(O, "= BADOP\n");
	}
}

static void on_alarm(int sig)
{
	(void)sig;
	if (write(1, "= TIMEOUT\n", 10) < 0)
		_exit(4);
	_exit(3);
}

static void setup(u64 seed)
{
	int fl = MAP_FIXED_NOREPLACE | MAP_PRIVATE | MAP_ANONYMOUS;

	S = mmap(NULL, sizeof(*S), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (S == MAP_FAILED || mmap((void *)SCRATCH, SCRATCH_LEN, PROT_READ | PROT_WRITE, fl, -1, 0) == MAP_FAILED ||
	    mmap((void *)SPAGE, SPAGE_LEN, PROT_READ | PROT_WRITE, fl, -1, 0) == MAP_FAILED) {
		perror("mmap");
		exit(2);
	}
	signal(SIGSEGV, on_segv);
	signal(SIGBUS, on_segv);
	signal(SIGALRM, on_alarm);
	signal(SIGPIPE, SIG_IGN);
	if (seed) {
		perturb = true;
		contig = seed == 1;
		rng_state = seed * 0x9e3779b97f4a7c15ull + 1;
		for (int i = rnd() % 13; i >= 0; i--)
			if (open("/dev/null", O_RDONLY | O_CLOEXEC) < 0)
				break;
	}
}

static void reset_limit(void)
{
	unsigned char b[72] = { 72 };
	int fd = open("/dev/iommu", O_RDWR | O_CLOEXEC);

	store(b + 4, 4, T_OP_LIMIT);
	store(b + 16, 4, 65536);
	if (fd >= 0) {
		ioctl(fd, CMD_TEST, b);
		close(fd);
	}
}

static int run_script(FILE *in)
{
	static char line[65536];
	static struct line l;
	bool limit = false;

	O = stdout;
	setvbuf(stdout, NULL, _IOFBF, 1 << 16);
	while (fgets(line, sizeof(line), in)) {
		line[strcspn(line, "\r\n")] = 0;
		if (line[0] == '=')	/* expected result in a corpus file */
			continue;
		puts(line);
		if (!line[0] || line[0] == '#')
			continue;
		if (!parse(&l, line)) {
			puts("= BADOP");
			continue;
		}
		if (!strcmp(l.op, "T_LIMIT"))
			limit = true;
		if (l.child) {
			int st = 0;
			pid_t pid;

			dev_fd();
			fflush(stdout);
			pid = fork();
			if (pid == 0) {
				alarm(20);
				exec_op(&l);
				fflush(stdout);
				_exit(0);
			}
			if (pid < 0 || waitpid(pid, &st, 0) < 0 || !WIFEXITED(st))
				puts("= CHILDDIED");
		} else {
			exec_op(&l);
		}
		fflush(stdout);
	}
	/* the limit is global state of the mock: put it back */
	if (limit)
		reset_limit();
	return 0;
}

int main(int argc, char **argv)
{
	const char *t = "20", *seed = NULL;
	FILE *in;
	int c, rc;

	while ((c = getopt(argc, argv, "t:p:")) != -1)
		switch (c) {
		case 't': t = optarg; break;
		case 'p': seed = optarg; break;
		default: return 2;
		}
	if (optind >= argc) {
		fprintf(stderr, "usage: iommufd-ops [-t s] [-p seed] SCRIPT|-\n");
		return 2;
	}
	in = strcmp(argv[optind], "-") ? fopen(argv[optind], "re") : stdin;
	if (!in) {
		perror(argv[optind]);
		return 2;
	}
	setup(seed ? strtoull(seed, NULL, 0) : 0);
	alarm(atoi(t));
	rc = run_script(in);
	fflush(stdout);
	return rc;
}

/*
 * LD_PRELOAD shim that serves /dev/iommu (and every file descriptor derived
 * from it) from an external engine behind a pair of pipes.
 *
 * Design in one paragraph: a "virtual file" is a FIFO in a private tmpfs
 * directory which the client holds open O_RDWR and of which the engine holds
 * the read end.  The FIFO's (st_dev, st_ino) IS the identity of the file, so the
 * shim keeps no descriptor table at all: dup(), dup2(), fork(), SCM_RIGHTS and
 * exec() need no interception, and "last reference dropped" is what the kernel
 * reports to the engine as EOF on the read end - even after SIGKILL.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/ioctl.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "shim_proto.h"
#include "shim_shared.h"

#define EXPORT __attribute__((visibility("default")))

static struct {
	int state; /* 0 = not initialised, 1 = active, -1 = inactive */
	int req_fd, rsp_fd;
	dev_t dev; /* st_dev of the session directory */
	struct shim_shared *sh;
	uint64_t mm_cookie;
	uint64_t hello_flags;
	bool dead; /* engine is gone */
	char dir[PATH_MAX];
} g;

/* ------------------------------------------------------------------ raw I/O */

static long sys_write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = syscall(SYS_write, fd, p, len);

		if (n < 0) {
			if (errno == EINTR)
				continue;
			return -1;
		}
		p += n;
		len -= n;
	}
	return 0;
}

static ssize_t sys_read_packet(int fd, void *buf, size_t len)
{
	ssize_t n;

	do
		n = syscall(SYS_read, fd, buf, len);
	while (n < 0 && errno == EINTR);
	return n;
}

/* copy_from_user()/copy_to_user() on ourselves: faults become EFAULT */
static int user_copy_in(void *dst, uint64_t src, size_t len)
{
	struct iovec l = { dst, len }, r = { (void *)(uintptr_t)src, len };

	if (!len)
		return 0;
	if (syscall(SYS_process_vm_readv, getpid(), &l, 1, &r, 1, 0) !=
	    (ssize_t)len)
		return EFAULT;
	return 0;
}

static int user_copy_out(uint64_t dst, const void *src, size_t len)
{
	struct iovec l = { (void *)src, len },
		     r = { (void *)(uintptr_t)dst, len };

	if (!len)
		return 0;
	if (syscall(SYS_process_vm_writev, getpid(), &l, 1, &r, 1, 0) !=
	    (ssize_t)len)
		return EFAULT;
	return 0;
}

/*
 * Would copy_to_user() succeed on all of it? Changes no byte. Kernels before
 * 5.14 cannot say; false only costs an upcall.
 */
static bool user_writable(uint64_t addr, size_t len)
{
	uint64_t mask = sysconf(_SC_PAGESIZE) - 1;
	uint64_t first = addr & ~mask, end = (addr + len + mask) & ~mask;

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif
	return syscall(SYS_madvise, first, end - first, MADV_POPULATE_WRITE) == 0;
}

/* ----------------------------------------------------------------- identity */

static bool is_ours(int fd, struct stat *st)
{
	int save = errno;
	bool ret;

	if (g.state <= 0 || fd < 0)
		return false;
	ret = syscall(SYS_fstat, fd, st) == 0 && S_ISFIFO(st->st_mode) &&
	      st->st_dev == g.dev;
	errno = save;
	return ret;
}

static uint64_t cap_effective(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {};

	if (syscall(SYS_capget, &h, d))
		return 0;
	return d[0].effective | ((uint64_t)d[1].effective << 32);
}

/* ------------------------------------------------------------- request path */

static void lock(void)
{
	int rc = pthread_mutex_lock(&g.sh->mutex);

	/*
	 * The previous owner was killed in the middle of a request. Nothing to
	 * repair: requests are written atomically and responses to the dead
	 * owner are skipped by sequence number.
	 */
	if (rc == EOWNERDEAD)
		pthread_mutex_consistent(&g.sh->mutex);
}

static void unlock(void)
{
	pthread_mutex_unlock(&g.sh->mutex);
}

static void fill_req(struct shim_req *rq, int type, size_t plen)
{
	struct rlimit rl = {};

	rq->magic = SHIM_MAGIC_REQ;
	rq->version = SHIM_VERSION;
	rq->type = type;
	rq->total_len = sizeof(*rq) + plen;
	rq->mm_cookie = g.mm_cookie;
	rq->pid = getpid();
	rq->tid = syscall(SYS_gettid);
	rq->ppid = getppid();
	rq->euid = geteuid();
	rq->cap_effective = cap_effective();
	getrlimit(RLIMIT_MEMLOCK, &rl);
	rq->rlimit_memlock = rl.rlim_cur;
}

static int send_msg(struct shim_req *rq, const void *payload, size_t plen)
{
	char buf[SHIM_PACKET];

	if (sizeof(*rq) + plen > sizeof(buf))
		return -1;
	memcpy(buf, rq, sizeof(*rq));
	if (plen)
		memcpy(buf + sizeof(*rq), payload, plen);
	return sys_write_all(g.req_fd, buf, sizeof(*rq) + plen);
}

static int install_fd(const char *path, int flags, struct stat *st)
{
	int fd;

	if (mkfifo(path, 0600))
		return -errno;
	/* O_RDWR never blocks on a FIFO and counts as a writer */
	fd = syscall(SYS_openat, AT_FDCWD, path,
		     O_RDWR | (flags & (O_CLOEXEC | O_NONBLOCK)), 0);
	if (fd < 0) {
		int e = errno;

		unlink(path);
		return -e;
	}
	if (syscall(SYS_fstat, fd, st)) {
		int e = errno;

		syscall(SYS_close, fd);
		unlink(path);
		return -e;
	}
	return fd;
}

static int handle_upcall(struct shim_rsp *rs, char *payload, size_t plen,
			 uint32_t seq)
{
	char data[SHIM_INLINE_MAX];
	struct shim_req rq = {};
	size_t dlen = 0;
	struct stat st;
	int64_t res;

	switch (rs->ret) {
	case SHIM_UP_INSTALL_FD:
		payload[plen] = 0;
		res = install_fd(payload, rs->a[1], &st);
		if (res >= 0) {
			rq.fd = res;
			rq.file_dev = st.st_dev;
			rq.file_ino = st.st_ino;
		}
		break;
	case SHIM_UP_CLOSE_FD:
		res = syscall(SYS_close, (int)rs->a[1]) ? -errno : 0;
		break;
	case SHIM_UP_COPY_OUT:
		res = -user_copy_out(rs->a[1], payload, plen);
		break;
	case SHIM_UP_COPY_IN:
		dlen = rs->a[2] > sizeof(data) ? sizeof(data) : rs->a[2];
		res = -user_copy_in(data, rs->a[1], dlen);
		if (res)
			dlen = 0;
		break;
	default:
		res = -ENOSYS;
	}
	fill_req(&rq, SHIM_REQ_UPCALL_REPLY, dlen);
	rq.seq = seq;
	rq.a[0] = res;
	return send_msg(&rq, data, dlen);
}

struct result {
	int64_t ret;
	uint32_t flags;
	uint64_t a[4];
	char *payload; /* malloc'ed, NUL terminated, only if keep_payload */
	size_t plen;
};

/*
 * One complete round trip. If @keep is false a payload in the FINAL response is
 * copied to the user address in a[0].
 */
static int shim_call_flags(int type, uint32_t flags, int fd,
			   const struct stat *st, const uint64_t a[6],
			   const void *payload, size_t plen, bool keep,
			   struct result *res)
{
	struct shim_req rq = {};
	int save = errno;
	char *p = NULL;
	size_t have = 0;
	uint32_t seq;
	int rc = -1;

	memset(res, 0, sizeof(*res));
	res->ret = -EIO;
	if (g.dead)
		return -1;

	fill_req(&rq, type, plen);
	rq.flags = flags;
	rq.fd = fd;
	if (st) {
		rq.file_dev = st->st_dev;
		rq.file_ino = st->st_ino;
	}
	if (a)
		memcpy(rq.a, a, sizeof(rq.a));

	lock();
	seq = rq.seq = ++g.sh->seq;
	if (send_msg(&rq, payload, plen))
		goto out;
	while (true) {
		struct {
			struct shim_rsp rs;
			char payload[SHIM_PACKET - sizeof(struct shim_rsp) + 1];
		} m;
		char *np;
		size_t n;

		if (sys_read_packet(g.rsp_fd, &m, SHIM_PACKET) <
			    (ssize_t)sizeof(m.rs) ||
		    m.rs.magic != SHIM_MAGIC_RSP ||
		    m.rs.total_len < sizeof(m.rs) ||
		    m.rs.total_len > SHIM_PACKET)
			goto out;
		n = m.rs.total_len - sizeof(m.rs);
		if (m.rs.seq != seq) /* answer to a killed predecessor */
			continue;
		if (m.rs.type == SHIM_RSP_UPCALL) {
			if (handle_upcall(&m.rs, m.payload, n, seq))
				goto out;
			continue;
		}
		np = realloc(p, have + n + 1);
		if (!np)
			goto out;
		p = np;
		memcpy(p + have, m.payload, n);
		have += n;
		p[have] = 0;
		if (m.rs.flags & SHIM_F_MORE)
			continue;
		res->ret = m.rs.ret;
		res->flags = m.rs.flags;
		memcpy(res->a, m.rs.a, sizeof(res->a));
		if (keep) {
			res->payload = p;
			res->plen = have;
			p = NULL;
		} else if (have && user_copy_out(m.rs.a[0], p, have)) {
			res->ret = -EFAULT;
		}
		rc = 0;
		break;
	}
out:
	unlock();
	free(p);
	errno = save;
	if (rc && !g.dead) {
		g.dead = true;
		dprintf(2, "# iommufd-shim: engine is gone (pid %d)\n", getpid());
	}
	return rc;
}

static int shim_call(int type, int fd, const struct stat *st,
		     const uint64_t a[6], const void *payload, size_t plen,
		     bool keep, struct result *res)
{
	return shim_call_flags(type, 0, fd, st, a, payload, plen, keep, res);
}

static long finish(const struct result *res)
{
	if (res->ret < 0) {
		errno = -res->ret;
		return -1;
	}
	return res->ret;
}

/* --------------------------------------------------------------------- init */

static void new_cookie(void)
{
	while (getrandom(&g.mm_cookie, sizeof(g.mm_cookie), 0) !=
	       sizeof(g.mm_cookie))
		;
}

static void atfork_child(void)
{
	new_cookie();
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
}

static void init(void)
{
	const char *dir = getenv("IOMMUFD_SHIM_DIR");
	const char *rq = getenv("IOMMUFD_SHIM_REQ_FD");
	const char *rs = getenv("IOMMUFD_SHIM_RSP_FD");
	struct result res;
	struct stat st;
	char p[PATH_MAX];
	ssize_t n;
	int fd;

	if (g.state)
		return;
	g.state = -1;
	if (!dir || !rq || !rs || stat(dir, &st))
		return;
	snprintf(g.dir, sizeof(g.dir), "%s", dir);
	g.dev = st.st_dev;
	g.req_fd = atoi(rq);
	g.rsp_fd = atoi(rs);

	snprintf(p, sizeof(p), "%s/lock", dir);
	fd = syscall(SYS_openat, AT_FDCWD, p, O_RDWR | O_CLOEXEC, 0);
	if (fd < 0)
		return;
	g.sh = (void *)syscall(SYS_mmap, NULL, sizeof(*g.sh),
			       PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	syscall(SYS_close, fd);
	if (g.sh == MAP_FAILED)
		return;
	new_cookie();
	pthread_atfork(NULL, NULL, atfork_child);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
	g.state = 1;

	n = readlink("/proc/self/exe", p, sizeof(p) - 1);
	if (!shim_call(SHIM_REQ_HELLO, -1, NULL,
		       (uint64_t[6]){ SHIM_VERSION }, p, n > 0 ? n : 0, false,
		       &res) &&
	    res.ret >= 0)
		g.hello_flags = res.a[1];
}

static __attribute__((constructor(101))) void ctor(void)
{
	init();
}

/* --------------------------------------------------------------------- open */

static bool path_is_candidate(const char *path)
{
	const char *e;

	if (!strcmp(path, "/dev/iommu") || !strncmp(path, "/dev/vfio/", 10))
		return true;
	if (!strcmp(path, "/sys/kernel/tracing/trace_marker"))
		return true;
	/* /proc/self/task/N/fail-nth, for iommufd_fail_nth */
	e = strrchr(path, '/');
	return e && !strcmp(e, "/fail-nth") && !strncmp(path, "/proc/", 6);
}

static int do_open(int dirfd, const char *path, int flags, mode_t mode)
{
	struct result res;

	if (!g.state)
		init();
	if (g.state < 0 || !path || !path_is_candidate(path))
		return syscall(SYS_openat, dirfd, path, flags, mode);
	if (shim_call(SHIM_REQ_OPEN, -1, NULL,
		      (uint64_t[6]){ (unsigned int)flags, mode }, path,
		      strlen(path), false, &res))
		return finish(&res);
	if (res.flags & SHIM_F_PASSTHROUGH)
		return syscall(SYS_openat, dirfd, path, flags, mode);
	return finish(&res);
}

#define GET_MODE(flags, mode)                                        \
	mode_t mode = 0;                                             \
	if ((flags) & (O_CREAT | __O_TMPFILE)) {                     \
		va_list ap;                                          \
		va_start(ap, flags);                                 \
		mode = va_arg(ap, mode_t);                           \
		va_end(ap);                                          \
	}

EXPORT int open(const char *path, int flags, ...)
{
	GET_MODE(flags, mode);
	return do_open(AT_FDCWD, path, flags, mode);
}

EXPORT int open64(const char *path, int flags, ...)
{
	GET_MODE(flags, mode);
	return do_open(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

EXPORT int openat(int dirfd, const char *path, int flags, ...)
{
	GET_MODE(flags, mode);
	return do_open(dirfd, path, flags, mode);
}

EXPORT int openat64(int dirfd, const char *path, int flags, ...)
{
	GET_MODE(flags, mode);
	return do_open(dirfd, path, flags | O_LARGEFILE, mode);
}

EXPORT int __open_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags, 0);
}

EXPORT int __open64_2(const char *path, int flags)
{
	return do_open(AT_FDCWD, path, flags | O_LARGEFILE, 0);
}

/* -------------------------------------------------------------------- ioctl */

EXPORT int ioctl(int fd, unsigned long cmd, ...)
{
	char buf[SHIM_INLINE_MAX];
	struct result res;
	struct stat st;
	uint32_t size, flags = 0;
	size_t n = 0;
	uint64_t arg;
	int err = 0, save = errno;
	va_list ap;

	va_start(ap, cmd);
	arg = (uintptr_t)va_arg(ap, void *);
	va_end(ap);

	/* what the VFS itself does to a descriptor, the host does right */
	if (!is_ours(fd, &st) || cmd == FIOCLEX || cmd == FIONCLEX ||
	    cmd == FIONBIO)
		return syscall(SYS_ioctl, fd, cmd, arg);

	/*
	 * iommufd and VFIO structures both start with a u32 byte count. Inline
	 * what it announces; an unreadable pointer is reported, not decided
	 * here, because integer-argument ioctls have no pointer at all.
	 */
	err = user_copy_in(&size, arg, sizeof(size));
	if (!err) {
		n = size < 4 ? 4 : size;
		if (n > sizeof(buf))
			n = sizeof(buf);
		if (user_copy_in(buf, arg, n)) {
			/* tail unreadable: hand over the readable u32 only */
			memcpy(buf, &size, 4);
			n = 4;
		}
		if (_IOC_TYPE(cmd) == ';' && user_writable(arg, n))
			flags |= SHIM_RQ_WRITABLE;
	}
	errno = save;
	shim_call_flags(SHIM_REQ_IOCTL, flags, fd, &st,
			(uint64_t[6]){ (uint32_t)cmd, arg, err }, buf, n,
			false, &res);
	return finish(&res);
}

/* --------------------------------------------------------------- read/write */

static ssize_t do_read(int fd, void *buf, size_t count, int64_t off,
		       const struct stat *st)
{
	struct result res;

	shim_call(SHIM_REQ_READ, fd, st,
		  (uint64_t[6]){ (uintptr_t)buf, count, off }, NULL, 0, false,
		  &res);
	return finish(&res);
}

static ssize_t do_write(int fd, const void *buf, size_t count, int64_t off,
			const struct stat *st)
{
	char tmp[SHIM_INLINE_MAX];
	size_t n = count > sizeof(tmp) ? sizeof(tmp) : count;
	struct result res;
	int err;

	err = user_copy_in(tmp, (uintptr_t)buf, n);
	if (err)
		n = 0;
	shim_call(SHIM_REQ_WRITE, fd, st,
		  (uint64_t[6]){ (uintptr_t)buf, count, off, err }, tmp, n,
		  false, &res);
	return finish(&res);
}

EXPORT ssize_t read(int fd, void *buf, size_t count)
{
	struct stat st;

	if (!is_ours(fd, &st))
		return syscall(SYS_read, fd, buf, count);
	return do_read(fd, buf, count, -1, &st);
}

EXPORT ssize_t __read_chk(int fd, void *buf, size_t count, size_t buflen)
{
	return read(fd, buf, count);
}

EXPORT ssize_t write(int fd, const void *buf, size_t count)
{
	struct stat st;

	if (!is_ours(fd, &st))
		return syscall(SYS_write, fd, buf, count);
	return do_write(fd, buf, count, -1, &st);
}

EXPORT ssize_t pread(int fd, void *buf, size_t count, off_t off)
{
	struct stat st;

	if (!is_ours(fd, &st))
		return syscall(SYS_pread64, fd, buf, count, off);
	return do_read(fd, buf, count, off, &st);
}

EXPORT ssize_t pread64(int fd, void *buf, size_t count, off64_t off)
{
	return pread(fd, buf, count, off);
}

EXPORT ssize_t pwrite(int fd, const void *buf, size_t count, off_t off)
{
	struct stat st;

	if (!is_ours(fd, &st))
		return syscall(SYS_pwrite64, fd, buf, count, off);
	return do_write(fd, buf, count, off, &st);
}

EXPORT ssize_t pwrite64(int fd, const void *buf, size_t count, off64_t off)
{
	return pwrite(fd, buf, count, off);
}

/* --------------------------------------------------------------------- poll */

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000LL + ts.tv_nsec / 1000000;
}

EXPORT int poll(struct pollfd *fds, nfds_t n, int timeout)
{
	struct pollfd *real;
	nfds_t ours = 0, i;
	int64_t end = 0;
	struct stat st;
	int rc, hits;

	for (i = 0; g.state > 0 && i < n; i++)
		ours += is_ours(fds[i].fd, &st);
	if (!ours) {
		struct timespec ts = { timeout / 1000,
				       timeout % 1000 * 1000000L };

		return syscall(SYS_ppoll, fds, n, timeout < 0 ? NULL : &ts,
			       NULL, 0);
	}

	if (timeout > 0)
		end = now_ms() + timeout;
	real = calloc(n, sizeof(*real));
	if (!real) {
		errno = ENOMEM;
		return -1;
	}
	while (true) {
		struct timespec step = { 0, 0 };

		hits = 0;
		memcpy(real, fds, n * sizeof(*real));
		for (i = 0; i < n; i++) {
			struct result res;

			fds[i].revents = 0;
			if (!is_ours(fds[i].fd, &st))
				continue;
			real[i].fd = -1;
			if (shim_call(SHIM_REQ_POLL, fds[i].fd, &st,
				      (uint64_t[6]){ (uint16_t)fds[i].events },
				      NULL, 0, false, &res) ||
			    res.ret < 0)
				fds[i].revents = POLLERR;
			else
				fds[i].revents =
					res.ret &
					(fds[i].events | POLLERR | POLLHUP);
			hits += !!fds[i].revents;
		}
		if (!hits && timeout)
			step.tv_nsec = 2000000;
		rc = syscall(SYS_ppoll, real, n, &step, NULL, 0);
		if (rc < 0)
			break;
		for (i = 0; i < n; i++)
			if (real[i].fd >= 0)
				fds[i].revents = real[i].revents;
		rc += hits;
		if (rc || !timeout || (timeout > 0 && now_ms() >= end))
			break;
	}
	free(real);
	return rc;
}

EXPORT int __poll_chk(struct pollfd *fds, nfds_t n, int timeout, size_t len)
{
	return poll(fds, n, timeout);
}

/* --------------------------------------------------------------------- mmap */

EXPORT void *mmap(void *addr, size_t len, int prot, int flags, int fd,
		  off_t off)
{
	struct result res;
	struct stat st;
	void *ret;
	int bfd;

	if ((flags & MAP_ANONYMOUS) || !is_ours(fd, &st))
		return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd,
				       off);
	if (shim_call(SHIM_REQ_MMAP, fd, &st,
		      (uint64_t[6]){ (uintptr_t)addr, len, prot, flags, off },
		      NULL, 0, true, &res) ||
	    res.ret < 0) {
		free(res.payload);
		errno = -res.ret;
		return MAP_FAILED;
	}
	/*
	 * The engine names a file of the session directory whose pages are the
	 * "MMIO". Its path shows up in /proc/PID/maps, which is how the engine
	 * counts VMAs without us intercepting munmap()/fork()/exit().
	 */
	bfd = syscall(SYS_openat, AT_FDCWD, res.payload, O_RDWR | O_CLOEXEC, 0);
	free(res.payload);
	if (bfd < 0)
		return MAP_FAILED;
	ret = (void *)syscall(SYS_mmap, addr, len, prot, flags, bfd, res.a[1]);
	syscall(SYS_close, bfd);
	return ret;
}

EXPORT void *mmap64(void *addr, size_t len, int prot, int flags, int fd,
		    off64_t off)
{
	return mmap(addr, len, prot, flags, fd, off);
}

/* -------------------------------------------------------------------- close */

EXPORT int close(int fd)
{
	struct result res;
	struct stat st;
	bool ours = is_ours(fd, &st);
	long rc = syscall(SYS_close, fd);

	/*
	 * Real close first: the engine then looks at the FIFO and runs the
	 * release method, synchronously, only if that was the last reference.
	 */
	if (ours && !rc)
		shim_call(SHIM_REQ_CLOSE, fd, &st, NULL, NULL, 0, false, &res);
	return rc;
}

/* ---------------------------------------------- /proc/PID/status (VmPin/Lck) */

EXPORT FILE *fopen(const char *path, const char *mode)
{
	static FILE *(*real)(const char *, const char *);
	struct result res = {};
	char buf[SHIM_PACKET - sizeof(struct shim_req)];
	size_t plen = strlen(path) + 1;
	ssize_t n;
	int fd;

	if (!real)
		real = dlsym(RTLD_NEXT, "fopen");
	if (g.state <= 0 || !(g.hello_flags & SHIM_HELLO_PROCFILE) ||
	    strncmp(path, "/proc/", 6) || plen < 14 ||
	    strcmp(path + plen - 1 - 7, "/status") || mode[0] != 'r')
		return real(path, mode);

	fd = syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return NULL;
	memcpy(buf, path, plen);
	n = syscall(SYS_read, fd, buf + plen, sizeof(buf) - plen);
	syscall(SYS_close, fd);
	if (n < 0)
		return NULL;
	if (shim_call(SHIM_REQ_PROCFILE, -1, NULL, NULL, buf, plen + n, true,
		      &res) ||
	    res.ret < 0 || (res.flags & SHIM_F_PASSTHROUGH)) {
		free(res.payload);
		return real(path, mode);
	}
	fd = syscall(SYS_memfd_create, "status", MFD_CLOEXEC);
	sys_write_all(fd, res.payload, res.plen);
	free(res.payload);
	syscall(SYS_lseek, fd, 0, SEEK_SET);
	return fdopen(fd, mode);
}

/* ------- debugfs of the fault injection framework (fail_nth test), sysfs of a scene */

EXPORT DIR *opendir(const char *path)
{
	static DIR *(*real)(const char *);
	char alt[PATH_MAX + 16];
	struct stat st;

	if (!real)
		real = dlsym(RTLD_NEXT, "opendir");
	if (!g.state)
		init();
	if (g.state > 0 && !strncmp(path, "/sys/kernel/debug", 17) &&
	    (!path[17] || !strcmp(path + 17, "/"))) {
		snprintf(alt, sizeof(alt), "%s/debugfs", g.dir);
		if (!stat(alt, &st))
			return real(alt);
	}
	/* devices of a machine that the engine has */
	if (g.state > 0 && !strncmp(path, "/sys/bus/", 9)) {
		snprintf(alt, sizeof(alt), "%s/sysfs", g.dir);
		if (!stat(alt, &st)) {
			snprintf(alt, sizeof(alt), "%s/sysfs%s", g.dir, path + 4);
			return real(alt);
		}
	}
	return real(path);
}

EXPORT FILE *fopen64(const char *path, const char *mode)
{
	return fopen(path, mode);
}

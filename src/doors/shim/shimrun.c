/*
 * shimrun [-k] -s SERVER.mjs [server args ...] -- PROGRAM [args ...]
 *
 * Creates a session directory, the two pipes and the shared lock, starts
 * "node SERVER.mjs args" with fd 3 = requests (read) and fd 4 = responses
 * (write), runs PROGRAM under LD_PRELOAD and returns its exit status. The
 * engine sees EOF on fd 3 when the last client process is gone.
 *
 * Where root lacks capabilities (a container, a sandbox), PROGRAM runs in a
 * user namespace of its own, in which it has them all and can drop and raise
 * them; every user and group keeps its number. -k keeps the session directory.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/capability.h>
#include <pthread.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim_shared.h"

static void die(const char *what)
{
	perror(what);
	exit(127);
}

/* root, and yet without some of the capabilities that this kernel knows */
static bool capabilities_withheld(void)
{
	struct __user_cap_header_struct h = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct d[2] = {};
	uint64_t have;
	int cap;

	if (geteuid() || syscall(SYS_capget, &h, d))
		return false;
	have = d[0].effective | ((uint64_t)d[1].effective << 32);
	for (cap = 0; prctl(PR_CAPBSET_READ, cap) >= 0; cap++)
		if (!(have & (1ull << cap)))
			return true;
	return false;
}

/* /proc/PID/{u,g}id_map of a child's new namespace: all ids that we have ourselves, unchanged */
static bool map_ids(pid_t child, const char *which)
{
	unsigned int first, outer, count;
	char path[64], map[4096];
	size_t len = 0;
	FILE *own;
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "/proc/self/%s", which);
	own = fopen(path, "re");
	if (!own)
		return false;
	while (len < sizeof(map) - 64 &&
	       fscanf(own, "%u %u %u", &first, &outer, &count) == 3)
		len += snprintf(map + len, sizeof(map) - len, "%u %u %u\n",
				first, first, count);
	fclose(own);
	snprintf(path, sizeof(path), "/proc/%d/%s", child, which);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	ok = fd >= 0 && write(fd, map, len) == (ssize_t)len;
	if (fd >= 0)
		close(fd);
	return ok;
}

int main(int argc, char **argv)
{
	char dir[] = "/dev/shm/iommufd-shim.XXXXXX";
	char self[PATH_MAX], preload[PATH_MAX + 16], path[PATH_MAX], num[16];
	char **server, **prog;
	struct shim_shared *sh;
	pthread_mutexattr_t at;
	int req[2], rsp[2], ready[2], go[2];
	int fd, i, split = 0, start = 1, status = 0;
	bool keep = false, own_ns;
	pid_t node, test;
	char byte;
	ssize_t n;

	if (start < argc && !strcmp(argv[start], "-k")) {
		keep = true;
		start++;
	}
	if (start + 2 >= argc || strcmp(argv[start], "-s"))
		goto usage;
	start++;
	for (i = start; i < argc; i++)
		if (!strcmp(argv[i], "--")) {
			split = i;
			break;
		}
	if (!split || split + 1 >= argc)
		goto usage;

	if (!mkdtemp(dir))
		die("mkdtemp");
	snprintf(path, sizeof(path), "%s/lock", dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || ftruncate(fd, sizeof(*sh)))
		die("lock file");
	sh = mmap(NULL, sizeof(*sh), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (sh == MAP_FAILED)
		die("mmap");
	pthread_mutexattr_init(&at);
	pthread_mutexattr_setpshared(&at, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&at, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&sh->mutex, &at);
	close(fd);

	if (pipe2(req, O_CLOEXEC | O_DIRECT) ||
	    pipe2(rsp, O_CLOEXEC | O_DIRECT))
		die("pipe2");

	server = calloc(split - start + 2, sizeof(*server));
	server[0] = "node";
	for (i = start; i < split; i++)
		server[i - start + 1] = argv[i];
	prog = &argv[split + 1];

	node = fork();
	if (!node) {
		int r = fcntl(req[0], F_DUPFD, 10), w = fcntl(rsp[1], F_DUPFD, 10);

		setenv("IOMMUFD_SHIM_DIR", dir, 1);
		dup2(r, 3);
		dup2(w, 4);
		close(r);
		close(w);
		setpgid(0, 0); /* test timeouts kill process groups */
		execvp("node", server);
		die("exec node");
	}

	own_ns = capabilities_withheld();
	if (pipe2(ready, O_CLOEXEC) || pipe2(go, O_CLOEXEC))
		die("pipe2");
	test = fork();
	if (!test) {
		close(ready[0]);
		close(go[1]);
		/* without user namespaces it goes on as it is */
		if (own_ns && !unshare(CLONE_NEWUSER)) {
			/* the ids are mapped by our parent, who may map all */
			if (write(ready[1], "", 1) != 1 || read(go[0], &byte, 1) != 1)
				die("id maps of the user namespace");
		}
		close(ready[1]);
		close(go[0]);
		/* keep the pipes out of the way of low descriptor numbers */
		int w = fcntl(req[1], F_DUPFD, 900), r = fcntl(rsp[0], F_DUPFD, 900);

		if (w < 0 || r < 0)
			die("F_DUPFD");
		n = readlink("/proc/self/exe", self, sizeof(self) - 1);
		self[n > 0 ? n : 0] = 0;
		snprintf(preload, sizeof(preload), "%s/iommufd_shim.so",
			 dirname(self));
		setenv("LD_PRELOAD", preload, 1);
		setenv("IOMMUFD_SHIM_DIR", dir, 1);
		snprintf(num, sizeof(num), "%d", w);
		setenv("IOMMUFD_SHIM_REQ_FD", num, 1);
		snprintf(num, sizeof(num), "%d", r);
		setenv("IOMMUFD_SHIM_RSP_FD", num, 1);
		execvp(prog[0], prog);
		die("exec program");
	}
	close(req[0]);
	close(req[1]);
	close(rsp[0]);
	close(rsp[1]);
	close(ready[1]);
	close(go[0]);
	if (read(ready[0], &byte, 1) == 1 && map_ids(test, "uid_map") &&
	    map_ids(test, "gid_map") && write(go[1], "", 1) != 1)
		perror("user namespace");
	close(ready[0]);
	close(go[1]);
	while (waitpid(test, &status, 0) < 0 && errno == EINTR)
		;
	while (waitpid(node, NULL, 0) < 0 && errno == EINTR)
		;
	if (!keep) {
		snprintf(path, sizeof(path), "rm -rf '%s'", dir);
		if (system(path))
			fprintf(stderr, "cannot remove %s\n", dir);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
usage:
	fprintf(stderr,
		"usage: %s [-k] -s SERVER.mjs [server args] -- PROGRAM [args]\n",
		argv[0]);
	return 127;
}

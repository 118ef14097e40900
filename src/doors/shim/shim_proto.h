/* Wire protocol between the LD_PRELOAD shim and an external iommufd engine.
 * Everything is little endian, fixed layout, no padding surprises (all fields
 * naturally aligned).  See PROTOCOL.md for the meaning. */
#ifndef SHIM_PROTO_H
#define SHIM_PROTO_H
#include <stdint.h>

#define SHIM_MAGIC_REQ 0x51444649u /* "IFDQ" */
#define SHIM_MAGIC_RSP 0x52444649u /* "IFDR" */
#define SHIM_VERSION   1

/*
 * Both pipes are packet pipes (pipe2(O_DIRECT)): one write() of at most PIPE_BUF
 * bytes is one packet and one read() returns exactly one packet. A client that
 * is killed therefore never leaves half a message behind.
 */
#define SHIM_PACKET      4096
#define SHIM_INLINE_MAX  2048 /* largest inlined user payload */

enum shim_req_type {
	SHIM_REQ_HELLO = 1,	 /* once per process image (constructor)            */
	SHIM_REQ_OPEN = 2,	 /* a0=open flags a1=mode, payload=path             */
	SHIM_REQ_IOCTL = 3,	 /* a0=cmd a1=arg a2=inline errno, payload=bytes    */
	SHIM_REQ_READ = 4,	 /* a0=buf a1=count a2=offset or -1                 */
	SHIM_REQ_WRITE = 5,	 /* a0=buf a1=count a2=offset or -1 a3=inline errno */
	SHIM_REQ_POLL = 6,	 /* a0=events                                       */
	SHIM_REQ_MMAP = 7,	 /* a0=addr a1=len a2=prot a3=flags a4=offset       */
	SHIM_REQ_CLOSE = 8,	 /* sent AFTER the real close()                     */
	SHIM_REQ_UPCALL_REPLY = 9, /* a0=result (>=0 or -errno) a1,a2=op specific    */
	SHIM_REQ_PROCFILE = 10,	 /* payload = path NUL real-content                 */
};

#define SHIM_RQ_WRITABLE 1 /* IOCTL: the inlined bytes could be written, too */

struct shim_req {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	uint32_t total_len; /* header + payload */
	uint32_t seq;
	/* task context of the caller, the external equivalent of "current" */
	uint64_t mm_cookie; /* random, regenerated in fork() children */
	int32_t pid;
	int32_t tid;
	int32_t ppid;
	uint32_t euid;
	uint64_t cap_effective;
	uint64_t rlimit_memlock;
	/* the file operated on (identity = inode of its FIFO) */
	int32_t fd;
	uint32_t flags;
	uint64_t file_dev;
	uint64_t file_ino;
	uint64_t a[6];
	/* payload follows */
};

enum shim_rsp_type {
	SHIM_RSP_FINAL = 1,
	SHIM_RSP_UPCALL = 2,
};

enum shim_upcall {
	SHIM_UP_INSTALL_FD = 1, /* a1=open flags (O_CLOEXEC), payload=FIFO path */
	SHIM_UP_CLOSE_FD = 2,	/* a1=fd                                        */
	SHIM_UP_COPY_OUT = 3,	/* a1=addr, payload=bytes: copy_to_user         */
	SHIM_UP_COPY_IN = 4,	/* a1=addr a2=len: copy_from_user               */
};

#define SHIM_F_PASSTHROUGH 1 /* FINAL of OPEN/PROCFILE: do the real thing */
#define SHIM_F_MORE	   2 /* the payload goes on in the next packet    */

#define SHIM_HELLO_PROCFILE 1 /* FINAL of HELLO, a1: engine wants PROCFILE */

struct shim_rsp {
	uint32_t magic;
	uint16_t version;
	uint16_t type;
	uint32_t total_len;
	uint32_t seq;
	int64_t ret;	/* FINAL: >= 0 or -errno.  UPCALL: the upcall number */
	uint32_t flags;
	uint32_t reserved;
	uint64_t a[4];	/* FINAL: a0 = user address the payload is copied to */
	/* payload follows */
};

_Static_assert(sizeof(struct shim_req) == 128, "shim_req layout");
_Static_assert(sizeof(struct shim_rsp) == 64, "shim_rsp layout");
#endif

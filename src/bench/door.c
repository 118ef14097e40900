/*
 * What one ioctl through the door costs.
 *
 *   door          IOAS_ALLOC and DESTROY, over and over, on /dev/iommu (run behind the door)
 *   door pipes    the same number of packets of the same size there and back between two C processes: what bounds it
 *
 * Prints round trips per second of wall-clock time.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 20000
#define REQUEST (128 + 12)
#define RESPONSE 64

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static int ioctls(void)
{
	struct { uint32_t size, flags, id; } alloc = { 12, 0, 0 };
	struct { uint32_t size, id; } destroy = { 8, 0 };
	int fd = open("/dev/iommu", O_RDWR), i;

	for (i = 0; fd >= 0 && i < ROUNDS / 2; i++) {
		if (ioctl(fd, 0x3b81, &alloc))
			return -1;
		destroy.id = alloc.id;
		if (ioctl(fd, 0x3b80, &destroy))
			return -1;
	}
	return fd < 0 ? -1 : 0;
}

static int pipes(void)
{
	char packet[REQUEST] = "";
	int there[2], back[2], i;

	if (pipe2(there, O_DIRECT) || pipe2(back, O_DIRECT))
		return -1;
	if (fork() == 0) {
		close(there[1]);
		while (read(there[0], packet, sizeof(packet)) > 0)
			if (write(back[1], packet, RESPONSE) != RESPONSE)
				break;
		_exit(0);
	}
	for (i = 0; i < ROUNDS; i++)
		if (write(there[1], packet, REQUEST) != REQUEST || read(back[0], packet, RESPONSE) != RESPONSE)
			return -1;
	return 0;
}

int main(int argc, char **argv)
{
	double start;

	(void)argv;
	start = now();
	if (argc > 1 ? pipes() : ioctls()) {
		perror("door");
		return 1;
	}
	printf("%.0f\n", ROUNDS / (now() - start));
	return 0;
}

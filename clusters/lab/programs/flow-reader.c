/*
 * Reads the lab's perf events as Cilium's agent reads its own: one buffer of 64 pages per CPU and map. Writes fixed
 * records to stdout; what a full buffer lost is a record too. Ends when stdin or stdout does.
 *
 *   flow-reader PINNED_MAP...       prints nothing but records, the first of them empty once all buffers are open; for each
 *                                   byte on stdin another one, after all that was in the buffers by then
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/epoll.h>

#define PAGES 64
#define MAX_MAPS 16
#define NOTIFICATION_BYTES 64 /* struct notification of ../bpf/types.h */
#define ETHERNET_BYTES 12     /* both addresses */
#define BATCH 512
#define POLL_MS 1000

enum kind { READY, EVENT, LOST };

struct record {
	uint8_t kind;
	uint8_t map; /* which of the arguments */
	uint16_t cpu;
	uint32_t lost;
	uint8_t notification[NOTIFICATION_BYTES];
	uint8_t ethernet[ETHERNET_BYTES];
	uint8_t pad[4];
};

static struct record batch[BATCH];
static int waiting;

static void flush(void)
{
	const char *from = (const char *)batch;
	size_t left = waiting * sizeof(batch[0]);

	while (left > 0) {
		ssize_t written = write(STDOUT_FILENO, from, left);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			exit(0); /* nobody reads any more */
		from += written;
		left -= written;
	}
	waiting = 0;
}

static struct record *next(enum kind kind, uintptr_t map, int cpu)
{
	struct record *record;

	if (waiting == BATCH)
		flush();
	record = &batch[waiting++];
	memset(record, 0, sizeof(*record));
	record->kind = kind;
	record->map = map;
	record->cpu = cpu;
	return record;
}

static void on_event(void *map, int cpu, void *data, uint32_t size)
{
	struct record *record;

	if (size < NOTIFICATION_BYTES)
		return;
	record = next(EVENT, (uintptr_t)map, cpu);
	memcpy(record->notification, data, NOTIFICATION_BYTES);
	if (size >= NOTIFICATION_BYTES + ETHERNET_BYTES)
		memcpy(record->ethernet, (char *)data + NOTIFICATION_BYTES, ETHERNET_BYTES);
}

static void on_lost(void *map, int cpu, unsigned long long count)
{
	next(LOST, (uintptr_t)map, cpu)->lost = count > UINT32_MAX ? UINT32_MAX : count;
}

/* Somebody wants to know that nothing is left in the buffers. */
static void answer(struct perf_buffer **buffers, int maps)
{
	char asked[64];
	ssize_t count = read(STDIN_FILENO, asked, sizeof(asked));

	if (count == 0)
		exit(0);
	for (int i = 0; i < maps; i++)
		perf_buffer__consume(buffers[i]);
	while (count-- > 0)
		next(READY, 0, 0);
}

int main(int argc, char **argv)
{
	static struct perf_buffer *buffers[MAX_MAPS];
	int epoll = epoll_create1(0);
	int maps = argc - 1;

	if (maps < 1 || maps > MAX_MAPS) {
		fprintf(stderr, "flow-reader PINNED_MAP... (at most %d)\n", MAX_MAPS);
		return 2;
	}
	for (int i = 0; i < maps; i++) {
		int fd = bpf_obj_get(argv[i + 1]);
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

		buffers[i] = fd < 0 ? NULL : perf_buffer__new(fd, PAGES, on_event, on_lost, (void *)(uintptr_t)i, NULL);
		if (!buffers[i] || epoll_ctl(epoll, EPOLL_CTL_ADD, perf_buffer__epoll_fd(buffers[i]), &event) < 0) {
			fprintf(stderr, "%s: %s\n", argv[i + 1], strerror(errno));
			return 1;
		}
	}
	struct epoll_event asked = { .events = EPOLLIN, .data.u32 = MAX_MAPS };

	if (epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &asked) < 0) {
		fprintf(stderr, "stdin: %s\n", strerror(errno));
		return 1;
	}
	next(READY, 0, 0);
	flush();
	for (;;) {
		struct epoll_event ready[MAX_MAPS + 1];
		int count = epoll_wait(epoll, ready, MAX_MAPS + 1, POLL_MS);

		for (int i = 0; i < count; i++) {
			if (ready[i].data.u32 == MAX_MAPS)
				answer(buffers, maps);
			else
				perf_buffer__consume(buffers[ready[i].data.u32]);
		}
		flush();
	}
}

/*
 * An HTTP/1.1 server that holds each request for a drawn time, kept to about a microsecond by polling, and writes down
 * how long it really held each: the truth that a generator is compared with. One thread, loopback only.
 *
 *   truth-server lognormal MEDIAN_NS SIGMA     each request its own delay
 *   truth-server stall EVERY_NS STALL_NS       requests wait until the stall is over
 *
 * Prints its port. A line on stdin makes it print its record, sorted, one number (ns) a line, then an empty line.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 4096
#define MAX_RECORDS 4000000
#define BODY_BYTES 1024

static int64_t read_at[MAX_CONNECTIONS]; /* 0: nothing to answer */
static int64_t due_at[MAX_CONNECTIONS];
static int held[MAX_CONNECTIONS], held_count;
static int64_t records[MAX_RECORDS];
static int record_count;
static char reply[BODY_BYTES + 256];
static int reply_bytes;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static double uniform(void)
{
	static uint64_t x = 0x9e3779b97f4a7c15ULL;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return ((x >> 11) + 1) / 9007199254740993.0;
}

static double normal(void)
{
	return sqrt(-2 * log(uniform())) * cos(2 * M_PI * uniform());
}

static int by_size(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

static void print_record(void)
{
	qsort(records, record_count, sizeof(records[0]), by_size);
	for (int i = 0; i < record_count; i++)
		printf("%lld\n", (long long)records[i]);
	printf("\n");
	fflush(stdout);
	record_count = 0;
}

static void answer(int fd)
{
	if (write(fd, reply, reply_bytes) == reply_bytes && record_count < MAX_RECORDS)
		records[record_count++] = now_ns() - read_at[fd];
	read_at[fd] = 0;
}

static void answer_due(void)
{
	for (int i = 0; i < held_count;) {
		int fd = held[i];

		if (due_at[fd] > now_ns()) {
			i++;
			continue;
		}
		answer(fd);
		held[i] = held[--held_count];
	}
}

int main(int argc, char **argv)
{
	int lognormal = argc > 3 && strcmp(argv[1], "lognormal") == 0;
	double first = argc > 3 ? atof(argv[2]) : 0, second = argc > 3 ? atof(argv[3]) : 0;
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0), one = 1;
	struct epoll_event event = { .events = EPOLLIN }, ready[64];
	int64_t origin = now_ns();
	char buffer[4096];

	if (argc < 4 || bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1024))
		return 1;
	getsockname(listener, (struct sockaddr *)&address, &length);
	reply_bytes = sprintf(reply, "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n", BODY_BYTES);
	memset(reply + reply_bytes, 'x', BODY_BYTES);
	reply_bytes += BODY_BYTES;
	event.data.fd = listener;
	epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
	event.data.fd = 0;
	epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);

	for (;;) {
		int count = epoll_wait(epoll, ready, 64, 0);

		for (int i = 0; i < count; i++) {
			int fd = ready[i].data.fd;
			int64_t bytes;

			if (fd == listener) {
				int connection = accept4(listener, NULL, NULL, SOCK_NONBLOCK);

				if (connection < 0 || connection >= MAX_CONNECTIONS)
					continue;
				setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
				event.data.fd = connection;
				epoll_ctl(epoll, EPOLL_CTL_ADD, connection, &event);
				continue;
			}
			bytes = read(fd, buffer, sizeof(buffer));
			if (fd == 0) {
				if (bytes <= 0)
					return 0;
				print_record();
				continue;
			}
			if (bytes <= 0) {
				close(fd);
				continue;
			}
			read_at[fd] = now_ns();
			if (lognormal) {
				due_at[fd] = read_at[fd] + first * exp(second * normal());
			} else {
				int64_t phase = (read_at[fd] - origin) % (int64_t)first;

				due_at[fd] = read_at[fd] + (phase < second ? second - phase : 0);
			}
			held[held_count++] = fd;
		}
		answer_due();
	}
}

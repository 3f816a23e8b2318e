/*
 * A server that holds each request for a drawn time, kept to about a microsecond by polling, and writes down how long
 * it really held each: the truth that a generator is compared with. One thread, one CPU busy; loopback only.
 *
 *   truth-server http|grpc null                                   answers at once
 *   truth-server http|grpc lognormal MEDIAN_NS SIGMA              each request its own delay
 *   truth-server http|grpc bimodal FAST_NS SLOW_NS SLOW_SHARE
 *   truth-server http|grpc stall EVERY_NS STALL_NS                requests wait until the stall is over
 *
 * Prints its port. A line on stdin makes it print its record, sorted, one number (ns) a line, then a "." line.
 * gRPC: just enough of HTTP/2 (RFC 9113) for one unary method; request headers are not decoded.
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
#define MAX_HELD 65536
#define MAX_RECORDS 4000000
#define BODY_BYTES 1024
#define BUFFER_BYTES 65536

enum frame { DATA = 0, HEADERS = 1, SETTINGS = 4, PING = 6, WINDOW_UPDATE = 8 };
enum flag { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

struct connection {
	uint8_t buffer[BUFFER_BYTES];
	int filled, greeted, unacknowledged;
	int64_t window;
};

struct held {
	int fd;
	uint32_t stream;
	int64_t read_at, due_at;
};

static struct connection *connections[MAX_CONNECTIONS];
static struct held held[MAX_HELD];
static int held_count;
static int64_t records[MAX_RECORDS];
static int record_count;
static char http_reply[BODY_BYTES + 256];
static int http_reply_bytes;
static int is_grpc;
static const char *kind;
static double numbers[3];
static int64_t origin;

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

static int64_t delay_of(int64_t read_at)
{
	if (strcmp(kind, "lognormal") == 0)
		return numbers[0] * exp(numbers[1] * normal());
	if (strcmp(kind, "bimodal") == 0)
		return uniform() < numbers[2] ? numbers[1] : numbers[0];
	if (strcmp(kind, "stall") == 0) {
		int64_t phase = (read_at - origin) % (int64_t)numbers[0];

		return phase < numbers[1] ? numbers[1] - phase : 0;
	}
	return 0;
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
	printf(".\n");
	fflush(stdout);
	record_count = 0;
}

static int put_frame(uint8_t *at, uint32_t length, int type, int flags, uint32_t stream, const void *payload)
{
	uint8_t head[9] = { length >> 16, length >> 8, length, type, flags, stream >> 24, stream >> 16, stream >> 8, stream };

	memcpy(at, head, 9);
	if (length)
		memcpy(at + 9, payload, length);
	return 9 + length;
}

/* :status 200 and content-type, the message, and grpc-status 0 as trailers; headers as HPACK literals (RFC 7541). */
static int grpc_reply(uint8_t *reply, uint32_t stream)
{
	static const uint8_t headers[] = "\x88\x0f\x10\x10" "application/grpc";
	static const uint8_t trailers[] = "\x00\x0bgrpc-status\x01" "0";
	static uint8_t message[5 + 3 + BODY_BYTES];
	int bytes = 0;

	message[3] = (BODY_BYTES + 3) >> 8;
	message[4] = (BODY_BYTES + 3) & 0xff;
	message[5] = 0x0a; /* field 1, bytes */
	message[6] = 0x80 | (BODY_BYTES & 0x7f);
	message[7] = BODY_BYTES >> 7;
	memset(message + 8, 'x', BODY_BYTES);
	bytes += put_frame(reply + bytes, sizeof(headers) - 1, HEADERS, END_HEADERS, stream, headers);
	bytes += put_frame(reply + bytes, sizeof(message), DATA, 0, stream, message);
	bytes += put_frame(reply + bytes, sizeof(trailers) - 1, HEADERS, END_HEADERS | END_STREAM, stream, trailers);
	return bytes;
}

/* Returns 0 when the client's window has no room yet. */
static int answer(struct held *request)
{
	uint8_t buffer[BODY_BYTES + 256];
	const void *reply = http_reply;
	int bytes = http_reply_bytes;

	if (is_grpc) {
		struct connection *connection = connections[request->fd];

		if (connection && connection->window < BODY_BYTES + 8)
			return 0;
		if (connection)
			connection->window -= BODY_BYTES + 8;
		reply = buffer;
		bytes = grpc_reply(buffer, request->stream);
	}
	if (write(request->fd, reply, bytes) == bytes && record_count < MAX_RECORDS)
		records[record_count++] = now_ns() - request->read_at;
	return 1;
}

static void hold(int fd, uint32_t stream)
{
	int64_t read_at = now_ns();
	struct held request = { fd, stream, read_at, read_at + delay_of(read_at) };

	if (request.due_at == read_at && answer(&request))
		return;
	if (held_count < MAX_HELD)
		held[held_count++] = request;
}

static void answer_due(void)
{
	for (int i = 0; i < held_count;) {
		if (held[i].due_at > now_ns() || !answer(&held[i]))
			i++;
		else
			held[i] = held[--held_count];
	}
}

static uint32_t big_endian(const uint8_t *at)
{
	return (uint32_t)at[0] << 24 | at[1] << 16 | at[2] << 8 | at[3];
}

static void read_frame(int fd, struct connection *connection, const uint8_t *frame, uint32_t length)
{
	int type = frame[3], flags = frame[4];
	uint32_t stream = big_endian(frame + 5) & 0x7fffffff;
	uint8_t out[64];

	if (type == SETTINGS && !(flags & ACK)) {
		(void)!write(fd, out, put_frame(out, 0, SETTINGS, ACK, 0, NULL));
	} else if (type == PING && !(flags & ACK) && length == 8) {
		(void)!write(fd, out, put_frame(out, 8, PING, ACK, 0, frame + 9));
	} else if (type == WINDOW_UPDATE && stream == 0) {
		connection->window += big_endian(frame + 9) & 0x7fffffff;
	} else if (type == DATA) {
		connection->unacknowledged += length;
		if (connection->unacknowledged > 16384) {
			uint32_t credit = htonl(connection->unacknowledged);

			(void)!write(fd, out, put_frame(out, 4, WINDOW_UPDATE, 0, 0, &credit));
			connection->unacknowledged = 0;
		}
	}
	if ((type == HEADERS || type == DATA) && (flags & END_STREAM))
		hold(fd, stream);
}

static void read_grpc(int fd, struct connection *connection)
{
	static const int preface_bytes = 24;
	int used = 0;

	if (!connection->greeted) {
		uint8_t out[16];

		if (connection->filled < preface_bytes)
			return;
		(void)!write(fd, out, put_frame(out, 0, SETTINGS, 0, 0, NULL));
		connection->greeted = 1;
		used = preface_bytes;
	}
	while (connection->filled - used >= 9) {
		uint8_t *frame = connection->buffer + used;
		uint32_t length = frame[0] << 16 | frame[1] << 8 | frame[2];

		if (connection->filled - used < (int)(9 + length))
			break;
		read_frame(fd, connection, frame, length);
		used += 9 + length;
	}
	memmove(connection->buffer, connection->buffer + used, connection->filled - used);
	connection->filled -= used;
}

/* One request ends with an empty line; whatever came before it was one request. */
static void read_http(int fd, struct connection *connection)
{
	if (connection->filled < 4 || memcmp(connection->buffer + connection->filled - 4, "\r\n\r\n", 4) != 0)
		return;
	connection->filled = 0;
	hold(fd, 0);
}

static void accept_connection(int listener, int epoll)
{
	int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK), one = 1;
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	if (fd < 0)
		return;
	if (fd >= MAX_CONNECTIONS) {
		close(fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	connections[fd] = calloc(1, sizeof(struct connection));
	connections[fd]->window = 65535;
	epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void close_connection(int fd)
{
	close(fd);
	free(connections[fd]);
	connections[fd] = NULL;
	for (int i = 0; i < held_count;) {
		if (held[i].fd == fd)
			held[i] = held[--held_count];
		else
			i++;
	}
}

static void read_from(int fd)
{
	struct connection *connection = connections[fd];
	int64_t bytes = read(fd, connection->buffer + connection->filled, BUFFER_BYTES - connection->filled);

	if (bytes <= 0) {
		close_connection(fd);
		return;
	}
	connection->filled += bytes;
	if (is_grpc)
		read_grpc(fd, connection);
	else
		read_http(fd, connection);
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t length = sizeof(address);
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN }, ready[64];

	if (argc < 3 || bind(listener, (struct sockaddr *)&address, sizeof(address)) || listen(listener, 1024))
		return 1;
	is_grpc = strcmp(argv[1], "grpc") == 0;
	kind = argv[2];
	for (int i = 0; i < 3 && i + 3 < argc; i++)
		numbers[i] = atof(argv[i + 3]);
	origin = now_ns();
	getsockname(listener, (struct sockaddr *)&address, &length);
	http_reply_bytes = sprintf(http_reply, "HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n", BODY_BYTES);
	memset(http_reply + http_reply_bytes, 'x', BODY_BYTES);
	http_reply_bytes += BODY_BYTES;
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
			char line[256];

			if (fd == listener) {
				accept_connection(listener, epoll);
			} else if (fd == 0) {
				if (read(0, line, sizeof(line)) <= 0)
					return 0;
				print_record();
			} else if (connections[fd]) {
				read_from(fd);
			}
			answer_due();
		}
		answer_due();
	}
}

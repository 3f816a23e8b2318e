/*
 * How often and for how long does this machine stand still? On every CPU a real-time thread sleeps until a time that
 * is 0.5 ms ahead and notes each wake-up that comes more than 150 us late. It outranks whatever is measured, so what
 * it sees is the hypervisor's, the interrupts' or another real-time task's doing, never the load's.
 *
 * Prints "fifo" or, without the right to real-time priority, "other". Then, for each line on stdin, the stalls since
 * the last one as "CPU DUE_NS WOKEN_NS" (CLOCK_MONOTONIC) and a "." line; where there were more than it keeps, the rest of the time is one.
 * Ends with its stdin.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_NS 500000
#define LATE_NS 150000
#define MAX_STALLS 200000
#define MAX_CPUS 1024

struct stall {
	int cpu;
	int64_t due, woken;
};

static struct stall stalls[MAX_STALLS];
static int stall_count;
static struct stall first_not_kept;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *watch(void *argument)
{
	int cpu = (int)(intptr_t)argument;

	for (;;) {
		int64_t due = now_ns() + PERIOD_NS, woken;
		struct timespec until = { due / 1000000000, due % 1000000000 };

		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
		woken = now_ns();
		if (woken - due < LATE_NS)
			continue;
		pthread_mutex_lock(&lock);
		if (stall_count < MAX_STALLS)
			stalls[stall_count++] = (struct stall){ cpu, due, woken };
		else if (first_not_kept.due == 0)
			first_not_kept = (struct stall){ cpu, due, woken };
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void print_stalls(void)
{
	static struct stall taken[MAX_STALLS];
	struct stall rest;
	int count;

	pthread_mutex_lock(&lock);
	count = stall_count;
	for (int i = 0; i < count; i++)
		taken[i] = stalls[i];
	stall_count = 0;
	rest = first_not_kept;
	first_not_kept.due = 0;
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < count; i++)
		printf("%d %lld %lld\n", taken[i].cpu, (long long)taken[i].due, (long long)taken[i].woken);
	if (rest.due != 0)
		printf("%d %lld %lld\n", rest.cpu, (long long)rest.due, (long long)now_ns());
	printf(".\n");
	fflush(stdout);
}

int main(void)
{
	struct sched_param priority = { .sched_priority = 50 };
	char line[256];
	cpu_set_t allowed;
	int fifo = 1;

	mlockall(MCL_CURRENT);
	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < MAX_CPUS && cpu < CPU_SETSIZE; cpu++) {
		pthread_t thread;
		cpu_set_t own;

		if (!CPU_ISSET(cpu, &allowed))
			continue;
		if (pthread_create(&thread, NULL, watch, (void *)(intptr_t)cpu))
			return 1;
		CPU_ZERO(&own);
		CPU_SET(cpu, &own);
		pthread_setaffinity_np(thread, sizeof(own), &own);
		if (pthread_setschedparam(thread, SCHED_FIFO, &priority))
			fifo = 0;
	}
	puts(fifo ? "fifo" : "other");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin))
		print_stalls();
	return 0;
}

/*
 * What does the whole machine really use? On every CPU a thread of idle priority does nothing but read the clock. Each
 * jump of more than half a microsecond between two readings is time that something else took: a task, an interrupt,
 * softirq work, the hypervisor. The kernel's own accounting samples with the tick and charges softirq work to whoever
 * it interrupted, or on an idle CPU to nobody; this sees it all.
 *
 * Part of a jump is charged by the kernel to the soaking thread itself: interrupts, and the hypervisor, of which the
 * kernel knows nothing. Interrupts are short; what is longer than a tenth of a millisecond is the hypervisor's and told
 * apart as stolen.
 *
 * Prints "ready". A line "start" makes the threads run (answered by "."); a line "stop" makes them sleep and prints
 * "CPU WALL_NS TAKEN_NS OWN_NS STOLEN_NS" for each CPU and a "." line; OWN_NS is what the kernel charged to the thread. Ends with its stdin.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define JUMP_NS 500
#define STOLEN_NS 100000
#define MAX_CPUS 1024

struct soaker {
	int cpu;
	int64_t wall, taken, own, stolen;
};

static struct soaker soakers[MAX_CPUS];
static int soaker_count;
static atomic_int on;
static int running, generation;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;

static int64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void *soak(void *argument)
{
	struct soaker *self = argument;
	int seen = 0;

	for (;;) {
		int64_t begun, last, own, charged, jump_end, taken = 0, stolen = 0;

		pthread_mutex_lock(&lock);
		while (generation == seen)
			pthread_cond_wait(&changed, &lock);
		seen = generation;
		pthread_mutex_unlock(&lock);

		own = charged = clock_ns(CLOCK_THREAD_CPUTIME_ID);
		begun = last = jump_end = clock_ns(CLOCK_MONOTONIC);
		while (atomic_load_explicit(&on, memory_order_relaxed)) {
			int64_t now = clock_ns(CLOCK_MONOTONIC);

			if (now - last > JUMP_NS) {
				int64_t jump = now - last, thread = clock_ns(CLOCK_THREAD_CPUTIME_ID);
				/* Since the last jump the thread ran all the time; so much of this one was charged to it. */
				int64_t self = jump - ((now - jump_end) - (thread - charged));

				if (self > STOLEN_NS) {
					stolen += self;
					jump -= self;
				}
				taken += jump;
				charged = thread;
				jump_end = now;
				/* Reading that clock is a system call: where it takes longer than a jump it must not look like the next one. */
				last = clock_ns(CLOCK_MONOTONIC);
				continue;
			}
			last = now;
		}
		pthread_mutex_lock(&lock);
		self->wall = last - begun;
		self->taken = taken;
		self->stolen = stolen;
		self->own = clock_ns(CLOCK_THREAD_CPUTIME_ID) - own;
		running--;
		pthread_cond_broadcast(&changed);
		pthread_mutex_unlock(&lock);
	}
	return NULL;
}

static void start(void)
{
	pthread_mutex_lock(&lock);
	atomic_store(&on, 1);
	running = soaker_count;
	generation++;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static void stop(void)
{
	atomic_store(&on, 0);
	pthread_mutex_lock(&lock);
	while (running > 0)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	for (int i = 0; i < soaker_count; i++)
		printf("%d %lld %lld %lld %lld\n", soakers[i].cpu, (long long)soakers[i].wall, (long long)soakers[i].taken,
		       (long long)soakers[i].own, (long long)soakers[i].stolen);
}

int main(void)
{
	struct sched_param none = { 0 };
	char line[256];
	cpu_set_t allowed;

	sched_getaffinity(0, sizeof(allowed), &allowed);
	for (int cpu = 0; cpu < MAX_CPUS && cpu < CPU_SETSIZE; cpu++) {
		pthread_t thread;
		cpu_set_t own;

		if (!CPU_ISSET(cpu, &allowed))
			continue;
		soakers[soaker_count].cpu = cpu;
		if (pthread_create(&thread, NULL, soak, &soakers[soaker_count++]))
			return 1;
		CPU_ZERO(&own);
		CPU_SET(cpu, &own);
		pthread_setaffinity_np(thread, sizeof(own), &own);
		/* Never without: at ordinary priority it would take the CPU away from what is measured. */
		if (pthread_setschedparam(thread, SCHED_IDLE, &none))
			return 2;
	}
	puts("ready");
	fflush(stdout);
	while (fgets(line, sizeof(line), stdin)) {
		if (strncmp(line, "start", 5) == 0 && !atomic_load(&on))
			start();
		else if (strncmp(line, "stop", 4) == 0 && atomic_load(&on))
			stop();
		puts(".");
		fflush(stdout);
	}
	return 0;
}

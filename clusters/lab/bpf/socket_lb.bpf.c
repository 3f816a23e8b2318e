/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Service load balancing at the socket, as Cilium's bpf_sock.c does it: connect() and sendmsg() to a service address
 * are rewritten to a backend once, and getpeername() and recvmsg() translate back. No packet is rewritten later.
 */
#include <linux/in.h>
#include "types.h"

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct service_key);
	__type(value, struct service_entry);
} lb_services SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct backend);
} lb_backends SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct reverse_key);
	__type(value, struct reverse_entry);
} lb_reverse SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LB_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} lb_proof SEC(".maps");

/* Key 0: 1 when somebody reads the events. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} lb_config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} lb_events SEC(".maps");

/* Where a socket's address is before and after translation (Cilium's bpf/lib/trace_sock.h). */
static __always_inline void trace_socket(struct bpf_sock_addr *ctx, enum socket_point point)
{
	__u32 zero = 0;
	__u32 *wanted = bpf_map_lookup_elem(&lb_config, &zero);
	struct notification event = { .type = EVENT_SOCKET, .sub_type = point };

	if (!wanted || !*wanted)
		return;
	event.time_ns = bpf_ktime_get_ns();
	event.cookie = bpf_get_socket_cookie(ctx);
	event.cgroup_id = bpf_get_current_cgroup_id();
	event.daddr = ctx->user_ip4;
	event.dport = (__u16)ctx->user_port;
	event.protocol = ctx->protocol;
	bpf_perf_event_output(ctx, &lb_events, BPF_F_CURRENT_CPU, &event, sizeof(event));
}

static __always_inline void count(__u32 slot)
{
	__u64 *value = bpf_map_lookup_elem(&lb_proof, &slot);

	if (value)
		*value += 1;
}

static __always_inline int translate(struct bpf_sock_addr *ctx)
{
	struct service_key key = {
		.vip = ctx->user_ip4,
		.port = (__u16)ctx->user_port,
		.protocol = ctx->protocol,
	};
	struct service_entry *service = bpf_map_lookup_elem(&lb_services, &key);
	struct reverse_key reverse = {};
	struct reverse_entry original = { .vip = ctx->user_ip4, .port = ctx->user_port };
	struct backend *backend;
	__u32 backend_id;

	if (!service)
		return 1;
	trace_socket(ctx, SOCKET_PRE_FORWARD);
	if (!service->count) {
		count(LB_NO_BACKEND);
		return 0; /* connect() fails with EPERM */
	}
	key.slot = bpf_get_prandom_u32() % service->count + 1;
	service = bpf_map_lookup_elem(&lb_services, &key);
	if (!service)
		return 0;
	backend_id = service->backend_id;
	backend = bpf_map_lookup_elem(&lb_backends, &backend_id);
	if (!backend)
		return 0;

	reverse.cookie = bpf_get_socket_cookie(ctx);
	reverse.addr = backend->addr;
	reverse.port = backend->port;
	bpf_map_update_elem(&lb_reverse, &reverse, &original, BPF_ANY);
	ctx->user_ip4 = backend->addr;
	ctx->user_port = backend->port;
	trace_socket(ctx, SOCKET_POST_FORWARD);
	count(LB_TRANSLATED);
	return 1;
}

static __always_inline int translate_back(struct bpf_sock_addr *ctx)
{
	struct reverse_key key = { .addr = ctx->user_ip4, .port = (__u16)ctx->user_port };
	struct reverse_entry *original;

	key.cookie = bpf_get_socket_cookie(ctx);
	original = bpf_map_lookup_elem(&lb_reverse, &key);
	if (original) {
		trace_socket(ctx, SOCKET_PRE_REVERSE);
		ctx->user_ip4 = original->vip;
		ctx->user_port = original->port;
		trace_socket(ctx, SOCKET_POST_REVERSE);
		count(LB_REVERSED);
	}
	return 1;
}

SEC("cgroup/connect4")
int sock4_connect(struct bpf_sock_addr *ctx)
{
	return translate(ctx);
}

SEC("cgroup/sendmsg4")
int sock4_sendmsg(struct bpf_sock_addr *ctx)
{
	return translate(ctx);
}

SEC("cgroup/recvmsg4")
int sock4_recvmsg(struct bpf_sock_addr *ctx)
{
	return translate_back(ctx);
}

SEC("cgroup/getpeername4")
int sock4_getpeername(struct bpf_sock_addr *ctx)
{
	return translate_back(ctx);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Maps of one node. Kinds and lookups follow Cilium's: LRU conntrack, LPM ipcache and policy, per-CPU metrics, perf events. */
#pragma once
#include "types.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 65536);
	__type(key, struct tuple4);
	__type(value, struct ct_entry);
} conntrack SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct ipcache_key);
	__type(value, __u32);
} ipcache SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(max_entries, 16384);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct policy_key);
	__type(value, struct policy_entry);
} policy SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct endpoint_info);
} endpoints SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 256);
	__type(key, struct metrics_key);
	__type(value, struct counter);
} metrics SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, PROOF_SLOTS);
	__type(key, __u32);
	__type(value, __u64);
} proof SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct node_config);
} config SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERF_EVENT_ARRAY);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(__u32));
} events SEC(".maps");

static __always_inline void count_proof(__u32 slot, __u64 amount)
{
	__u64 *value = bpf_map_lookup_elem(&proof, &slot);

	if (value)
		*value += amount;
}

static __always_inline void count_metric(__u32 reason, __u32 direction, __u32 bytes)
{
	struct metrics_key key = { .reason = reason, .direction = direction };
	struct counter *entry = bpf_map_lookup_elem(&metrics, &key);

	if (entry) {
		entry->packets += 1;
		entry->bytes += bytes;
	} else {
		struct counter first = { .packets = 1, .bytes = bytes };

		bpf_map_update_elem(&metrics, &key, &first, BPF_ANY);
	}
}

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Keys and values shared by the lab's eBPF programs and by the loader (src/clusters/lab/ebpf/encode.ts).
 * Addresses and ports are in network byte order, as in the packet. Change both sides together.
 */
#pragma once
#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#define DIRECTION_EGRESS 0
#define DIRECTION_INGRESS 1

#define IDENTITY_WORLD 2 /* Cilium's reserved identity for addresses the ipcache does not know */

/* Numbers of Cilium's flow.DropReason, so that a later reader needs no table of its own. */
#define REASON_FORWARDED 0
#define REASON_POLICY_DENIED 133
#define REASON_INVALID_PACKET 134
#define REASON_FIB_FAILED 169

struct tuple4 {
	__u32 saddr;
	__u32 daddr;
	__u16 sport;
	__u16 dport;
	__u8 protocol;
	__u8 direction; /* of the lookup: the same packet has an egress and an ingress entry on one node */
	__u16 pad;
};

struct ct_entry {
	__u64 packets;
	__u64 bytes;
	__u64 last_report_ns; /* when an event was last emitted: the 5 s aggregation interval */
	__u32 next_seq;	      /* next expected TCP sequence number of the forward direction */
	__u32 frame_rest;     /* HTTP/2: payload bytes of the current frame still to come */
	__u8 flags_forward;   /* TCP flags seen so far: an unseen one is worth an event */
	__u8 flags_reply;
	__u8 http2;
	__u8 pad[5];
};

struct ipcache_key {
	__u32 prefix_bits;
	__u32 addr;
};

struct policy_key {
	__u32 prefix_bits;
	__u32 endpoint;
	__u32 identity;
	__u8 direction;
	__u8 protocol;
	__u16 dport;
};

struct policy_entry {
	__u64 packets;
	__u64 bytes;
	__u8 deny;
	__u8 pad[7];
};

struct endpoint_info {
	__u32 ifindex; /* node-side veth of the pod */
	__u32 id;
	__u32 identity;
	__u8 pod_mac[6];
	__u8 node_mac[6];
};

struct metrics_key {
	__u32 reason;
	__u32 direction;
};

struct counter {
	__u64 packets;
	__u64 bytes;
};

/* What the programs counted, one slot per counter; read by the verify check and by the report. */
enum proof_slot {
	PROOF_REQUESTS_EGRESS,	/* requests seen leaving a client pod of this node */
	PROOF_REQUESTS_INGRESS, /* requests seen entering a server pod of this node */
	PROOF_UNCERTAIN,	/* segments whose requests could not be counted exactly */
	PROOF_EVENTS,		/* perf events handed to the buffer */
	PROOF_EVENTS_LOST,	/* perf events that found no reader or no room */
	PROOF_SLOTS
};

/* Cilium's monitor aggregation (pkg/option/monitor.go): what is not worth an event. */
enum aggregation {
	AGGREGATE_NONE,		/* every packet, where it is received and where it is sent */
	AGGREGATE_RECEIVED,	/* "lowest" and "low": every packet, where it is sent */
	AGGREGATE_CONNECTIONS = 3, /* "medium" and "maximum": new connection, new TCP flag, every 5 s */
};

struct node_config {
	__u32 count_requests; /* 1: parse request boundaries, so that the path can be proven request by request */
	__u32 emit_events;
	__u32 aggregation;
	__u32 pad;
};

/* Cilium's message types (pkg/monitor/api), as Hubble's event_type.type shows them. */
enum event_type { EVENT_DROP = 1, EVENT_TRACE = 4, EVENT_POLICY_VERDICT = 5, EVENT_SOCKET = 7 };

/* Cilium's trace points (bpf/lib/trace.h), as Hubble's event_type.sub_type shows them. */
enum trace_point { TO_ENDPOINT = 0, FROM_ENDPOINT = 5, FROM_NETWORK = 10, TO_NETWORK = 11 };

/* Hubble's SocketTranslationPoint. */
enum socket_point { SOCKET_PRE_FORWARD = 1, SOCKET_POST_FORWARD, SOCKET_PRE_REVERSE, SOCKET_POST_REVERSE };

enum ct_state { CT_NEW, CT_ESTABLISHED, CT_REPLY };

/* Followed by up to CAPTURED_BYTES of the packet, as Cilium's notifications are. Read by programs/flow-reader.c. */
#define CAPTURED_BYTES 128

struct notification {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	__u64 cookie;
	__u64 cgroup_id;
	__u32 saddr;
	__u32 daddr;
	__u16 sport;
	__u16 dport;
	__u8 protocol;
	__u8 tcp_flags;
	__u8 type;
	__u8 sub_type; /* trace point, drop reason or socket point */
	__u8 direction;
	__u8 state;  /* enum ct_state */
	__u16 match; /* of a policy verdict: what matched, 0 nothing */
	__u32 source_identity;
	__u32 destination_identity;
	__u32 bytes;
	__u32 ifindex;
	__u32 reason; /* 0 forwarded, else the drop reason */
};

struct service_key {
	__u32 vip;
	__u16 port;
	__u8 protocol;
	__u8 pad;
	__u16 slot; /* 0 holds the number of backends, 1..n one backend id each (Cilium's lb4_services_v2) */
	__u16 pad2;
};

struct service_entry {
	__u32 backend_id;
	__u16 count;
	__u16 pad;
};

struct backend {
	__u32 addr;
	__u16 port;
	__u16 pad;
};

struct reverse_key {
	__u64 cookie;
	__u32 addr;
	__u32 port; /* widened as in struct bpf_sock_addr */
};

struct reverse_entry {
	__u32 vip;
	__u32 port;
};

enum lb_slot { LB_TRANSLATED, LB_REVERSED, LB_NO_BACKEND, LB_SLOTS };

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The node's tc programs, with the cost structure of Cilium's bpf_lxc.c and bpf_host.c (facts: parse, conntrack LRU,
 * ipcache LPM, policy LPM twice, metrics, perf event when due, then redirect_peer or fib + redirect). Not Cilium.
 *
 *   from_container   ingress of a pod's node-side veth: packets leaving the pod
 *   to_container     egress of that veth: packets that the stack (not we) delivers to the pod
 *   from_netdev      ingress of the wire: packets from the other node
 */
#include "maps.h"
#include "packet.h"
#include "requests.h"

#define REPORT_INTERVAL_NS 5000000000ULL

/* Cilium's policy match types (pkg/monitor): what of the entry matched. */
#define MATCH_NONE 0
#define MATCH_L3_L4 2
#define MATCH_L4_ONLY 4

struct verdict {
	enum ct_state state;
	__u32 reason;
	__u32 report; /* conntrack asks for an event */
	__u16 match;
	__u32 source_identity;
	__u32 destination_identity;
};

static __always_inline __u32 identity_of(__u32 addr)
{
	struct ipcache_key key = { .prefix_bits = 32, .addr = addr };
	__u32 *identity = bpf_map_lookup_elem(&ipcache, &key);

	return identity ? *identity : IDENTITY_WORLD;
}

/* Two lookups, as in Cilium: the peer's identity first, then the entry for any identity. Default deny. */
static __always_inline __u16 policy_match(__u32 endpoint, __u32 identity, const struct packet *packet, __u8 direction)
{
	struct policy_key key = {
		.prefix_bits = 32 * 2 + 8 * 2 + 16, /* endpoint, identity, direction, protocol, port: a full match */
		.endpoint = endpoint,
		.identity = identity,
		.direction = direction,
		.protocol = packet->tuple.protocol,
		.dport = packet->tuple.dport,
	};
	struct policy_entry *exact = bpf_map_lookup_elem(&policy, &key);
	struct policy_entry *any;
	__u16 match = MATCH_L3_L4;

	key.identity = 0;
	any = bpf_map_lookup_elem(&policy, &key);
	if ((exact && exact->deny) || (any && any->deny))
		return MATCH_NONE;
	if (!exact) {
		exact = any;
		match = MATCH_L4_ONLY;
	}
	if (!exact)
		return MATCH_NONE;
	__sync_fetch_and_add(&exact->packets, 1);
	__sync_fetch_and_add(&exact->bytes, packet->total_bytes);
	return match;
}

/* Looked up once a packet, by the program it enters. */
static __always_inline struct node_config *node_settings(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&config, &zero);
}

static __always_inline void emit(struct __sk_buff *skb, const struct packet *packet, const struct verdict *verdict,
				 __u8 direction, __u8 type, __u8 sub_type)
{
	struct notification event = {
		.time_ns = bpf_ktime_get_ns(),
		.saddr = packet->tuple.saddr,
		.daddr = packet->tuple.daddr,
		.sport = packet->tuple.sport,
		.dport = packet->tuple.dport,
		.protocol = packet->tuple.protocol,
		.tcp_flags = packet->tcp_flags,
		.type = type,
		.sub_type = sub_type,
		.direction = direction,
		.state = verdict->state,
		.match = verdict->match,
		.source_identity = verdict->source_identity,
		.destination_identity = verdict->destination_identity,
		.bytes = packet->total_bytes,
		.ifindex = skb->ifindex,
		.reason = verdict->reason,
	};
	__u64 captured = skb->len < CAPTURED_BYTES ? skb->len : CAPTURED_BYTES;
	long failed = bpf_perf_event_output(skb, &events, captured << 32 | BPF_F_CURRENT_CPU, &event, sizeof(event));

	count_proof(failed ? PROOF_EVENTS_LOST : PROOF_EVENTS, 1);
}

/* A packet that passes: an event unless the aggregation level hides it (Cilium's emit_trace_notify). */
static __always_inline void trace(struct __sk_buff *skb, const struct node_config *settings, const struct packet *packet,
				  const struct verdict *verdict, __u8 direction, enum trace_point point)
{
	if (!settings || !settings->emit_events)
		return;
	if (settings->aggregation >= AGGREGATE_RECEIVED && (point == FROM_ENDPOINT || point == FROM_NETWORK))
		return;
	if (settings->aggregation >= AGGREGATE_CONNECTIONS && !verdict->report)
		return;
	emit(skb, packet, verdict, direction, EVENT_TRACE, point);
}

/* Cilium's aggregation "medium": a new connection, a TCP flag not seen before, or 5 s since the last report. */
static __always_inline int report_due(struct ct_entry *ct, const struct packet *packet, enum ct_state state)
{
	__u64 now = bpf_ktime_get_ns();
	__u8 *seen = state == CT_REPLY ? &ct->flags_reply : &ct->flags_forward;
	__u8 fresh = packet->tcp_flags & ~*seen;

	if (!fresh && now - ct->last_report_ns < REPORT_INTERVAL_NS)
		return 0;
	*seen |= packet->tcp_flags;
	ct->last_report_ns = now;
	return 1;
}

/* Conntrack, identities, policy, accounting and events of one packet in one direction of one endpoint. */
static __always_inline struct verdict judge(struct __sk_buff *skb, const struct node_config *settings,
					    struct packet *packet, __u32 endpoint, __u8 direction)
{
	int events = settings && settings->emit_events;
	struct verdict verdict = { .state = CT_ESTABLISHED, .reason = REASON_FORWARDED };
	struct tuple4 reply = reversed(&packet->tuple);
	struct ct_entry *ct;

	/* A connection opened from the other side has its entry under the opposite direction. */
	packet->tuple.direction = direction;
	reply.direction = !direction;
	ct = bpf_map_lookup_elem(&conntrack, &reply);
	if (ct) {
		verdict.state = CT_REPLY;
	} else {
		ct = bpf_map_lookup_elem(&conntrack, &packet->tuple);
		if (!ct)
			verdict.state = CT_NEW;
	}

	verdict.source_identity = identity_of(packet->tuple.saddr);
	verdict.destination_identity = identity_of(packet->tuple.daddr);
	if (verdict.state != CT_REPLY) {
		__u32 peer = direction == DIRECTION_EGRESS ? verdict.destination_identity : verdict.source_identity;

		verdict.match = policy_match(endpoint, peer, packet, direction);
		if (verdict.match == MATCH_NONE)
			verdict.reason = REASON_POLICY_DENIED;
		if (events && (verdict.state == CT_NEW || verdict.reason))
			emit(skb, packet, &verdict, direction, EVENT_POLICY_VERDICT, 0);
	}
	count_metric(verdict.reason, direction, packet->total_bytes);
	if (verdict.reason) {
		if (events)
			emit(skb, packet, &verdict, direction, EVENT_DROP, verdict.reason);
		return verdict;
	}

	if (!ct) {
		struct ct_entry fresh = {};

		bpf_map_update_elem(&conntrack, &packet->tuple, &fresh, BPF_ANY);
		ct = bpf_map_lookup_elem(&conntrack, &packet->tuple);
		if (!ct)
			return verdict;
	}
	ct->packets += 1;
	ct->bytes += packet->total_bytes;
	verdict.report = report_due(ct, packet, verdict.state);
	if (verdict.state != CT_REPLY && packet->tuple.protocol == IPPROTO_TCP && settings && settings->count_requests)
		count_requests(skb, packet, ct,
			       direction == DIRECTION_EGRESS ? PROOF_REQUESTS_EGRESS : PROOF_REQUESTS_INGRESS);
	return verdict;
}

static __always_inline int deliver_local(struct __sk_buff *skb, const struct endpoint_info *endpoint)
{
	if (route_hop(skb, endpoint->node_mac, endpoint->pod_mac) < 0)
		return TC_ACT_SHOT;
	return bpf_redirect_peer(endpoint->ifindex, 0);
}

static __always_inline int leave_node(struct __sk_buff *skb, const struct packet *packet)
{
	struct bpf_fib_lookup fib = {
		.family = 2 /* AF_INET */,
		.ifindex = skb->ingress_ifindex,
		.ipv4_src = packet->tuple.saddr,
		.ipv4_dst = packet->tuple.daddr,
		.l4_protocol = packet->tuple.protocol,
		.tot_len = packet->total_bytes,
	};
	long found = bpf_fib_lookup(skb, &fib, sizeof(fib), 0);

	if (found == BPF_FIB_LKUP_RET_NO_NEIGH)
		return bpf_redirect_neigh(fib.ifindex, 0, 0, 0);
	if (found != BPF_FIB_LKUP_RET_SUCCESS) {
		count_metric(REASON_FIB_FAILED, DIRECTION_EGRESS, packet->total_bytes);
		return TC_ACT_OK; /* let the stack decide */
	}
	if (route_hop(skb, fib.smac, fib.dmac) < 0)
		return TC_ACT_SHOT;
	return bpf_redirect(fib.ifindex, 0);
}

SEC("tc")
int from_container(struct __sk_buff *skb)
{
	struct packet packet = {};
	struct verdict verdict = {};
	struct node_config *settings = node_settings();
	struct endpoint_info *source, *destination;
	int parsed = parse_packet(skb, &packet);
	__u32 addr;

	if (parsed > 0)
		return TC_ACT_OK;
	if (parsed < 0) {
		count_metric(REASON_INVALID_PACKET, DIRECTION_EGRESS, skb->len);
		return TC_ACT_SHOT;
	}
	addr = packet.tuple.saddr;
	source = bpf_map_lookup_elem(&endpoints, &addr);
	if (!source) /* not this pod's address: a spoofed packet */
		return TC_ACT_SHOT;
	verdict.source_identity = source->identity;
	trace(skb, settings, &packet, &verdict, DIRECTION_EGRESS, FROM_ENDPOINT);
	verdict = judge(skb, settings, &packet, source->id, DIRECTION_EGRESS);
	if (verdict.reason)
		return TC_ACT_SHOT;

	addr = packet.tuple.daddr;
	destination = bpf_map_lookup_elem(&endpoints, &addr);
	if (!destination) {
		trace(skb, settings, &packet, &verdict, DIRECTION_EGRESS, TO_NETWORK);
		return leave_node(skb, &packet);
	}
	verdict = judge(skb, settings, &packet, destination->id, DIRECTION_INGRESS);
	if (verdict.reason)
		return TC_ACT_SHOT;
	trace(skb, settings, &packet, &verdict, DIRECTION_INGRESS, TO_ENDPOINT);
	return deliver_local(skb, destination);
}

static __always_inline int into_container(struct __sk_buff *skb, int redirect)
{
	struct packet packet = {};
	struct verdict verdict = {};
	struct node_config *settings = node_settings();
	struct endpoint_info *destination;
	int parsed = parse_packet(skb, &packet);
	__u32 addr;

	if (parsed > 0)
		return TC_ACT_OK;
	if (parsed < 0) {
		count_metric(REASON_INVALID_PACKET, DIRECTION_INGRESS, skb->len);
		return TC_ACT_SHOT;
	}
	addr = packet.tuple.daddr;
	destination = bpf_map_lookup_elem(&endpoints, &addr);
	if (!destination)
		return TC_ACT_OK;
	verdict.destination_identity = destination->identity;
	if (redirect)
		trace(skb, settings, &packet, &verdict, DIRECTION_INGRESS, FROM_NETWORK);
	verdict = judge(skb, settings, &packet, destination->id, DIRECTION_INGRESS);
	if (verdict.reason)
		return TC_ACT_SHOT;
	trace(skb, settings, &packet, &verdict, DIRECTION_INGRESS, TO_ENDPOINT);
	return redirect ? deliver_local(skb, destination) : TC_ACT_OK;
}

SEC("tc")
int to_container(struct __sk_buff *skb)
{
	return into_container(skb, 0);
}

SEC("tc")
int from_netdev(struct __sk_buff *skb)
{
	return into_container(skb, 1);
}

char LICENSE[] SEC("license") = "Dual BSD/GPL";

/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* Parsing and rewriting of Ethernet, IPv4 and TCP/UDP headers. */
#pragma once
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/pkt_cls.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include "types.h"

#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_FLAGS_OFFSET 13

struct packet {
	struct tuple4 tuple;
	__u32 payload_offset;
	__u32 payload_bytes;
	__u32 seq;
	__u32 total_bytes;
	__u8 tcp_flags;
};

/* Returns 0 when the packet is IPv4 and parsed, 1 when it is none of our business (ARP, IPv6), -1 when malformed. */
static __always_inline int parse_packet(struct __sk_buff *skb, struct packet *packet)
{
	struct iphdr ip;
	struct tcphdr tcp;
	struct udphdr udp;
	__u32 l4_offset;

	if (skb->protocol != bpf_htons(ETH_P_IP))
		return 1;
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &ip, sizeof(ip)) < 0 || ip.ihl < 5)
		return -1;
	l4_offset = ETH_HLEN + ip.ihl * 4;
	packet->tuple.saddr = ip.saddr;
	packet->tuple.daddr = ip.daddr;
	packet->tuple.protocol = ip.protocol;
	packet->total_bytes = bpf_ntohs(ip.tot_len);
	if (ip.protocol == IPPROTO_TCP) {
		if (bpf_skb_load_bytes(skb, l4_offset, &tcp, sizeof(tcp)) < 0 || tcp.doff < 5)
			return -1;
		if (bpf_skb_load_bytes(skb, l4_offset + TCP_FLAGS_OFFSET, &packet->tcp_flags, 1) < 0)
			return -1;
		packet->tuple.sport = tcp.source;
		packet->tuple.dport = tcp.dest;
		packet->seq = bpf_ntohl(tcp.seq);
		packet->payload_offset = l4_offset + tcp.doff * 4;
		/* skb->len, not tot_len: a GSO packet larger than 64 KiB has tot_len 0. */
		packet->payload_bytes = skb->len > packet->payload_offset ? skb->len - packet->payload_offset : 0;
	} else if (ip.protocol == IPPROTO_UDP) {
		if (bpf_skb_load_bytes(skb, l4_offset, &udp, sizeof(udp)) < 0)
			return -1;
		packet->tuple.sport = udp.source;
		packet->tuple.dport = udp.dest;
	}
	return 0;
}

static __always_inline struct tuple4 reversed(const struct tuple4 *tuple)
{
	struct tuple4 result = *tuple;

	result.saddr = tuple->daddr;
	result.daddr = tuple->saddr;
	result.sport = tuple->dport;
	result.dport = tuple->sport;
	return result;
}

/* One routing hop: TTL down (checksum patched), Ethernet addresses of the next link. */
static __always_inline int route_hop(struct __sk_buff *skb, const __u8 *source_mac, const __u8 *destination_mac)
{
	__u8 ttl;
	__u8 less;

	if (bpf_skb_load_bytes(skb, ETH_HLEN + 8, &ttl, 1) < 0 || ttl <= 1)
		return -1;
	less = ttl - 1;
	if (bpf_l3_csum_replace(skb, ETH_HLEN + 10, ttl, less, 2) < 0)
		return -1;
	if (bpf_skb_store_bytes(skb, ETH_HLEN + 8, &less, 1, 0) < 0)
		return -1;
	if (bpf_skb_store_bytes(skb, 0, destination_mac, ETH_ALEN, 0) < 0)
		return -1;
	return bpf_skb_store_bytes(skb, ETH_ALEN, source_mac, ETH_ALEN, 0);
}

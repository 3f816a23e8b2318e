/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Counts requests in the forward direction of a TCP connection: HTTP/1.1 by a segment that opens with a method,
 * HTTP/2 by HEADERS frames. Cilium does not do this in the kernel; it is here so that a run can prove, request by
 * request, that its traffic was on this path. It costs the datapath a little and can be switched off (node_config).
 */
#pragma once
#include "maps.h"
#include "packet.h"

#define HTTP2_FRAME_HEADER_BYTES 9
#define HTTP2_PREFACE_BYTES 24
#define HTTP2_HEADERS 1
#define MAX_FRAMES_PER_SEGMENT 4096

#define WORD(a, b, c, d) ((__u32)(a) | (__u32)(b) << 8 | (__u32)(c) << 16 | (__u32)(d) << 24)

struct frame_walk {
	struct __sk_buff *skb;
	__u32 offset;
	__u32 end;
	__u32 requests;
	__u32 split; /* a frame header lies across two segments */
};

/* One frame per call; returns 1 to stop. bpf_loop (kernel 5.17) verifies this once, not once per iteration. */
static long next_frame(__u32 index, struct frame_walk *walk)
{
	__u8 header[HTTP2_FRAME_HEADER_BYTES];

	if (walk->offset >= walk->end)
		return 1;
	if (bpf_skb_load_bytes(walk->skb, walk->offset, header, sizeof(header)) < 0) {
		walk->split = 1;
		return 1;
	}
	walk->requests += header[3] == HTTP2_HEADERS;
	walk->offset += HTTP2_FRAME_HEADER_BYTES + ((__u32)header[0] << 16 | (__u32)header[1] << 8 | header[2]);
	return 0;
}

static __always_inline __u32 frames_with_headers(struct __sk_buff *skb, struct packet *packet, struct ct_entry *ct,
						 __u32 offset)
{
	struct frame_walk walk = {
		.skb = skb,
		.offset = offset + ct->frame_rest,
		.end = packet->payload_offset + packet->payload_bytes,
	};

	bpf_loop(MAX_FRAMES_PER_SEGMENT, next_frame, &walk, 0);
	if (walk.split || walk.offset < walk.end)
		count_proof(PROOF_UNCERTAIN, 1);
	ct->frame_rest = walk.offset > walk.end ? walk.offset - walk.end : 0;
	return walk.requests;
}

static __always_inline void count_requests(struct __sk_buff *skb, struct packet *packet, struct ct_entry *ct, __u32 slot)
{
	__u32 offset = packet->payload_offset;
	__u32 requests = 0;
	__u32 word = 0;
	if (packet->tcp_flags & TCP_SYN) {
		ct->next_seq = packet->seq + 1;
		return;
	}
	if (!packet->payload_bytes || (__s32)(packet->seq - ct->next_seq) < 0)
		return; /* a pure ACK, or a retransmission counted before */
	if (packet->seq != ct->next_seq)
		count_proof(PROOF_UNCERTAIN, 1);
	ct->next_seq = packet->seq + packet->payload_bytes;

	if (!ct->frame_rest && bpf_skb_load_bytes(skb, offset, &word, sizeof(word)) < 0)
		return;
	if (word == WORD('P', 'R', 'I', ' ')) {
		ct->http2 = 1;
		offset += HTTP2_PREFACE_BYTES;
	}
	if (ct->http2)
		requests = frames_with_headers(skb, packet, ct, offset);
	else if (word == WORD('G', 'E', 'T', ' ') || word == WORD('P', 'O', 'S', 'T'))
		requests = 1;
	if (requests)
		count_proof(slot, requests);
}

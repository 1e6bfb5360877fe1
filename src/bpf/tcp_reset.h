/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The reset of a TCP connection that no server has, RFC 9293. */
#pragma once
#include "checksum.h"
#include "encapsulate.h"
#include "packet_ctx.h"
#include "respond.h"

struct tcp {
	__be16 source;
	__be16 destination;
	__be32 sequence;
	__be32 acknowledgement;
	__u8 words; /* in the upper four bits */
	__u8 flags;
	__be16 window_size;
	__sum16 checksum;
	__be16 urgent;
};

/*
 * A reset as the server would send it, RFC 9293 section 3.10.7.1: with the sequence number that the client expects,
 * or with an acknowledgement of its segment. `data` is the length of the segment without its header. The checksum is
 * not computed yet.
 */
INLINE struct tcp reset_of(const struct tcp *segment, __u32 data)
{
	struct tcp reset = {
	    .source = segment->destination,
	    .destination = segment->source,
	    .words = sizeof(reset) / 4 << 4,
	};

	if (segment->flags & TCP_ACK) {
		reset.sequence = segment->acknowledgement;
		reset.flags = TCP_RST;
	} else {
		data += !!(segment->flags & TCP_SYN) + !!(segment->flags & TCP_FIN);
		reset.acknowledgement = bpf_htonl(bpf_ntohl(segment->sequence) + data);
		reset.flags = TCP_RST | TCP_ACK;
	}
	return reset;
}

/* Sum of the reset, and of the part of its pseudo header that is not the addresses, RFC 9293 section 3.1. */
INLINE __u64 reset_sum(const struct tcp *reset)
{
	__u64 sum = bpf_htons(IPPROTO_TCP) + bpf_htons(sizeof(*reset));

	for (__u32 i = 0; i < sizeof(*reset) / sizeof(__u32); i++)
		sum += ((const __u32 *)reset)[i];
	return sum;
}

/* Puts the reset into the frame, which has its length already, and addresses it to the client. */
INLINE bool write_reset4(struct xdp_md *ctx, __u32 l3, struct tcp *reset)
{
	struct iphdr *ip = bytes_at(ctx, l3, sizeof(*ip) + sizeof(*reset));
	__u32 *words = (__u32 *)ip;

	if (!ip)
		return false;
	swap_addresses4(ip);
	words[0] = bpf_htonl(0x45000000 | (sizeof(*ip) + sizeof(*reset)));
	words[1] = bpf_htonl(OUTER_DONT_FRAGMENT);
	words[2] = bpf_htonl(REPLY_TTL << 24 | IPPROTO_TCP << 16);
	ip->check = ~fold((__u64)words[0] + words[1] + words[2] + ip->saddr + ip->daddr);
	reset->checksum = ~fold(reset_sum(reset) + ip->saddr + ip->daddr);
	*(struct tcp *)(ip + 1) = *reset;
	return true;
}

INLINE bool write_reset6(struct xdp_md *ctx, __u32 l3, struct tcp *reset)
{
	struct ipv6hdr *ip = bytes_at(ctx, l3, sizeof(*ip) + sizeof(*reset));
	__u64 sum = reset_sum(reset);

	if (!ip)
		return false;
	for (__u32 i = 0; i < 8; i++)
		sum += ((__u32 *)&ip->saddr)[i];
	swap_addresses6(ip);
	((__u32 *)ip)[0] = bpf_htonl(6U << 28);
	((__u32 *)ip)[1] = bpf_htonl(sizeof(*reset) << 16 | IPPROTO_TCP << 8 | REPLY_TTL);
	reset->checksum = ~fold(sum);
	*(struct tcp *)(ip + 1) = *reset;
	return true;
}

/*
 * Turns a segment of the client into a reset of its connection. The frame is cut to the reset's headers. reason: to
 * drop a segment that gets no reset.
 */
GLOBAL int send_tcp_reset(struct xdp_md *ctx, const struct packet_ctx *pctx, __u32 reason)
{
	__u64 bytes = ctx->data_end - ctx->data;
	__u32 l3, l4, datagram_end, header, tcp_header;
	const struct tcp *segment;
	struct ethhdr *ethernet;
	struct tcp reset;
	bool ipv6;

	if (!pctx)
		return XDP_DROP;
	l3 = pctx->l3;
	l4 = pctx->info.l4;
	datagram_end = l3 + pctx->length;
	ipv6 = pctx->lookup.tuple.ipv6;
	header = ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr);
	segment = bytes_at(ctx, l4, sizeof(*segment));
	if (!segment || l4 + sizeof(*segment) > datagram_end || segment->flags & TCP_RST)
		return drop(reason, bytes);
	tcp_header = (segment->words >> 4) * 4;
	if (tcp_header < sizeof(*segment) || l4 + tcp_header > datagram_end)
		return drop(DROP_MALFORMED, bytes);
	reset = reset_of(segment, datagram_end - l4 - tcp_header);
	if (bpf_xdp_adjust_tail(ctx, (int)(l3 + header + sizeof(reset)) - (int)bytes))
		return drop(DROP_NO_HEADROOM, bytes);
	if (ipv6 ? !write_reset6(ctx, l3, &reset) : !write_reset4(ctx, l3, &reset))
		return drop(DROP_NO_HEADROOM, bytes);
	ethernet = (void *)(long)ctx->data;
	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return drop(DROP_NO_HEADROOM, bytes);
	swap_macs(ethernet);
	account_verdict(DECISION_TCP_RESET, bytes);
	return XDP_TX;
}

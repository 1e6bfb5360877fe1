/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Errors that the director sends to a client: ICMP errors for a packet that is too big for the path to its server
 * (RFC 1191, RFC 8201), and TCP resets for a connection whose server is gone (RFC 9293).
 */
#pragma once
#include "respond.h"

#define ICMP_UNREACHABLE 3
#define ICMP_FRAG_NEEDED 4
#define ICMP6_TOO_BIG	 2
#define SMALLEST_MTU6	 1280 /* RFC 8200 section 5 */
#define QUOTED_BYTES	 512  /* of the offending packet, from its IP header on */
#define ICMP_BURST	 64   /* ICMP errors that a CPU may send at once */
#define ICMP_TICK_SHIFT	 20   /* one more every 2^20 ns */

/* Limits the ICMP errors that a flood of oversized packets causes. */
INLINE bool take_icmp_token(void)
{
	struct cpu_counters *own = own_counters();
	__u32 now = bpf_ktime_get_coarse_ns() >> ICMP_TICK_SHIFT, passed;

	if (!own)
		return false;
	passed = now - own->icmp_tick;
	if (passed) {
		own->icmp_tokens = passed >= ICMP_BURST || own->icmp_tokens + passed >= ICMP_BURST
				       ? ICMP_BURST
				       : own->icmp_tokens + passed;
		own->icmp_tick = now;
	}
	if (!own->icmp_tokens)
		return false;
	own->icmp_tokens--;
	return true;
}

/*
 * Moves the Ethernet header and the tags to the new start of the frame and swaps the addresses. Null when there is
 * too little headroom.
 */
INLINE void *push_icmp_headroom(struct xdp_md *ctx, __u32 l3, __u32 added)
{
	__u64 *words = bytes_at(ctx, 0, 24), copy[3];
	struct ethhdr *ethernet;

	if (!words)
		return NULL;
	copy[0] = words[0];
	copy[1] = words[1];
	copy[2] = words[2];
	if (bpf_xdp_adjust_head(ctx, -(int)added))
		return NULL;
	words = bytes_at(ctx, 0, 24);
	if (!words)
		return NULL;
	words[0] = copy[0];
	words[1] = copy[1];
	words[2] = copy[2]; /* up to two tags; the caller writes what follows the Ethernet header */
	ethernet = (struct ethhdr *)words;
	swap_macs(ethernet);
	return bytes_at(ctx, l3, added);
}

GLOBAL int send_too_big4(struct xdp_md *ctx, __u32 bank_number, __u32 l3, __u32 mtu)
{
	struct packet p = packet_of(ctx, bank_number);
	const struct interface *self = ingress_interface(ctx, p.bank);
	__u64 bytes = frame_bytes(&p), sum;
	struct icmphdr *icmp;
	struct iphdr *ip = bytes_at(ctx, l3, sizeof(*ip));
	__be32 client;

	if (!self || !self->address || !ip || bytes < l3 + QUOTED_BYTES)
		return drop(DROP_TOO_BIG, bytes);
	client = ip->saddr;
	if (!take_icmp_token())
		return drop(DROP_TOO_BIG_RATE_LIMITED, bytes);
	if (bpf_xdp_adjust_tail(ctx, (int)(l3 + QUOTED_BYTES) - (int)bytes))
		return drop(DROP_TOO_BIG, bytes);
	sum = sum_of(ctx, l3, QUOTED_BYTES);
	ip = push_icmp_headroom(ctx, l3, sizeof(*ip) + sizeof(*icmp));
	if (!ip)
		return drop(DROP_NO_HEADROOM, bytes);
	icmp = (struct icmphdr *)(ip + 1);
	((__u32 *)ip)[0] = bpf_htonl(0x45000000 | (sizeof(*ip) + sizeof(*icmp) + QUOTED_BYTES));
	((__u32 *)ip)[1] = 0;
	((__u32 *)ip)[2] = bpf_htonl(REPLY_TTL << 24 | IPPROTO_ICMP << 16);
	ip->saddr = self->address;
	ip->daddr = client;
	ip->check = ~fold((__u64)((__u32 *)ip)[0] + ((__u32 *)ip)[2] + ip->saddr + ip->daddr);
	icmp->type = ICMP_UNREACHABLE;
	icmp->code = ICMP_FRAG_NEEDED;
	icmp->checksum = 0;
	icmp->rest = bpf_htonl(mtu);
	icmp->checksum = ~fold(sum + ((__u32 *)icmp)[0] + ((__u32 *)icmp)[1]);
	account_verdict(DECISION_ICMP_TOO_BIG, bytes);
	return XDP_TX;
}

GLOBAL int send_too_big6(struct xdp_md *ctx, __u32 bank_number, __u32 l3, __u32 mtu)
{
	struct packet p = packet_of(ctx, bank_number);
	const struct interface *self = ingress_interface(ctx, p.bank);
	__u64 bytes = frame_bytes(&p), sum;
	const struct ipv6hdr *quoted;
	struct icmphdr *icmp;
	struct ipv6hdr *ip = bytes_at(ctx, l3, sizeof(*ip));

	if (!self || !*(const __u64 *)self->address6 || !ip || bytes < l3 + QUOTED_BYTES)
		return drop(DROP_TOO_BIG, bytes);
	if (!take_icmp_token())
		return drop(DROP_TOO_BIG_RATE_LIMITED, bytes);
	if (bpf_xdp_adjust_tail(ctx, (int)(l3 + QUOTED_BYTES) - (int)bytes))
		return drop(DROP_TOO_BIG, bytes);
	sum = sum_of(ctx, l3, QUOTED_BYTES);
	ip = push_icmp_headroom(ctx, l3, sizeof(*ip) + sizeof(*icmp));
	/*
	 * The client's address is read from the quoted packet. With a copy of it, the combined stack of all callers
	 * would be too large for kernels that round each function's stack up to 32 bytes.
	 */
	quoted = bytes_at(ctx, l3 + sizeof(*ip) + sizeof(*icmp), sizeof(*quoted));
	if (!ip || !quoted)
		return drop(DROP_NO_HEADROOM, bytes);
	icmp = (struct icmphdr *)(ip + 1);
	((__u32 *)ip)[0] = bpf_htonl(6U << 28);
	((__u32 *)ip)[1] = bpf_htonl((sizeof(*icmp) + QUOTED_BYTES) << 16 | IPPROTO_ICMPV6 << 8 | REPLY_TTL);
	((__u64 *)&ip->saddr)[0] = ((const __u64 *)self->address6)[0];
	((__u64 *)&ip->saddr)[1] = ((const __u64 *)self->address6)[1];
	((__u64 *)&ip->daddr)[0] = ((const __u64 *)&quoted->saddr)[0];
	((__u64 *)&ip->daddr)[1] = ((const __u64 *)&quoted->saddr)[1];
	icmp->type = ICMP6_TOO_BIG;
	icmp->code = 0;
	icmp->checksum = 0;
	icmp->rest = bpf_htonl(mtu < SMALLEST_MTU6 ? SMALLEST_MTU6 : mtu);
	sum += pseudo_sum((const __u64 *)self->address6, (const __u64 *)&quoted->saddr, sizeof(*icmp) + QUOTED_BYTES);
	icmp->checksum = ~fold(sum + ((__u32 *)icmp)[0] + ((__u32 *)icmp)[1]);
	account_verdict(DECISION_ICMP_TOO_BIG, bytes);
	return XDP_TX;
}

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

/* Turns a segment of the client into a reset of its connection. The frame is cut to the reset's headers. */
GLOBAL int send_tcp_reset(struct xdp_md *ctx, __u32 l3, __u32 l4, __u32 datagram_end, bool ipv6)
{
	__u32 header = ipv6 ? sizeof(struct ipv6hdr) : sizeof(struct iphdr), tcp_header;
	const struct tcp *segment = bytes_at(ctx, l4, sizeof(*segment));
	__u64 bytes = ctx->data_end - ctx->data;
	struct ethhdr *ethernet;
	struct tcp reset;

	if (!segment || l4 + sizeof(*segment) > datagram_end || segment->flags & TCP_RST)
		return drop(DROP_NO_SERVER, bytes);
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

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP errors that the director sends to a client, about a packet that is too big for the path to its server (RFC 1191,
 * RFC 8201).
 */
#pragma once
#include "checksum.h"
#include "respond.h"

#define SMALLEST_MTU6	1280 /* RFC 8200 section 5 */
#define QUOTED_BYTES	512  /* of the offending packet, from its IP header on */
#define ICMP_BURST	64   /* ICMP errors that a CPU may send at once */
#define ICMP_TICK_SHIFT 20   /* one more every 2^20 ns */

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

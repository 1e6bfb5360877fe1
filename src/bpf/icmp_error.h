/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP errors that the director sends to a client: about a packet that is too big for the path to its server (RFC 1191,
 * RFC 8201), or that no service or no server can have (reject.h). Their source is the VIP that the packet was for, as
 * of every reply: filters between director and client let that address pass, and may drop the director's own
 * (adr/0057).
 */
#pragma once
#include "checksum.h"
#include "packet_ctx.h"
#include "respond.h"

#define SMALLEST_MTU6	1280	      /* RFC 8200 section 5 */
#define LONGEST_ERROR4	576	      /* in bytes, RFC 1812 section 4.3.2.3 */
#define LONGEST_ERROR6	SMALLEST_MTU6 /* RFC 4443 section 2.4 (c) */
#define ICMP_BURST	64	      /* ICMP errors that a CPU may send at once */
#define ICMP_TICK_SHIFT 20	      /* one more every 2^20 ns */

/*
 * Whether an ICMP error may be sent about the packet, RFC 1122 section 3.2.2 and RFC 4443 section 2.4: not about ICMP
 * errors, later fragments, or packets with an unspecified, loopback or multicast source.
 */
INLINE bool may_send_icmp_error(const struct packet_ctx *pctx)
{
	const struct tuple *t = &pctx->lookup.tuple;
	__u32 source = bpf_ntohl((__u32)t->source[0]);

	if (t->quoted || pctx->info.later_fragment)
		return false;
	if (t->ipv6)
		return (__u8)t->source[0] != 0xff && (t->source[0] || t->source[1] & ~bpf_cpu_to_be64(1));
	return source >> 24 != 0 && source >> 24 != 127 && source < 0xe0000000;
}

/* Limits the ICMP errors and resets that a flood of packets causes. */
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

/*
 * length: of the datagram. error: ICMP_KIND of the error; in its upper half, the drop reason if it cannot be sent.
 * rest: the second word of the message, such as the MTU.
 */
GLOBAL int send_icmp_error4(struct xdp_md *ctx, __u32 l3, __u32 length, __u32 error, __u32 rest)
{
	__u64 bytes = ctx->data_end - ctx->data, sum;
	const struct iphdr *offending;
	struct icmphdr *icmp;
	struct iphdr *ip;
	__u32 headers = sizeof(*ip) + sizeof(*icmp), quoted = LONGEST_ERROR4 - headers;

	if (quoted > length)
		quoted = length;
	if (bpf_xdp_adjust_tail(ctx, (int)(l3 + quoted) - (int)bytes))
		return drop(error >> 16, bytes);
	sum = sum_of(ctx, l3, quoted);
	ip = push_icmp_headroom(ctx, l3, headers);
	/*
	 * Both addresses are read from the quoted packet. With a copy of them, the combined stack of all callers would
	 * be too large for kernels that round each function's stack up to 32 bytes.
	 */
	offending = bytes_at(ctx, l3 + headers, sizeof(*offending));
	if (!ip || !offending)
		return drop(DROP_NO_HEADROOM, bytes);
	icmp = (struct icmphdr *)(ip + 1);
	((__u32 *)ip)[0] = bpf_htonl(0x45000000 | (headers + quoted));
	((__u32 *)ip)[1] = 0;
	((__u32 *)ip)[2] = bpf_htonl(REPLY_TTL << 24 | IPPROTO_ICMP << 16);
	ip->saddr = offending->daddr;
	ip->daddr = offending->saddr;
	ip->check = ~fold((__u64)((__u32 *)ip)[0] + ((__u32 *)ip)[2] + ip->saddr + ip->daddr);
	((__u32 *)icmp)[0] = bpf_htonl(error << 16);
	icmp->rest = bpf_htonl(rest);
	icmp->checksum = ~fold(sum + ((__u32 *)icmp)[0] + ((__u32 *)icmp)[1]);
	account_verdict((error & 0xffff) == ICMP_FRAG_NEEDED ? DECISION_ICMP_TOO_BIG : DECISION_ICMP_UNREACHABLE,
			bytes);
	return XDP_TX;
}

/* The same for IPv6. */
GLOBAL int send_icmp_error6(struct xdp_md *ctx, __u32 l3, __u32 length, __u32 error, __u32 rest)
{
	__u64 bytes = ctx->data_end - ctx->data, sum;
	const struct ipv6hdr *offending;
	struct icmphdr *icmp;
	struct ipv6hdr *ip;
	__u32 headers = sizeof(*ip) + sizeof(*icmp), quoted = LONGEST_ERROR6 - headers;

	if (quoted > length)
		quoted = length;
	if (bpf_xdp_adjust_tail(ctx, (int)(l3 + quoted) - (int)bytes))
		return drop(error >> 16, bytes);
	sum = sum_of(ctx, l3, quoted);
	ip = push_icmp_headroom(ctx, l3, headers);
	offending = bytes_at(ctx, l3 + headers, sizeof(*offending));
	if (!ip || !offending)
		return drop(DROP_NO_HEADROOM, bytes);
	icmp = (struct icmphdr *)(ip + 1);
	((__u32 *)ip)[0] = bpf_htonl(6U << 28);
	((__u32 *)ip)[1] = bpf_htonl((sizeof(*icmp) + quoted) << 16 | IPPROTO_ICMPV6 << 8 | REPLY_TTL);
	((__u64 *)&ip->saddr)[0] = ((const __u64 *)&offending->daddr)[0];
	((__u64 *)&ip->saddr)[1] = ((const __u64 *)&offending->daddr)[1];
	((__u64 *)&ip->daddr)[0] = ((const __u64 *)&offending->saddr)[0];
	((__u64 *)&ip->daddr)[1] = ((const __u64 *)&offending->saddr)[1];
	((__u32 *)icmp)[0] = bpf_htonl(error << 16);
	icmp->rest = bpf_htonl(rest);
	sum += pseudo_sum((const __u64 *)&offending->daddr, (const __u64 *)&offending->saddr, sizeof(*icmp) + quoted);
	icmp->checksum = ~fold(sum + ((__u32 *)icmp)[0] + ((__u32 *)icmp)[1]);
	account_verdict(
	    (error & 0xffff) == ICMP_KIND(ICMP6_TOO_BIG, 0) ? DECISION_ICMP_TOO_BIG : DECISION_ICMP_UNREACHABLE, bytes);
	return XDP_TX;
}

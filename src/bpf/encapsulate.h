/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Encapsulate: layer 2 rewrites both Ethernet addresses; layer 3 puts an outer header in front of the unmodified
 * datagram. VLAN tags stay as they arrived.
 */
#pragma once
#include "checksum.h"
#include "hash.h"
#include "parse.h"

#define OUTER_TTL	    64
#define OUTER_DONT_FRAGMENT 0x4000
#define GUE_LOWEST_PORT	    0xc000 /* source ports are dynamic ports, RFC 6335 section 6 */
#define GUE_BYTES	    12	   /* UDP header and GUE header */
#define GRE_BYTES	    4

/* On the fast path there is no tuple here: it is read where it is needed, before the head moves. */
INLINE __u32 entropy_of(const struct packet *p, const struct tuple *t, bool ipv6)
{
	struct tuple tuple;

	if (t)
		return flow_entropy(t);
	tuple = fast_tuple(BARRIER_PTR(p->data), ipv6);
	return flow_entropy(&tuple);
}

/*
 * Both addresses are written: if the router's stayed as source, a switch would learn the router at our port.
 */
INLINE void write_macs(void *frame, const struct server *server)
{
	*(__u64 *)frame = server->macs;
	*(__u32 *)(frame + 8) = server->macs_rest;
}

/*
 * Moves the start of the frame forward and writes the Ethernet addresses for the server and the VLAN tags there.
 * Returns the place of the outer header, with `added` writable bytes; null when the driver left too little headroom.
 */
INLINE void *push_headroom(struct xdp_md *ctx, struct packet *p, __u32 added, __be16 type)
{
	__u64 tags = 0, before = p->l3 - sizeof(type);
	void *at;

	if (p->l3 != sizeof(struct ethhdr)) {
		__u64 *tagged = bytes_at(ctx, 12, 8);

		tags = tagged ? *tagged : 0;
	}
	if (bpf_xdp_adjust_head(ctx, -(int)added))
		return NULL;
	p->data = (void *)(long)ctx->data;
	p->end = (void *)(long)ctx->data_end;
	if (__builtin_constant_p(p->l3) && p->l3 == sizeof(struct ethhdr)) {
		at = p->data + 12;
		if (at + sizeof(type) + added > p->end)
			return NULL;
		write_macs(p->data, p->server);
	} else {
		if (p->data + 12 + 8 + added > p->end || before > 20)
			return NULL;
		write_macs(p->data, p->server);
		if (p->l3 != sizeof(struct ethhdr))
			*(__u64 *)(p->data + 12) =
			    tags; /* two tags, or one tag and bytes that the outer header overwrites */
		at = p->data + before;
		barrier_var(at); /* the check applies to this pointer, not to one that clang derives from data again */
		if (at + sizeof(type) + added > p->end)
			return NULL;
	}
	*(__be16 *)at = type;
	return at + sizeof(type);
}

/* The outer IPv4 header, RFC 2003 section 3.1. DSCP is copied, and so is ECN, RFC 6040 section 4.1 (normal mode). */
INLINE void write_outer4(const struct packet *p, __u32 *outer, __u32 length, __u32 protocol, __u32 entropy, __u32 sum)
{
	__be32 source = *(const __u32 *)p->server->source;

	/* The server's entry contains the folded sum of the words that do not change. */
	sum += p->server->checksum + bpf_htons(length) + bpf_htons(p->tos);
	if (features.outer_sources) {
		source |= entropy & p->server->source_mask;
		sum += (source ^ *(const __u32 *)p->server->source) & 0xffff;
		sum += (source ^ *(const __u32 *)p->server->source) >> 16;
	}
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	outer[0] = bpf_htonl(0x45000000 | p->tos << 16 | length);
	/* Identification 0 with DF set: an atomic datagram, RFC 6864 section 4.1. */
	outer[1] = bpf_htonl(OUTER_DONT_FRAGMENT);
	outer[2] = bpf_htonl(OUTER_TTL << 24 | protocol << 16) | (__u32)(__u16)~sum << 16;
	outer[3] = source;
	outer[4] = *(const __u32 *)p->server->destination;
}

/* The outer IPv6 header, RFC 2473 section 3.1. The flow label spreads flows, RFC 6438. */
INLINE void write_outer6(const struct packet *p, __u32 *outer, __u32 payload, __u32 protocol, __u32 entropy)
{
	/* Source and destination are adjacent, in the entry as in the header. */
	const __u64 *from = (const void *)p->server + offsetof(struct server, source);
	__u64 *to = (void *)outer + offsetof(struct ipv6hdr, saddr);

	outer[0] = bpf_htonl(6U << 28 | p->tos << 20 | (entropy & 0xfffff));
	outer[1] = bpf_htonl(payload << 16 | protocol << 8 | OUTER_TTL);
	to[0] = from[0];
	to[1] = from[1];
	if (features.outer_sources)
		outer[5] |= entropy & p->server->source_mask;
	to[2] = from[2];
	to[3] = from[3];
}

INLINE int encapsulate_ipip(struct xdp_md *ctx, struct packet *p, const struct tuple *t, bool ipv6, bool outer6)
{
	__u32 protocol = ipv6 ? IPPROTO_IPV6 : IPPROTO_IPIP, entropy = 0;
	__u32 *outer;

	if (outer6 || features.outer_sources)
		entropy = entropy_of(p, t, ipv6);
	if (outer6) {
		outer = push_headroom(ctx, p, sizeof(struct ipv6hdr), bpf_htons(ETH_P_IPV6));
		if (!outer)
			return DROP_NO_HEADROOM;
		write_outer6(p, outer, p->length, protocol, entropy);
	} else {
		outer = push_headroom(ctx, p, sizeof(struct iphdr), bpf_htons(ETH_P_IP));
		if (!outer)
			return DROP_NO_HEADROOM;
		/* The sum in the server's entry is for protocol 4. */
		write_outer4(p, outer, p->length + sizeof(struct iphdr), protocol, entropy,
			     ipv6 ? bpf_htons(IPPROTO_IPV6 - IPPROTO_IPIP) : 0);
	}
	return CONTINUE;
}

/*
 * GUE variant 0 (draft-ietf-intarea-gue): a UDP header, then version, control bit, header length and flags 0, then
 * the protocol.
 */
INLINE int encapsulate_gue(struct xdp_md *ctx, struct packet *p, const struct tuple *t, bool ipv6, bool outer6)
{
	__u32 protocol = ipv6 ? IPPROTO_IPV6 : IPPROTO_IPIP, entropy = entropy_of(p, t, ipv6);
	__u32 port = bpf_htons(GUE_LOWEST_PORT | (entropy >> 16)), length = p->length + GUE_BYTES;
	__u32 gue = bpf_htonl(protocol << 16), *outer;
	__u16 sum = 0;

	if (outer6) {
		/*
		 * A zero checksum would require the consent of every server, RFC 6936 section 5; a computed one does
		 * not.
		 */
		__u64 all = sum_of(ctx, p->l3, p->length);

		all += p->server->checksum + port + 2 * bpf_htons(length) + (gue & 0xffff) + (gue >> 16);
		sum = (__u16)~fold(all) ?: 0xffff; /* ~ of a __u16 is an int, which is never 0 here */
		outer = push_headroom(ctx, p, sizeof(struct ipv6hdr) + GUE_BYTES, bpf_htons(ETH_P_IPV6));
		if (!outer)
			return DROP_NO_HEADROOM;
		write_outer6(p, outer, length, IPPROTO_UDP, entropy);
		outer += sizeof(struct ipv6hdr) / sizeof(__u32);
	} else {
		outer = push_headroom(ctx, p, sizeof(struct iphdr) + GUE_BYTES, bpf_htons(ETH_P_IP));
		if (!outer)
			return DROP_NO_HEADROOM;
		write_outer4(p, outer, length + sizeof(struct iphdr), IPPROTO_UDP, 0, 0);
		outer += sizeof(struct iphdr) / sizeof(__u32);
	}
	outer[0] = port | (__u32)p->server->gue_port << 16;
	outer[1] = bpf_htons(length) | (__u32)sum << 16;
	outer[2] = gue;
	return CONTINUE;
}

/* RFC 2784 section 2: no checksum, version 0, then the EtherType. */
INLINE int encapsulate_gre(struct xdp_md *ctx, struct packet *p, const struct tuple *t, bool ipv6, bool outer6)
{
	__u32 *outer, entropy = outer6 || features.outer_sources ? entropy_of(p, t, ipv6) : 0;

	if (outer6) {
		outer = push_headroom(ctx, p, sizeof(struct ipv6hdr) + GRE_BYTES, bpf_htons(ETH_P_IPV6));
		if (!outer)
			return DROP_NO_HEADROOM;
		write_outer6(p, outer, p->length + GRE_BYTES, IPPROTO_GRE, entropy);
		outer += sizeof(struct ipv6hdr) / sizeof(__u32);
	} else {
		outer = push_headroom(ctx, p, sizeof(struct iphdr) + GRE_BYTES, bpf_htons(ETH_P_IP));
		if (!outer)
			return DROP_NO_HEADROOM;
		write_outer4(p, outer, p->length + sizeof(struct iphdr) + GRE_BYTES, IPPROTO_GRE, entropy, 0);
		outer += sizeof(struct iphdr) / sizeof(__u32);
	}
	outer[0] = ipv6 ? bpf_htonl(ETH_P_IPV6) : bpf_htonl(ETH_P_IP);
	return CONTINUE;
}

/* t is null on the fast path. */
INLINE int encapsulate(struct xdp_md *ctx, struct packet *p, const struct tuple *t, bool ipv6)
{
	__u32 kind = p->server->encapsulation;

	if (kind == ENCAPSULATION_IPIP)
		return encapsulate_ipip(ctx, p, t, ipv6, false);
	if (kind == ENCAPSULATION_NONE) {
		write_macs(p->data, p->server);
		return CONTINUE;
	}
	if (features.outer6 && kind == (ENCAPSULATION_IPIP | OUTER_IPV6))
		return encapsulate_ipip(ctx, p, t, ipv6, true);
	if (features.gue_and_gre) {
		if (kind == ENCAPSULATION_GUE)
			return encapsulate_gue(ctx, p, t, ipv6, false);
		if (kind == ENCAPSULATION_GRE)
			return encapsulate_gre(ctx, p, t, ipv6, false);
		if (features.outer6 && kind == (ENCAPSULATION_GUE | OUTER_IPV6))
			return encapsulate_gue(ctx, p, t, ipv6, true);
		if (features.outer6 && kind == (ENCAPSULATION_GRE | OUTER_IPV6))
			return encapsulate_gre(ctx, p, t, ipv6, true);
	}
	return DROP_TABLES_INCONSISTENT;
}

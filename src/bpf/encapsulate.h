/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Encapsulate: layer 2 gets two new Ethernet addresses, layer 3 an outer header in front of the untouched datagram. */
#pragma once
#include "packet.h"

#define OUTER_TTL	    64
#define OUTER_DONT_FRAGMENT 0x4000

/* Six bytes that need not be aligned to four. */
INLINE void copy_mac(__u8 *to, const __u8 *from)
{
	((__u16 *)to)[0] = ((const __u16 *)from)[0];
	((__u16 *)to)[1] = ((const __u16 *)from)[1];
	((__u16 *)to)[2] = ((const __u16 *)from)[2];
}

INLINE const struct egress *way_out(const struct packet *p)
{
	return &tables.control.egress[p->version][p->server->egress & (EGRESS_ENTRIES - 1)];
}

/* Both addresses: with the router's left as source, a switch would learn the router behind our port. */
INLINE int encapsulate_none(struct packet *p, const struct egress *egress)
{
	struct ethhdr *ethernet = p->data;

	if (p->length > egress->mtu)
		return DROP(DROP_TOO_BIG);
	copy_mac(ethernet->h_dest, p->server->mac);
	copy_mac(ethernet->h_source, egress->mac);
	return NEXT;
}

/* IPv4 in IPv4, RFC 2003 section 3.1. DSCP copied; ECN copied too, RFC 6040 section 4.1 (normal mode). */
INLINE int encapsulate_ipip(struct xdp_md *ctx, struct packet *p, const struct egress *egress)
{
	__u32 length = p->length + sizeof(struct iphdr), sum;
	struct ethhdr *ethernet;
	struct iphdr *outer;

	if (length > egress->mtu)
		return DROP(DROP_TOO_BIG);
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)))
		return DROP(DROP_NO_HEADROOM);
	p->data = (void *)(long)ctx->data;
	p->end = (void *)(long)ctx->data_end;
	ethernet = p->data;
	outer = (struct iphdr *)(ethernet + 1);
	if ((void *)(outer + 1) > p->end)
		return DROP(DROP_NO_HEADROOM);

	copy_mac(ethernet->h_dest, p->server->mac);
	copy_mac(ethernet->h_source, egress->mac);
	ethernet->h_proto = bpf_htons(ETH_P_IP);

	/* The server's entry holds the sum of the words that do not change: at most 8 of them, so two folds suffice. */
	sum = p->server->checksum + bpf_htons(length) + bpf_htons(p->tos);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	*(__u32 *)outer = bpf_htonl(0x45000000 | (__u32)p->tos << 16 | length);
	/* Identification 0 with DF set: an atomic datagram, RFC 6864 section 4.1. */
	*((__u32 *)outer + 1) = bpf_htonl(OUTER_DONT_FRAGMENT);
	outer->ttl = OUTER_TTL;
	outer->protocol = IPPROTO_IPIP;
	outer->check = ~sum;
	outer->saddr = egress->address;
	outer->daddr = p->server->address;
	return NEXT;
}

INLINE int encapsulate(struct xdp_md *ctx, struct packet *p)
{
	const struct egress *egress = way_out(p);

	if (p->service->encapsulation == ENCAPSULATION_IPIP)
		return encapsulate_ipip(ctx, p, egress);
	return encapsulate_none(p, egress);
}

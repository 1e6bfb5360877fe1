/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Encapsulate: layer 2 gets two new Ethernet addresses, layer 3 an outer header in front of the untouched datagram. */
#pragma once
#include "packet.h"

#define OUTER_TTL	    64
#define OUTER_DONT_FRAGMENT 0x4000

/* Both addresses: with the router's left as source, a switch would learn the router behind our port (C-02). */
INLINE void write_macs(void *frame, const struct server *server)
{
	*(__u64 *)frame = server->macs;
	*(__u32 *)(frame + 8) = server->macs_rest;
}

INLINE int encapsulate_none(struct packet *p)
{
	if (ipv4_length(p) > p->server->mtu)
		return DROP_TOO_BIG;
	write_macs(p->data, p->server);
	return GO_ON;
}

/* IPv4 in IPv4, RFC 2003 section 3.1. DSCP copied; ECN copied too, RFC 6040 section 4.1 (normal mode). */
INLINE int encapsulate_ipip(struct xdp_md *ctx, struct packet *p)
{
	__u32 length = ipv4_length(p) + sizeof(struct iphdr), tos = ipv4_of(p)->tos, sum;
	__u32 *outer;

	if (length > p->server->mtu)
		return DROP_TOO_BIG;
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(struct iphdr)))
		return DROP_NO_HEADROOM;
	p->data = (void *)(long)ctx->data;
	p->end = (void *)(long)ctx->data_end;
	outer = p->data + sizeof(struct ethhdr);
	if ((void *)outer + sizeof(struct iphdr) > p->end)
		return DROP_NO_HEADROOM;

	write_macs(p->data, p->server);
	*(__be16 *)((void *)outer - 2) = bpf_htons(ETH_P_IP);

	/* The server's entry holds the folded sum of the words that do not change, so two folds suffice. */
	sum = p->server->checksum + bpf_htons(length) + bpf_htons(tos);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	outer[0] = bpf_htonl(0x45000000 | tos << 16 | length);
	/* Identification 0 with DF set: an atomic datagram, RFC 6864 section 4.1. */
	outer[1] = bpf_htonl(OUTER_DONT_FRAGMENT);
	outer[2] = bpf_htonl(OUTER_TTL << 24 | IPPROTO_IPIP << 16) | (__u32)(__u16)~sum << 16;
	outer[3] = p->server->source;
	outer[4] = p->server->destination;
	return GO_ON;
}

INLINE int encapsulate(struct xdp_md *ctx, struct packet *p)
{
	if (p->service->encapsulation == ENCAPSULATION_IPIP)
		return encapsulate_ipip(ctx, p);
	return encapsulate_none(p);
}

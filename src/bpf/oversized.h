/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * A packet that exceeds the inner MTU of its server. By the profile's policy, the client gets an ICMP error, or the
 * frame is punted to user space, which sends it in fragments; otherwise the packet is dropped.
 */
#pragma once
#include "encapsulate.h"
#include "icmp_error.h"
#include "packet_ctx.h"
#include "punt.h"

/*
 * Whether an ICMP error may be sent about the packet, RFC 1122 section 3.2.2 and RFC 4443 section 2.4: not about ICMP
 * errors, later fragments, or packets with an unspecified, loopback or multicast source. IPv6 packets of at most 1280
 * bytes get none either, because the sender cannot make them smaller.
 */
INLINE bool may_send_icmp_error(const struct tuple *t, const struct packet_ctx *pctx)
{
	__u32 source = bpf_ntohl((__u32)t->source[0]);

	if (t->quoted || pctx->info.later_fragment)
		return false;
	if (t->ipv6)
		return (__u8)t->source[0] != 0xff && (t->source[0] || t->source[1] & ~bpf_cpu_to_be64(1)) &&
		       pctx->length > SMALLEST_MTU6;
	return source >> 24 && source >> 24 != 127 && source >> 24 < 224;
}

/* The packet exceeds the server's inner MTU: sends an ICMP error to the client, or has the packet fragmented. */
INLINE int handle_too_big(struct xdp_md *ctx, struct packet *p, struct tuple *t, const struct packet_ctx *pctx)
{
	__u32 policy = p->bank->profiles[pctx->profile & (PROFILES - 1)].oversized, mtu = egress_mtu(p);
	bool fragments = policy == OVERSIZED_FRAGMENT || (policy == OVERSIZED_ICMP && pctx->info.may_fragment);

	/* Without an outer header, the datagram itself would be fragmented, which a router may do only with IPv4. */
	if (p->server->encapsulation == ENCAPSULATION_NONE)
		fragments = pctx->info.may_fragment && !pctx->info.first_fragment && !pctx->info.later_fragment;
	if (policy == OVERSIZED_DROP)
		return drop(DROP_TOO_BIG, p->bytes);
	if (!fragments && !may_send_icmp_error(t, pctx))
		return drop(DROP_TOO_BIG, p->bytes);
	if (!fragments)
		return t->ipv6 ? send_too_big6(ctx, p->l3, p->server->inner_mtu)
			       : send_too_big4(ctx, p->l3, p->length, p->server->inner_mtu);
	if (encapsulate(ctx, p, t, t->ipv6))
		return drop(DROP_NO_HEADROOM, p->bytes);
	return punt(ctx, p->server->ifindex, mtu, p->l3, p->bytes);
}

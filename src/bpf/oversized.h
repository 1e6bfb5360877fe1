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

/* IPv6 packets of at most 1280 bytes get no error, because the sender cannot make them smaller. */
INLINE bool may_send_too_big(const struct packet_ctx *pctx)
{
	return may_send_icmp_error(pctx) && (!pctx->lookup.tuple.ipv6 || pctx->length > SMALLEST_MTU6);
}

INLINE int send_too_big(struct xdp_md *ctx, const struct packet_ctx *pctx, __u32 mtu)
{
	if (!take_icmp_token())
		return drop(DROP_TOO_BIG_RATE_LIMITED, pctx->bytes);
	if (!pctx->lookup.tuple.ipv6)
		return send_icmp_error4(ctx, pctx->l3, pctx->length, DROP_TOO_BIG << 16 | ICMP_FRAG_NEEDED, mtu);
	return send_icmp_error6(ctx, pctx->l3, pctx->length, DROP_TOO_BIG << 16 | ICMP_KIND(ICMP6_TOO_BIG, 0),
				mtu < SMALLEST_MTU6 ? SMALLEST_MTU6 : mtu);
}

/* The packet exceeds the server's inner MTU: sends an ICMP error to the client, or has the packet fragmented. */
INLINE int handle_too_big(struct xdp_md *ctx, struct packet *p, const struct packet_ctx *pctx)
{
	const struct tuple *t = &pctx->lookup.tuple;
	__u32 policy = p->bank->profiles[pctx->profile & (PROFILES - 1)].oversized, mtu = egress_mtu(p);
	bool fragments = policy == OVERSIZED_FRAGMENT || (policy == OVERSIZED_ICMP && pctx->info.may_fragment);

	/* Without an outer header, the datagram itself would be fragmented, which a router may do only with IPv4. */
	if (p->server->encapsulation == ENCAPSULATION_NONE)
		fragments = pctx->info.may_fragment && !pctx->info.first_fragment && !pctx->info.later_fragment;
	if (policy == OVERSIZED_DROP)
		return drop(DROP_TOO_BIG, p->bytes);
	if (!fragments && !may_send_too_big(pctx))
		return drop(DROP_TOO_BIG, p->bytes);
	if (!fragments)
		return send_too_big(ctx, pctx, p->server->inner_mtu);
	if (encapsulate(ctx, p, t, t->ipv6))
		return drop(DROP_NO_HEADROOM, p->bytes);
	return punt(ctx, p->server->ifindex, mtu, p->l3, p->bytes);
}

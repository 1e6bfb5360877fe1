/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Packets that no service or no server can have: their sender gets a TCP reset or an ICMP error, if the configuration
 * says so, and gives up at once instead of after its timeouts (adr/0059).
 */
#pragma once
#include "icmp_error.h"
#include "select_tracked.h"
#include "tcp_reset.h"

/*
 * Never about ICMP, errors and echo alike, nor about a reset; RFC 1122 section 3.2.2 has the rest. A packet without a
 * server has to begin a flow: a moment without servers must not end established connections.
 */
INLINE bool may_reject(const struct packet_ctx *pctx, __u32 reason)
{
	const struct tuple *t = &pctx->lookup.tuple;

	if (t->protocol == (t->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) || !may_send_icmp_error(pctx))
		return false;
	if (t->protocol != IPPROTO_TCP)
		return true;
	return !(t->tcp_flags & TCP_RST) && (reason != DROP_NO_SERVER || opens_connection(t));
}

/*
 * The error that ends the sender's attempt. Linux ends a connection attempt upon either; it tells applications with UDP
 * sockets of ports alone, because an unreachable host may be a passing state (icmp_err_convert in net/ipv4/icmp.c).
 */
INLINE __u32 unreachable_kind(const struct tuple *t, __u32 reason)
{
	if (reason == DROP_NO_SERVER && t->protocol == IPPROTO_TCP)
		return t->ipv6 ? ICMP6_HOST_UNREACHABLE : ICMP_HOST_UNREACHABLE;
	return t->ipv6 ? ICMP6_PORT_UNREACHABLE : ICMP_PORT_UNREACHABLE;
}

INLINE int send_rejection(struct xdp_md *ctx, const struct packet_ctx *pctx, __u32 reason, __u32 policy)
{
	const struct tuple *t = &pctx->lookup.tuple;
	__u32 error = reason << 16 | unreachable_kind(t, reason);

	if (policy == REJECT_RESET && t->protocol == IPPROTO_TCP)
		return send_tcp_reset(ctx, pctx, reason);
	return t->ipv6 ? send_icmp_error6(ctx, pctx->l3, pctx->length, error, 0)
		       : send_icmp_error4(ctx, pctx->l3, pctx->length, error, 0);
}

/* Drops the packet for the reason, and replies by the policy (REJECT_*). Both are counted. */
GLOBAL int reject(struct xdp_md *ctx, const struct packet_ctx *pctx, __u32 reason, __u32 policy)
{
	struct cpu_counters *own;
	int action;

	if (!pctx)
		return XDP_DROP;
	/* The length of the data, which a reset acknowledges, is not known of a fragment. */
	if (policy == REJECT_NONE || !may_reject(pctx, reason) ||
	    (policy == REJECT_RESET && pctx->lookup.tuple.protocol == IPPROTO_TCP && pctx->info.first_fragment) ||
	    !take_icmp_token())
		return drop(reason, pctx->bytes);
	action = send_rejection(ctx, pctx, reason, policy);
	own = own_counters();
	if (action == XDP_TX && own)
		count(&own->decisions[(DROP_COUNTER_BASE + reason) & (DECISION_COUNTERS - 1)], pctx->bytes);
	return action;
}

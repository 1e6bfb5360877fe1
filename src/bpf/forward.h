/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The path of a packet once its service is known: Select -> Account -> Encapsulate -> Transmit. */
#pragma once
#include "account.h"
#include "classify.h"
#include "encapsulate.h"
#include "interface.h"
#include "parse.h"
#include "select.h"
#include "transmit.h"

/* Not a drop reason: the packet takes the full path, which handles what the fast path cannot. */
#define NEEDS_FULL_PATH 255

/* The server is chosen and can take the packet. */
INLINE int send_to_server(struct xdp_md *ctx, struct cpu_counters *own, struct packet *p, const struct tuple *t,
			  bool ipv6)
{
	int reason;

	/*
	 * Account comes first and is reverted if Encapsulate fails, which it does only when the driver left too
	 * little headroom. After the call that moves the head, every value that is still needed would cost a
	 * callee-saved register, and there are four.
	 */
	account_forwarded(own, p);
	reason = encapsulate(ctx, p, t, ipv6);
	if (UNLIKELY(reason)) {
		revert_forwarded(BARRIER_PTR(p->service)->id, p->server_id, p->bytes);
		return drop(reason, p->bytes);
	}
	return transmit(ctx, p);
}

/*
 * Whether the packet may be balanced at all. Returns CONTINUE or an XDP action, which is never 0 here. Out of line,
 * because few services need it.
 */
static __noinline int pre_checks(struct xdp_md *ctx, const struct service *service, __u32 bank_number, bool ipv6)
{
	struct packet p = packet_of(ctx, bank_number);
	struct packet_ctx *pctx;

	if (p.data + (ipv6 ? IPV6_MINIMUM : IPV4_MINIMUM) > p.end)
		return XDP_DROP;
	if (features.peers && is_from_peer(&p))
		return deliver_locally(frame_bytes(&p));
	if (!features.access_lists || !service->access_set)
		return CONTINUE;
	pctx = own_packet_ctx();
	if (!pctx)
		return XDP_DROP;
	pctx->lookup.tuple = fast_tuple(p.data, ipv6);
	return is_allowed(service->access_set, &pctx->lookup.tuple) ? CONTINUE
								    : drop(DROP_ACCESS_DENIED, frame_bytes(&p));
}

/*
 * A fast-path packet of a service. Returns an XDP action, or NEEDS_FULL_PATH with the frame unchanged and the server
 * that was selected in server_id.
 */
INLINE int forward_fast(struct xdp_md *ctx, struct packet *p, bool ipv6)
{
	struct cpu_counters *own;
	__u32 flags, slot, word;
	struct tuple t;

	p->service = BARRIER_PTR(p->service);
	flags = p->service->flags;
	if (UNLIKELY(flags & SERVICE_NEEDS_CHECKS)) {
		int action = pre_checks(ctx, p->service, p->bank_number, ipv6);

		if (action)
			return action;
	}
	own = own_counters();
	if (!own)
		return XDP_ABORTED;
	t = fast_tuple(BARRIER_PTR(p->data), ipv6);
	slot = slot_of(p, &t, flags);
	word = slot_at(p->service->slot_base + slot);
	if (UNLIKELY(word & SLOT_TRACKED)) {
		t = fast_tuple(BARRIER_PTR(p->data), ipv6);
		word = select_tracked(p, &t, ipv6 ? IPV6_MINIMUM - 8 : IPV4_MINIMUM - 8, word, slot);
		p->server_id = word;
		if (word & REPLY_RESET)
			return NEEDS_FULL_PATH;
	}
	p->server_id = word;
	p->server = server_in(p->bank, p->bank_number, word);
	measure_fast(p, ipv6);
	/* A server that is this machine, or that is none, has the inner MTU 0. */
	if (UNLIKELY(!p->server || p->length > p->server->inner_mtu))
		return NEEDS_FULL_PATH;
	p->bytes = frame_bytes(p);
	return send_to_server(ctx, own, p, NULL, ipv6);
}

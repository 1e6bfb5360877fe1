/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* The way of a packet once its service is known: Select -> Encapsulate -> Transmit -> Account. */
#pragma once
#include "account.h"
#include "answer.h"
#include "classify.h"
#include "encapsulate.h"
#include "interface.h"
#include "parse.h"
#include "select.h"
#include "transmit.h"

/* Not a drop reason: the packet goes the general way, which can do what this one cannot. */
#define NOT_PLAIN 255

/* The server is known, and nothing speaks against it. */
INLINE int send(struct xdp_md *ctx, struct cpu_counters *own, struct packet *p, const struct tuple *t, bool six)
{
	int reason;

	/*
	 * Account comes first and is taken back where Encapsulate fails, which it does only when the driver left no
	 * room: behind the call that moves the head, every value that is still needed would cost a register, and there
	 * are four.
	 */
	account_forwarded(own, p);
	reason = encapsulate(ctx, p, t, six);
	if (UNLIKELY(reason)) {
		account_not_forwarded(AGAIN(p->service)->id, p->server_id, p->bytes);
		return drop(reason, p->bytes);
	}
	return transmit(ctx, p);
}

/* May the packet be balanced at all? Returns GO_ON, or an XDP action of another value. Out of line: few services need
 * it. */
static __noinline int guard(struct xdp_md *ctx, const struct service *service, __u32 half_number, bool six)
{
	struct packet p = packet_of(ctx, half_number);
	struct passage *g;

	if (p.data + (six ? IPV6_MINIMUM : IPV4_MINIMUM) > p.end)
		return XDP_DROP;
	if (switches.peers && is_from_peer(&p))
		return deliver_locally(frame_bytes(&p));
	if (!switches.access || !service->access_set)
		return GO_ON;
	g = own_passage();
	if (!g)
		return XDP_DROP;
	g->query.tuple = plain_tuple(p.data, six);
	return is_allowed(service->access_set, &g->query.tuple) ? GO_ON : drop(DROP_ACCESS_DENIED, frame_bytes(&p));
}

/* A plain packet of a service. Returns an XDP action, or NOT_PLAIN with nothing done. */
INLINE int forward_plain(struct xdp_md *ctx, struct packet *p, bool six)
{
	struct cpu_counters *own;
	__u32 flags, slot, word;
	struct tuple t;

	p->service = AGAIN(p->service);
	flags = p->service->flags;
	if (UNLIKELY(flags & SERVICE_GUARDED)) {
		int action = guard(ctx, p->service, p->half_number, six);

		if (action)
			return action;
	}
	own = own_counters();
	if (!own)
		return XDP_ABORTED;
	t = plain_tuple(AGAIN(p->data), six);
	slot = slot_of(p, &t, flags);
	word = slot_at(p->service->slot_base + slot);
	if (UNLIKELY(word & SLOT_TRACKED)) {
		t = plain_tuple(AGAIN(p->data), six);
		word = select_tracked(p, &t, six ? IPV6_MINIMUM - 8 : IPV4_MINIMUM - 8, word, slot);
		if (word & REPLY_RESET)
			return NOT_PLAIN;
	}
	p->server_id = word;
	p->server = server_in(p->half, p->half_number, word);
	measure_plain(p, six);
	/* There is no room on the way to a server that is this machine, or that is none. */
	if (UNLIKELY(!p->server || p->length > p->server->room))
		return NOT_PLAIN;
	p->bytes = frame_bytes(p);
	return send(ctx, own, p, NULL, six);
}

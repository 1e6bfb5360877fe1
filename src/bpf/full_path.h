/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The full path: VLAN tags, options and extension headers, fragments, ICMP, port ranges, VIP prefixes, packets that
 * are too big, and packets to a VIP that no service matches. It is out of line and parses the frame again, so that
 * rare cases cost fast-path frames neither registers nor cache.
 *
 * full_path:         Parse -> ARP and neighbour solicitations are answered -> is it for a VIP, and for this director?
 * handle_vip_packet: the flow that an ICMP error quotes -> echo is answered -> Classify -> access list, Select
 * reject:            a reply about a packet that no service or no server can have
 * forward_full:      reset, local server, too big -> Account -> Encapsulate -> Transmit
 */
#pragma once
#include "forward.h"
#include "fragments.h"
#include "oversized.h"
#include "parse_full.h"
#include "reject.h"
#include "respond.h"
#include "solicitation.h"

/* No XDP action: the server has no entry. The caller rejects the packet, because a deeper call needs too much stack. */
#define SERVER_GONE 254

/* Returns an XDP action, or SERVER_GONE. */
GLOBAL int forward_full(struct xdp_md *ctx, const struct packet_ctx *pctx)
{
	struct service service = {};
	struct cpu_counters *own;
	struct packet p;
	const struct tuple *t;

	if (!pctx || pctx->l3 > sizeof(struct ethhdr) + VLAN_TAGS * VLAN_BYTES || pctx->l3 < sizeof(struct ethhdr))
		return XDP_PASS;
	p = packet_of(ctx, pctx->bank_number);
	p.l3 = pctx->l3;
	p.length = pctx->length;
	p.tos = pctx->tos;
	p.bytes = pctx->bytes;
	p.server_id = pctx->server_id & SLOT_SERVER_MASK;
	service.id = pctx->service;
	p.service = &service;
	t = &pctx->lookup.tuple;
	p.server = server_of(p.bank_number, p.server_id);
	if (!p.server || !(p.server->flags & SERVER_USED))
		return SERVER_GONE;
	if (pctx->server_id & REPLY_RESET && t->protocol == IPPROTO_TCP && !t->quoted && !pctx->info.later_fragment)
		return send_tcp_reset(ctx, pctx, DROP_NO_SERVER);
	own = own_counters();
	if (!own)
		return XDP_ABORTED;
	if (p.server->flags & SERVER_LOCAL) {
		account_forwarded(own, &p);
		if (is_capturing())
			note_verdict(DECISION_DELIVER_LOCALLY);
		return XDP_PASS;
	}
	p.data = bytes_at(ctx, 0, sizeof(struct ethhdr));
	if (!p.data)
		return XDP_PASS;
	if (p.length > p.server->inner_mtu)
		return handle_too_big(ctx, &p, pctx);
	return send_to_server(ctx, own, &p, t, t->ipv6);
}

#define SERVICE_NEEDS_PORTS (SERVICE_HASH_MASK | SERVICE_TRACKS_FLOWS | SERVICE_PERSISTENCE)

/*
 * The same for the other protocols with ports. One service has all packets of UDP-Lite and DCCP: only a service on
 * every protocol matches them.
 */
static __noinline const struct service *rare_fragment_service(__u32 bank_number, __u32 vip_id, __u32 protocol)
{
	const struct vip_record *vip = vip_record_of(bank_number, vip_id);
	const struct range *range;
	__u32 index;

	if (!vip)
		return NULL;
	if (protocol == IPPROTO_SCTP)
		index = vip->sctp_fragments - 1;
	else
		index = find_range(bank_number, vip_id, protocol << 16);
	range = index == NOT_FOUND ? NULL : range_at(bank_number, index);
	if (!range || (protocol != IPPROTO_SCTP && range->service.flags & SERVICE_NEEDS_PORTS))
		return NULL;
	return &range->service;
}

/* The service of later fragments of a protocol with ports, if the ports do not matter; null if they do. */
INLINE const struct service *fragment_service(const struct packet *p, __u32 vip_id, const struct vip_record *vip,
					      const struct tuple *t)
{
	const struct service *service = &vip->fragments[t->protocol == IPPROTO_UDP];

	if (!is_tcp_or_udp(t->protocol))
		return rare_fragment_service(p->bank_number, vip_id, t->protocol);
	return service->flags & SERVICE_USED ? service : NULL;
}

/* An echo request for a VIP that does not forward them to its servers. */
INLINE int handle_echo(struct xdp_md *ctx, const struct packet *p, const struct packet_ctx *pctx,
		       const struct vip_record *vip)
{
	if (pctx->info.first_fragment || pctx->info.later_fragment)
		return drop(DROP_ICMP_UNSUPPORTED, p->bytes);
	if (!(vip->flags & VIP_REPLY_ECHO))
		return drop(DROP_ECHO_REFUSED, p->bytes);
	return reply_to_echo(ctx, p->l3, pctx->info.l4, pctx->lookup.tuple.ipv6);
}

/*
 * Classify, for packets with and without ports: echo, or a later fragment of a protocol with ports. SERVICE_USED is
 * not set when no service matches.
 */
INLINE struct service classify_full(const struct packet *p, const struct packet_ctx *pctx, __u32 vip_id,
				    const struct vip_record *vip, bool is_echo, bool is_fragment)
{
	const struct tuple *t = &pctx->lookup.tuple;
	const struct service *found;
	struct service service = {};

	if (is_echo)
		found = &vip->echo;
	else if (is_fragment)
		found = fragment_service(p, vip_id, vip, t);
	else
		found = classify(p, t, vip_id);
	if (found)
		service = *found;
	return service;
}

/* The bits of struct vip_record of which one is set when some service of the VIP matches the protocol. */
INLINE __u32 flags_of_protocol(__u32 protocol)
{
	return protocol == IPPROTO_TCP	  ? VIP_HAS_TCP
	       : protocol == IPPROTO_UDP  ? VIP_HAS_UDP
	       : protocol == IPPROTO_SCTP ? VIP_HAS_SCTP
					  : VIP_HAS_ANY;
}

/* The drop reason for a packet to a VIP that no service matches. */
INLINE enum drop_reason no_service_reason(const struct packet_ctx *pctx, const struct vip_record *vip)
{
	const struct tuple *t = &pctx->lookup.tuple;

	if (pctx->info.later_fragment && has_ports(t->protocol) && vip->flags & flags_of_protocol(t->protocol))
		return DROP_FRAGMENT_UNKNOWN;
	if (t->quoted)
		return DROP_ICMP_ERROR_UNKNOWN;
	if (has_ports(t->protocol))
		return DROP_NO_SERVICE;
	return t->protocol == (t->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP) ? DROP_ICMP_UNSUPPORTED
									: DROP_PROTOCOL_UNSUPPORTED;
}

/*
 * Select, with the access list before it. A later fragment without a service follows its first fragment, which is
 * tracked here (is_tracked); the service is then that of the first fragment.
 */
INLINE int select_full(struct packet *p, const struct packet_ctx *pctx, const struct vip_record *vip,
		       struct service *service, __u32 selected, bool is_tracked)
{
	const struct tuple *t = &pctx->lookup.tuple;
	const struct l3_info *info = &pctx->info;
	int reason;

	if (!(service->flags & SERVICE_USED)) {
		if (info->later_fragment && find_fragment(p, t, info->fragment_id, service))
			return CONTINUE;
		return no_service_reason(pctx, vip);
	}
	if (features.access_lists && !t->quoted && service->access_set && !is_allowed(service->access_set, t))
		return DROP_ACCESS_DENIED;
	reason = select_server(p, t, selected);
	if (reason)
		return reason;
	if (is_tracked)
		track_fragment(datagram_id(p, t, info->fragment_id), p->server_id & SLOT_SERVER_MASK, service->id,
			       service->profile);
	return CONTINUE;
}

/* What the sender gets when the packet is dropped for the reason: REJECT_*. */
INLINE __u32 reject_policy(const struct packet *p, const struct packet_ctx *pctx, int reason)
{
	if (reason == DROP_NO_SERVER)
		return pctx->on_no_server;
	return reason == DROP_NO_SERVICE || reason == DROP_PROTOCOL_UNSUPPORTED ? p->bank->settings.on_no_service
										: REJECT_NONE;
}

/* A packet to a VIP, with this director's Ethernet address as destination. */
INLINE int handle_vip_packet(struct xdp_md *ctx, struct packet *p, struct packet_ctx *pctx, __u32 vip_id,
			     __u32 selected)
{
	struct tuple *t = &pctx->lookup.tuple;
	struct l3_info *info = &pctx->info;
	const struct vip_record *vip = vip_record_of(p->bank_number, vip_id);
	enum icmp_kind kind = icmp_kind(ctx, p, t, info);
	bool is_echo = kind == ICMP_REQUEST, is_fragment = info->later_fragment && has_ports(t->protocol);
	bool is_first, is_tracked;
	struct service service;
	int reason, action;

	if (!vip)
		return drop(DROP_TABLES_INCONSISTENT, p->bytes);
	if (kind == ICMP_BAD)
		return drop(DROP_MALFORMED, p->bytes);
	if (kind == ICMP_ERROR) {
		int quote = parse_quote(ctx, info->l4 + sizeof(struct icmphdr), p->l3 + p->length, t);

		is_echo = quote == QUOTE_ECHO;
		is_fragment = quote == QUOTE_FRAGMENT;
		/* The director's own echo replies are of no server. */
		if (quote == QUOTE_UNKNOWN || (is_echo && !(vip->flags & VIP_FORWARD_ECHO)))
			return drop(DROP_ICMP_ERROR_UNKNOWN, p->bytes);
	}
	if (is_echo && !(vip->flags & VIP_FORWARD_ECHO))
		return handle_echo(ctx, p, pctx, vip);
	service = classify_full(p, pctx, vip_id, vip, is_echo, is_fragment);
	if (service.flags & SERVICE_USED)
		pctx->service = service.id; /* a capture shows it, also when the packet is dropped */
	is_first = info->first_fragment && !t->quoted && has_ports(t->protocol);
	is_tracked = is_first && !fragment_service(p, vip_id, vip, t);
	/*
	 * Echo has no ports, and fragments that are not tracked must not depend on them: all of a client goes to one
	 * server.
	 */
	if (is_echo || is_fragment || (is_first && !is_tracked))
		service.flags &= ~SERVICE_HASH_MASK;
	p->service = &service;
	pctx->on_no_server = service.flags >> SERVICE_REJECT_SHIFT & 3;
	pctx->bytes = p->bytes;
	pctx->bank_number = p->bank_number;
	pctx->l3 = p->l3;
	pctx->length = p->length;
	pctx->tos = p->tos;
	reason = select_full(p, pctx, vip, &service, selected, is_tracked);
	if (reason)
		return reject(ctx, pctx, reason, reject_policy(p, pctx, reason));
	pctx->server_id = p->server_id;
	pctx->service = service.id;
	pctx->profile = service.profile;
	action = forward_full(ctx, pctx);
	return action == SERVER_GONE ? reject(ctx, pctx, DROP_NO_SERVER, pctx->on_no_server) : action;
}

/* selected: what the fast path has selected, with SELECTED; 0 when it has not. */
GLOBAL int full_path(struct xdp_md *ctx, __u32 bank_number, __u32 selected)
{
	struct packet p = packet_of(ctx, bank_number);
	__be16 type = parse_link(ctx, &p);
	struct l3_info *info;
	struct packet_ctx *pctx;
	struct tuple *t;
	__u32 vip_id;
	int reason;

	if (type == bpf_htons(ETH_P_ARP))
		return reply_to_arp(ctx, bank_number, p.l3);
	pctx = own_packet_ctx();
	if (!pctx)
		return XDP_ABORTED;
	*pctx = (struct packet_ctx){.service = NOT_FOUND};
	t = &pctx->lookup.tuple;
	info = &pctx->info;
	t->ipv6 = type == bpf_htons(ETH_P_IPV6);
	if (type != bpf_htons(ETH_P_IP) && !(features.ipv6 && t->ipv6))
		return XDP_PASS;
	if (!parse_addresses(ctx, &p, t))
		return XDP_PASS;
	p.bytes = frame_bytes(&p);
	reason = t->ipv6 ? parse_header6(ctx, &p, t, info) : parse_header4(ctx, &p, t, info);
	if (features.ipv6 && t->ipv6 && !reason && t->protocol == IPPROTO_ICMPV6 && !info->later_fragment) {
		const struct icmphdr *icmp = bytes_at(ctx, info->l4, sizeof(*icmp));

		if (icmp && info->l4 + sizeof(*icmp) <= p.l3 + p.length && icmp->type == NEIGHBOUR_SOLICIT)
			return reply_to_solicitation(ctx, bank_number, p.l3);
	}
	vip_id = find_vip(&p, t);
	if (vip_id == NOT_FOUND)
		return XDP_PASS;
	if (p.data + sizeof(struct ethhdr) > p.end || !is_for_this_host(ctx, &p))
		return XDP_PASS;
	if (features.peers && is_from_peer(&p))
		return deliver_locally(p.bytes);
	if (!reason)
		reason = parse_transport(ctx, &p, t, info);
	if (reason)
		return drop(reason, p.bytes);
	return handle_vip_packet(ctx, &p, pctx, vip_id, selected);
}

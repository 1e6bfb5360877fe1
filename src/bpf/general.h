/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The general way: VLAN tags, options and extension headers, fragments, ICMP, ranges of ports, VIP prefixes, packets
 * that are too big, and everything that a VIP gets and no service takes. Out of line and parsed anew, so that what is
 * rare costs plain frames neither registers nor cache.
 */
#pragma once
#include "forward.h"
#include "fragments.h"
#include "refuse.h"
#include "slow.h"

#define VLAN_TAGS	  2
#define VLAN_BYTES	  4
#define EXTENSION_HEADERS 6

#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER	   12
#define ICMP6_PARAMETER	   4

INLINE bool is_vlan(__be16 type)
{
	return type == bpf_htons(ETH_P_8021Q) || type == bpf_htons(ETH_P_8021AD);
}

/* EtherType behind up to two tags, and where the header behind it begins. 0: there are more tags, or the frame ends. */
INLINE __be16 parse_link(struct xdp_md *ctx, struct packet *p)
{
	__u32 at = 2 * ETH_ALEN;
	__be16 *type = bytes_at(ctx, at, sizeof(*type));

	for (__u32 tag = 0; tag < VLAN_TAGS && type && is_vlan(*type); tag++) {
		at += VLAN_BYTES;
		type = bytes_at(ctx, at, sizeof(*type));
	}
	p->l3 = at + sizeof(*type);
	return type && !is_vlan(*type) ? *type : 0;
}

/* The addresses alone: enough to know whether the packet is for a VIP at all. */
INLINE bool parse_addresses(struct xdp_md *ctx, const struct packet *p, struct tuple *t)
{
	if (t->six) {
		const struct ipv6hdr *ip = bytes_at(ctx, p->l3, sizeof(*ip));

		if (!ip)
			return false;
		t->source[0] = ((const __u64 *)&ip->saddr)[0];
		t->source[1] = ((const __u64 *)&ip->saddr)[1];
		t->destination[0] = ((const __u64 *)&ip->daddr)[0];
		t->destination[1] = ((const __u64 *)&ip->daddr)[1];
	} else {
		const struct iphdr *ip = bytes_at(ctx, p->l3, sizeof(*ip));

		if (!ip)
			return false;
		t->source[0] = ip->saddr;
		t->destination[0] = ip->daddr;
	}
	return true;
}

INLINE int parse_header4(struct xdp_md *ctx, struct packet *p, struct tuple *t, struct shape *shape)
{
	const struct iphdr *ip = bytes_at(ctx, p->l3, sizeof(*ip));
	__u32 header, fragment;

	if (!ip)
		return DROP_MALFORMED;
	header = (*(const __u8 *)ip & 15) * 4;
	p->length = bpf_ntohs(ip->tot_len);
	p->tos = ip->tos;
	if (*(const __u8 *)ip >> 4 != 4 || header < sizeof(*ip) || p->length < header || p->l3 + p->length > p->bytes)
		return DROP_MALFORMED;
	t->protocol = ip->protocol;
	fragment = bpf_ntohs(ip->frag_off);
	shape->l4 = p->l3 + header;
	shape->fragment_id = ip->id;
	shape->later = fragment & OFFSET_MASK;
	shape->first = !shape->later && fragment & MORE_FRAGMENTS;
	shape->may_fragment = !(fragment & DONT_FRAGMENT);
	return GO_ON;
}

/* What is in front of the transport header, RFC 8200 section 4. */
INLINE int parse_header6(struct xdp_md *ctx, struct packet *p, struct tuple *t, struct shape *shape)
{
	const struct ipv6hdr *ip = bytes_at(ctx, p->l3, sizeof(*ip));
	__u32 at = p->l3 + sizeof(*ip), next;

	if (!ip)
		return DROP_MALFORMED;
	p->length = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	p->tos = bpf_ntohl(*(const __be32 *)ip) >> 20 & 0xff;
	if (*(const __u8 *)ip >> 4 != 6 || p->l3 + p->length > p->bytes)
		return DROP_MALFORMED;
	next = ip->nexthdr;
	for (__u32 i = 0; i <= EXTENSION_HEADERS; i++) {
		const __u8 *header;
		__u32 length;

		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_FRAGMENT &&
		    next != IPPROTO_DSTOPTS && next != IPPROTO_AH) {
			t->protocol = next;
			shape->l4 = at;
			return GO_ON;
		}
		if (i == EXTENSION_HEADERS)
			break;
		header = bytes_at(ctx, at, 8);
		if (!header || at + 8 > p->l3 + p->length)
			return DROP_MALFORMED;
		length = next == IPPROTO_FRAGMENT ? 8 : next == IPPROTO_AH ? (header[1] + 2) * 4 : (header[1] + 1) * 8;
		if (next == IPPROTO_ROUTING && !header[2])
			break; /* type 0, RFC 5095 */
		if (next == IPPROTO_FRAGMENT) {
			__u32 fragment = bpf_ntohs(*(const __be16 *)(header + 2));

			shape->fragment_id = *(const __u32 *)(header + 4);
			shape->later = fragment & ~7;
			shape->first = !shape->later && fragment & 1;
		}
		next = header[0];
		at += length;
		if (at > p->l3 + p->length)
			return DROP_MALFORMED;
		if (shape->later) {
			t->protocol = next;
			shape->l4 = at;
			return GO_ON;
		}
	}
	return DROP_EXTENSION_HEADERS;
}

/* Ports and TCP flags, where there are any. */
INLINE int parse_transport(struct xdp_md *ctx, const struct packet *p, struct tuple *t, const struct shape *shape)
{
	const __u8 *tcp;
	const __u32 *ports;

	if (shape->later || !has_ports(t->protocol))
		return GO_ON;
	ports = bytes_at(ctx, shape->l4, 8);
	if (!ports || shape->l4 + 8 > p->l3 + p->length)
		return DROP_MALFORMED;
	t->ports = *ports;
	tcp = t->protocol == IPPROTO_TCP ? bytes_at(ctx, shape->l4, TCP_MINIMUM) : NULL;
	if (tcp && shape->l4 + TCP_MINIMUM <= p->l3 + p->length)
		t->tcp_flags = tcp[TCP_FLAGS_AT];
	return GO_ON;
}

INLINE bool is_error(const struct icmphdr *icmp, bool six)
{
	if (six)
		return icmp->type >= 1 && icmp->type <= ICMP6_PARAMETER;
	return icmp->type == ICMP_UNREACHABLE || icmp->type == ICMP_TIME_EXCEEDED || icmp->type == ICMP_PARAMETER;
}

/*
 * An error about a packet that a server sent: the tuple becomes that of the flow, the other way round than the packet
 * that is quoted. Eight bytes of its transport header are enough (RFC 792).
 */
GLOBAL int parse_quote(struct xdp_md *ctx, __u32 at, __u32 datagram_end, struct tuple *t)
{
	const __u32 *ports;
	__u32 l4;

	if (!t)
		return false;
	if (t->six) {
		const struct ipv6hdr *ip = bytes_at(ctx, at, sizeof(*ip));

		if (!ip || at + sizeof(*ip) > datagram_end || *(const __u8 *)ip >> 4 != 6 ||
		    ((const __u64 *)&ip->saddr)[0] != t->destination[0] ||
		    ((const __u64 *)&ip->saddr)[1] != t->destination[1])
			return false;
		t->source[0] = ((const __u64 *)&ip->daddr)[0];
		t->source[1] = ((const __u64 *)&ip->daddr)[1];
		t->protocol = ip->nexthdr;
		l4 = at + sizeof(*ip);
	} else {
		const struct iphdr *ip = bytes_at(ctx, at, sizeof(*ip));

		if (!ip || at + sizeof(*ip) > datagram_end || *(const __u8 *)ip >> 4 != 4 ||
		    (*(const __u8 *)ip & 15) < 5 || ip->saddr != (__u32)t->destination[0] ||
		    ip->frag_off & bpf_htons(OFFSET_MASK))
			return false;
		t->source[0] = ip->daddr;
		t->protocol = ip->protocol;
		l4 = at + (*(const __u8 *)ip & 15) * 4;
	}
	ports = bytes_at(ctx, l4, 8);
	if (!ports || l4 + 8 > datagram_end || !has_ports(t->protocol))
		return false;
	t->ports = *ports << 16 | *ports >> 16;
	t->quoted = true;
	return true;
}

/*
 * Whether an ICMP error may answer the packet, RFC 1122 section 3.2.2 and RFC 4443 section 2.4: none about errors,
 * later fragments or what nobody or everybody seems to have sent. Who sends the smallest IPv6 packet cannot do better.
 */
INLINE bool may_be_told(const struct tuple *t, const struct passage *g)
{
	__u32 source = bpf_ntohl((__u32)t->source[0]);

	if (t->quoted || g->shape.later)
		return false;
	if (t->six)
		return (__u8)t->source[0] != 0xff && (t->source[0] || t->source[1] & ~bpf_cpu_to_be64(1)) &&
		       g->length > SMALLEST_MTU6;
	return source >> 24 && source >> 24 != 127 && source >> 24 < 224;
}

/* Too big for the way to its server: tells the client, or has it fragmented. */
INLINE int too_big(struct xdp_md *ctx, struct packet *p, struct tuple *t, const struct passage *g)
{
	__u32 policy = p->half->profiles[g->profile & (PROFILES - 1)].too_big, mtu = way_out_mtu(p);
	bool fragments = policy == TOO_BIG_FRAGMENT || (policy == TOO_BIG_ANSWER && g->shape.may_fragment);

	/* Without an outer header it is the datagram itself, which only IPv4 lets a router fragment. */
	if (p->server->encapsulation == ENCAPSULATION_NONE)
		fragments = g->shape.may_fragment && !g->shape.first && !g->shape.later;
	if (policy == TOO_BIG_DROP)
		return drop(DROP_TOO_BIG, p->bytes);
	if (!fragments && !may_be_told(t, g))
		return drop(DROP_TOO_BIG, p->bytes);
	if (!fragments)
		return t->six ? answer_too_big6(ctx, p->half_number, p->l3, p->server->room)
			      : answer_too_big4(ctx, p->half_number, p->l3, p->server->room);
	if (encapsulate(ctx, p, t, t->six))
		return drop(DROP_NO_HEADROOM, p->bytes);
	return hand_over(ctx, p->server->ifindex, mtu, p->l3, p->bytes);
}

GLOBAL int pass_on(struct xdp_md *ctx, const struct passage *g)
{
	struct service service = {};
	struct cpu_counters *own;
	struct packet p;
	struct tuple t;

	if (!g || g->l3 > sizeof(struct ethhdr) + VLAN_TAGS * VLAN_BYTES || g->l3 < sizeof(struct ethhdr))
		return XDP_PASS;
	p = packet_of(ctx, g->half_number);
	p.l3 = g->l3;
	p.length = g->length;
	p.tos = g->tos;
	p.bytes = g->bytes;
	p.server_id = g->server_id & SLOT_SERVER_MASK;
	service.id = g->service;
	p.service = &service;
	t = g->query.tuple;
	p.server = server_of(p.half_number, p.server_id);
	if (!p.server || !(p.server->flags & SERVER_USED))
		return drop(DROP_NO_SERVER, p.bytes);
	if (g->server_id & REPLY_RESET && t.protocol == IPPROTO_TCP && !t.quoted && !g->shape.later)
		return answer_reset(ctx, p.l3, g->shape.l4, p.l3 + p.length, t.six);
	own = own_counters();
	if (!own)
		return XDP_ABORTED;
	if (p.server->flags & SERVER_LOCAL) {
		account_forwarded(own, &p);
		if (is_capturing())
			note_outcome(DECISION_DELIVER_LOCALLY);
		return XDP_PASS;
	}
	p.data = bytes_at(ctx, 0, sizeof(struct ethhdr));
	if (!p.data)
		return XDP_PASS;
	if (p.length > p.server->room)
		return too_big(ctx, &p, &t, g);
	return send(ctx, own, &p, &t, t.six);
}

/* Why no service takes a packet to a VIP. */
INLINE enum drop_reason refusal(const struct tuple *t)
{
	if (t->quoted)
		return DROP_ICMP_ERROR_UNKNOWN;
	if (has_ports(t->protocol))
		return DROP_NO_SERVICE;
	return t->protocol == (t->six ? IPPROTO_ICMPV6 : IPPROTO_ICMP) ? DROP_ICMP_UNSUPPORTED
								       : DROP_PROTOCOL_UNSUPPORTED;
}

enum icmp_kind {
	ICMP_NONE, /* no ICMP, or no special kind of it */
	ICMP_REQUEST,
	ICMP_ERROR,
	ICMP_BAD,
};

INLINE enum icmp_kind icmp_kind(struct xdp_md *ctx, const struct packet *p, const struct tuple *t,
				const struct shape *shape)
{
	const struct icmphdr *icmp;

	if (t->protocol != (t->six ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return ICMP_NONE;
	if (shape->later)
		return ICMP_REQUEST; /* nothing else is long enough */
	icmp = bytes_at(ctx, shape->l4, sizeof(*icmp));
	if (!icmp || shape->l4 + sizeof(*icmp) > p->l3 + p->length)
		return ICMP_BAD;
	if (icmp->type == (t->six ? ICMP6_ECHO : ICMP_ECHO) && !icmp->code)
		return ICMP_REQUEST;
	return is_error(icmp, t->six) ? ICMP_ERROR : ICMP_NONE;
}

/* A packet to a VIP, addressed to this director. */
INLINE int serve(struct xdp_md *ctx, struct packet *p, struct passage *g, __u32 vip_number)
{
	struct tuple *t = &g->query.tuple;
	struct shape *shape = &g->shape;
	const struct vip_record *vip = record_of(p->half_number, vip_number);
	enum icmp_kind kind = icmp_kind(ctx, p, t, shape);
	struct service service = {};
	const struct service *found;
	int reason;

	if (!vip)
		return drop(DROP_TABLES_INCONSISTENT, p->bytes);
	if (kind == ICMP_BAD)
		return drop(DROP_MALFORMED, p->bytes);
	if (kind == ICMP_ERROR && !parse_quote(ctx, shape->l4 + sizeof(struct icmphdr), p->l3 + p->length, t))
		return drop(DROP_ICMP_ERROR_UNKNOWN, p->bytes);
	if (kind == ICMP_REQUEST) {
		found = &vip->echo;
		if (!(vip->flags & VIP_FORWARD_ECHO)) {
			if (shape->first || shape->later)
				return drop(DROP_ICMP_UNSUPPORTED, p->bytes);
			if (!(vip->flags & VIP_ANSWER_ECHO))
				return drop(DROP_ECHO_REFUSED, p->bytes);
			return answer_echo(ctx, p->l3, shape->l4, t->six);
		}
	} else if (shape->later && has_ports(t->protocol)) {
		found = &vip->fragments[t->protocol == IPPROTO_UDP];
	} else {
		found = classify(p, t, vip_number);
	}
	if (found)
		service = *found;
	if (service.flags & SERVICE_USED)
		g->service = service.id;
	if (kind == ICMP_REQUEST)
		service.flags &= ~SERVICE_HASH_MASK; /* all echo of a client to one server, as there are no ports */
	p->service = &service;
	if (shape->later && !(service.flags & SERVICE_USED) && recall_fragment(p, t, shape->fragment_id, &service)) {
		/* it follows the first one */
	} else if (service.flags & SERVICE_USED) {
		if (switches.access && !t->quoted && service.access_set && !is_allowed(service.access_set, t))
			return drop(DROP_ACCESS_DENIED, p->bytes);
		reason = select_server(p, t);
		if (reason)
			return drop(reason, p->bytes);
		if (shape->first && !t->quoted && has_ports(t->protocol) &&
		    !(vip->fragments[t->protocol == IPPROTO_UDP].flags & SERVICE_USED))
			remember_fragment(datagram_id(p, t, shape->fragment_id), p->server_id & SLOT_SERVER_MASK,
					  service.id, service.profile);
	} else if (shape->later && vip->flags & (t->protocol == IPPROTO_UDP ? VIP_HAS_UDP : VIP_HAS_TCP) &&
		   has_ports(t->protocol)) {
		return drop(DROP_FRAGMENT_UNKNOWN, p->bytes);
	} else {
		return drop(refusal(t), p->bytes);
	}
	g->bytes = p->bytes;
	g->half_number = p->half_number;
	g->l3 = p->l3;
	g->length = p->length;
	g->tos = p->tos;
	g->server_id = p->server_id;
	g->service = service.id;
	g->profile = service.profile;
	return pass_on(ctx, g);
}

GLOBAL int general(struct xdp_md *ctx, __u32 half_number)
{
	struct packet p = packet_of(ctx, half_number);
	__be16 type = parse_link(ctx, &p);
	struct shape *shape;
	struct passage *g;
	struct tuple *t;
	__u32 vip_number;
	int reason;

	if (type == bpf_htons(ETH_P_ARP))
		return answer_arp(ctx, half_number, p.l3);
	g = own_passage();
	if (!g)
		return XDP_ABORTED;
	*g = (struct passage){.service = NOTHING};
	t = &g->query.tuple;
	shape = &g->shape;
	t->six = type == bpf_htons(ETH_P_IPV6);
	if (type != bpf_htons(ETH_P_IP) && !(switches.ipv6 && t->six))
		return XDP_PASS;
	if (!parse_addresses(ctx, &p, t))
		return XDP_PASS;
	p.bytes = frame_bytes(&p);
	reason = t->six ? parse_header6(ctx, &p, t, shape) : parse_header4(ctx, &p, t, shape);
	if (switches.ipv6 && t->six && !reason && t->protocol == IPPROTO_ICMPV6 && !shape->later) {
		const struct icmphdr *icmp = bytes_at(ctx, shape->l4, sizeof(*icmp));

		if (icmp && shape->l4 + sizeof(*icmp) <= p.l3 + p.length && icmp->type == NEIGHBOUR_SOLICIT)
			return answer_neighbour(ctx, half_number, p.l3);
	}
	vip_number = find_vip(&p, t);
	if (vip_number == NOTHING)
		return XDP_PASS;
	if (p.data + sizeof(struct ethhdr) > p.end || !is_for_us(ctx, &p))
		return XDP_PASS;
	if (switches.peers && is_from_peer(&p))
		return deliver_locally(p.bytes);
	if (!reason)
		reason = parse_transport(ctx, &p, t, shape);
	if (reason)
		return drop(reason, p.bytes);
	return serve(ctx, &p, g, vip_number);
}

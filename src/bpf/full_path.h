/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * The full path: VLAN tags, options and extension headers, fragments, ICMP, port ranges, VIP prefixes, packets that
 * are too big, and packets to a VIP that no service matches. It is out of line and parses the frame again, so that
 * rare cases cost fast-path frames neither registers nor cache.
 */
#pragma once
#include "forward.h"
#include "fragments.h"
#include "icmp_error.h"
#include "punt.h"

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

/*
 * The EtherType after up to two VLAN tags, and the offset of the header that follows. 0: more than two tags, or the
 * frame ends.
 */
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

/* Reads only the addresses: enough to know whether the packet is for a VIP at all. */
INLINE bool parse_addresses(struct xdp_md *ctx, const struct packet *p, struct tuple *t)
{
	if (t->ipv6) {
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

INLINE int parse_header4(struct xdp_md *ctx, struct packet *p, struct tuple *t, struct l3_info *info)
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
	info->l4 = p->l3 + header;
	info->fragment_id = ip->id;
	info->later_fragment = fragment & OFFSET_MASK;
	info->first_fragment = !info->later_fragment && fragment & MORE_FRAGMENTS;
	info->may_fragment = !(fragment & DONT_FRAGMENT);
	return CONTINUE;
}

/* Headers in front of the transport header, RFC 8200 section 4. */
INLINE int parse_header6(struct xdp_md *ctx, struct packet *p, struct tuple *t, struct l3_info *info)
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
			info->l4 = at;
			return CONTINUE;
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

			info->fragment_id = *(const __u32 *)(header + 4);
			info->later_fragment = fragment & ~7;
			info->first_fragment = !info->later_fragment && fragment & 1;
		}
		next = header[0];
		at += length;
		if (at > p->l3 + p->length)
			return DROP_MALFORMED;
		if (info->later_fragment) {
			t->protocol = next;
			info->l4 = at;
			return CONTINUE;
		}
	}
	return DROP_EXTENSION_HEADERS;
}

/* Ports and TCP flags, if the datagram has them. */
INLINE int parse_transport(struct xdp_md *ctx, const struct packet *p, struct tuple *t, const struct l3_info *info)
{
	const __u8 *tcp;
	const __u32 *ports;

	if (info->later_fragment || !has_ports(t->protocol))
		return CONTINUE;
	ports = bytes_at(ctx, info->l4, 8);
	if (!ports || info->l4 + 8 > p->l3 + p->length)
		return DROP_MALFORMED;
	t->ports = *ports;
	tcp = t->protocol == IPPROTO_TCP ? bytes_at(ctx, info->l4, TCP_MINIMUM) : NULL;
	if (tcp && info->l4 + TCP_MINIMUM <= p->l3 + p->length)
		t->tcp_flags = tcp[TCP_FLAGS_AT];
	return CONTINUE;
}

INLINE bool is_error(const struct icmphdr *icmp, bool ipv6)
{
	if (ipv6)
		return icmp->type >= 1 && icmp->type <= ICMP6_PARAMETER;
	return icmp->type == ICMP_UNREACHABLE || icmp->type == ICMP_TIME_EXCEEDED || icmp->type == ICMP_PARAMETER;
}

/*
 * An ICMP error about a packet that a server sent: the tuple becomes that of the flow, which is the quoted packet's
 * reversed. Eight bytes of the quoted transport header are enough (RFC 792).
 */
GLOBAL int parse_quote(struct xdp_md *ctx, __u32 at, __u32 datagram_end, struct tuple *t)
{
	const __u32 *ports;
	__u32 l4;

	if (!t)
		return false;
	if (t->ipv6) {
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
		return t->ipv6 ? send_too_big6(ctx, p->bank_number, p->l3, p->server->inner_mtu)
			       : send_too_big4(ctx, p->bank_number, p->l3, p->server->inner_mtu);
	if (encapsulate(ctx, p, t, t->ipv6))
		return drop(DROP_NO_HEADROOM, p->bytes);
	return punt(ctx, p->server->ifindex, mtu, p->l3, p->bytes);
}

GLOBAL int forward_full(struct xdp_md *ctx, const struct packet_ctx *pctx)
{
	struct service service = {};
	struct cpu_counters *own;
	struct packet p;
	struct tuple t;

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
	t = pctx->lookup.tuple;
	p.server = server_of(p.bank_number, p.server_id);
	if (!p.server || !(p.server->flags & SERVER_USED))
		return drop(DROP_NO_SERVER, p.bytes);
	if (pctx->server_id & REPLY_RESET && t.protocol == IPPROTO_TCP && !t.quoted && !pctx->info.later_fragment)
		return send_tcp_reset(ctx, p.l3, pctx->info.l4, p.l3 + p.length, t.ipv6);
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
		return handle_too_big(ctx, &p, &t, pctx);
	return send_to_server(ctx, own, &p, &t, t.ipv6);
}

enum icmp_kind {
	ICMP_NONE, /* not ICMP, or ICMP of another kind */
	ICMP_REQUEST,
	ICMP_ERROR,
	ICMP_BAD,
};

INLINE enum icmp_kind icmp_kind(struct xdp_md *ctx, const struct packet *p, const struct tuple *t,
				const struct l3_info *info)
{
	const struct icmphdr *icmp;

	if (t->protocol != (t->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return ICMP_NONE;
	if (info->later_fragment)
		return ICMP_REQUEST; /* no other ICMP message is long enough to be fragmented */
	icmp = bytes_at(ctx, info->l4, sizeof(*icmp));
	if (!icmp || info->l4 + sizeof(*icmp) > p->l3 + p->length)
		return ICMP_BAD;
	if (icmp->type == (t->ipv6 ? ICMP6_ECHO : ICMP_ECHO) && !icmp->code)
		return ICMP_REQUEST;
	return is_error(icmp, t->ipv6) ? ICMP_ERROR : ICMP_NONE;
}

/* The service of later fragments of TCP or UDP. It has SERVICE_USED only if the ports do not matter. */
INLINE const struct service *fragment_service(const struct vip_record *vip, const struct tuple *t)
{
	return &vip->fragments[t->protocol == IPPROTO_UDP];
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

/* Classify, for packets with and without ports. SERVICE_USED is not set when no service matches. */
INLINE struct service classify_full(const struct packet *p, const struct packet_ctx *pctx, __u32 vip_id,
				    const struct vip_record *vip, bool is_echo)
{
	const struct tuple *t = &pctx->lookup.tuple;
	const struct service *found;
	struct service service = {};

	if (is_echo)
		found = &vip->echo;
	else if (pctx->info.later_fragment && has_ports(t->protocol))
		found = fragment_service(vip, t);
	else
		found = classify(p, t, vip_id);
	if (found)
		service = *found;
	return service;
}

/* The drop reason for a packet to a VIP that no service matches. */
INLINE enum drop_reason no_service_reason(const struct packet_ctx *pctx, const struct vip_record *vip)
{
	const struct tuple *t = &pctx->lookup.tuple;

	if (pctx->info.later_fragment && vip->flags & (t->protocol == IPPROTO_UDP ? VIP_HAS_UDP : VIP_HAS_TCP) &&
	    has_ports(t->protocol))
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
 * tracked here; the service is then that of the first fragment.
 */
INLINE int select_full(struct packet *p, const struct packet_ctx *pctx, const struct vip_record *vip,
		       struct service *service)
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
	reason = select_server(p, t);
	if (reason)
		return reason;
	if (info->first_fragment && !t->quoted && has_ports(t->protocol) &&
	    !(fragment_service(vip, t)->flags & SERVICE_USED))
		track_fragment(datagram_id(p, t, info->fragment_id), p->server_id & SLOT_SERVER_MASK, service->id,
			       service->profile);
	return CONTINUE;
}

/* A packet to a VIP, with this director's Ethernet address as destination. */
INLINE int handle_vip_packet(struct xdp_md *ctx, struct packet *p, struct packet_ctx *pctx, __u32 vip_id)
{
	struct tuple *t = &pctx->lookup.tuple;
	struct l3_info *info = &pctx->info;
	const struct vip_record *vip = vip_record_of(p->bank_number, vip_id);
	enum icmp_kind kind = icmp_kind(ctx, p, t, info);
	struct service service;
	int reason;

	if (!vip)
		return drop(DROP_TABLES_INCONSISTENT, p->bytes);
	if (kind == ICMP_BAD)
		return drop(DROP_MALFORMED, p->bytes);
	if (kind == ICMP_ERROR && !parse_quote(ctx, info->l4 + sizeof(struct icmphdr), p->l3 + p->length, t))
		return drop(DROP_ICMP_ERROR_UNKNOWN, p->bytes);
	if (kind == ICMP_REQUEST && !(vip->flags & VIP_FORWARD_ECHO))
		return handle_echo(ctx, p, pctx, vip);
	service = classify_full(p, pctx, vip_id, vip, kind == ICMP_REQUEST);
	if (service.flags & SERVICE_USED)
		pctx->service = service.id; /* a capture shows it, also when the packet is dropped */
	if (kind == ICMP_REQUEST)
		service.flags &= ~SERVICE_HASH_MASK; /* echo requests have no ports: all of a client go to one server */
	p->service = &service;
	reason = select_full(p, pctx, vip, &service);
	if (reason)
		return drop(reason, p->bytes);
	pctx->bytes = p->bytes;
	pctx->bank_number = p->bank_number;
	pctx->l3 = p->l3;
	pctx->length = p->length;
	pctx->tos = p->tos;
	pctx->server_id = p->server_id;
	pctx->service = service.id;
	pctx->profile = service.profile;
	return forward_full(ctx, pctx);
}

GLOBAL int full_path(struct xdp_md *ctx, __u32 bank_number)
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
	return handle_vip_packet(ctx, &p, pctx, vip_id);
}

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Parse, for the full path: VLAN tags, options and extension headers, fragments, and the flow that an ICMP error
 * quotes. Every offset is checked against the frame and against the length of the datagram.
 */
#pragma once
#include "icmp.h"
#include "packet_ctx.h"
#include "parse.h"

#define VLAN_TAGS	  2
#define VLAN_BYTES	  4
#define EXTENSION_HEADERS 6

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

/*
 * Headers in front of the transport header, RFC 8200 section 4, up to the header of a later fragment. `next` is the
 * type of the first one, at `at`.
 */
INLINE int parse_extensions(struct xdp_md *ctx, __u32 next, __u32 at, __u32 datagram_end, struct tuple *t,
			    struct l3_info *info)
{
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
		if (!header || at + 8 > datagram_end)
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
		if (at > datagram_end)
			return DROP_MALFORMED;
		if (info->later_fragment) {
			t->protocol = next;
			info->l4 = at;
			return CONTINUE;
		}
	}
	return DROP_EXTENSION_HEADERS;
}

INLINE int parse_header6(struct xdp_md *ctx, struct packet *p, struct tuple *t, struct l3_info *info)
{
	const struct ipv6hdr *ip = bytes_at(ctx, p->l3, sizeof(*ip));

	if (!ip)
		return DROP_MALFORMED;
	p->length = bpf_ntohs(ip->payload_len) + sizeof(*ip);
	p->tos = bpf_ntohl(*(const __be32 *)ip) >> 20 & 0xff;
	if (*(const __u8 *)ip >> 4 != 6 || p->l3 + p->length > p->bytes)
		return DROP_MALFORMED;
	return parse_extensions(ctx, ip->nexthdr, p->l3 + sizeof(*ip), p->l3 + p->length, t, info);
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

/* What an ICMP error quotes. */
enum quote_kind {
	QUOTE_UNKNOWN,	/* no packet that a server sent from this VIP, or too little of it */
	QUOTE_FLOW,	/* a packet whose protocol and ports, if it has ports, are known */
	QUOTE_FRAGMENT, /* a later fragment of a protocol with ports, which has none itself */
	QUOTE_ECHO,	/* an echo reply */
};

/*
 * The kind of a quoted ICMP message. A later fragment is one of an echo reply, since no other message is long enough;
 * there is no error about an error (RFC 1122 section 3.2.2).
 */
INLINE enum quote_kind quoted_icmp(struct xdp_md *ctx, __u32 l4, __u32 datagram_end, bool ipv6, bool later_fragment)
{
	const struct icmphdr *icmp = bytes_at(ctx, l4, sizeof(*icmp));

	if (later_fragment)
		return QUOTE_ECHO;
	if (!icmp || l4 + sizeof(*icmp) > datagram_end || is_error(icmp, ipv6))
		return QUOTE_UNKNOWN;
	return icmp->type == (ipv6 ? ICMP6_ECHOREPLY : ICMP_ECHOREPLY) && !icmp->code ? QUOTE_ECHO : QUOTE_FLOW;
}

/*
 * An ICMP error about a packet that a server sent: the tuple becomes that of the flow, which is the quoted packet's
 * reversed. Eight bytes of the quoted transport header are enough (RFC 792). A quoted packet without ports is parsed as
 * one that arrives: its addresses and its protocol decide. Returns an enum quote_kind.
 */
GLOBAL int parse_quote(struct xdp_md *ctx, __u32 at, __u32 datagram_end, struct tuple *t)
{
	struct l3_info info = {};
	const __u32 *ports;

	if (!t)
		return QUOTE_UNKNOWN;
	if (t->ipv6) {
		const struct ipv6hdr *ip = bytes_at(ctx, at, sizeof(*ip));

		if (!ip || at + sizeof(*ip) > datagram_end || *(const __u8 *)ip >> 4 != 6 ||
		    ((const __u64 *)&ip->saddr)[0] != t->destination[0] ||
		    ((const __u64 *)&ip->saddr)[1] != t->destination[1])
			return QUOTE_UNKNOWN;
		t->source[0] = ((const __u64 *)&ip->daddr)[0];
		t->source[1] = ((const __u64 *)&ip->daddr)[1];
		if (parse_extensions(ctx, ip->nexthdr, at + sizeof(*ip), datagram_end, t, &info))
			return QUOTE_UNKNOWN;
	} else {
		const struct iphdr *ip = bytes_at(ctx, at, sizeof(*ip));

		if (!ip || at + sizeof(*ip) > datagram_end || *(const __u8 *)ip >> 4 != 4 ||
		    (*(const __u8 *)ip & 15) < 5 || ip->saddr != (__u32)t->destination[0])
			return QUOTE_UNKNOWN;
		t->source[0] = ip->daddr;
		t->protocol = ip->protocol;
		info.later_fragment = ip->frag_off & bpf_htons(OFFSET_MASK);
		info.l4 = at + (*(const __u8 *)ip & 15) * 4;
	}
	t->quoted = true;
	if (t->protocol == (t->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP))
		return quoted_icmp(ctx, info.l4, datagram_end, t->ipv6, info.later_fragment);
	if (!has_ports(t->protocol))
		return QUOTE_FLOW;
	if (info.later_fragment)
		return QUOTE_FRAGMENT;
	ports = bytes_at(ctx, info.l4, 8);
	if (!ports || info.l4 + 8 > datagram_end)
		return QUOTE_UNKNOWN;
	t->ports = *ports << 16 | *ports >> 16;
	return QUOTE_FLOW;
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

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Outer headers: IPv4 or IPv6, followed by nothing, GRE or GUE. A packet that is not from a director for a VIP of
 * this server passes to the rest of the host, or is dropped where decapsulation elsewhere would deliver it to the
 * VIP.
 */
#pragma once
#include "tcp.h"

#define IP_MORE_FRAGMENTS 0x2000
#define MAX_HEADER_WORDS  15
#define GUE_BYTES	  12 /* UDP header and GUE header */
#define GRE_BYTES	  4

struct outer {
	struct address source, destination;
	__u32 header; /* bytes of the IP header, later also of the tunnel header, up to the inner packet */
	__u32 length; /* of the whole datagram */
	__u8 family, tos, protocol, fragment;
};

struct inner {
	struct address destination;
	__u32 length;
	__u32 tcp; /* offset of its TCP header in the datagram; 0: none */
	__u8 family, tos, readable;
};

/* The kernel checks the header checksum only after this program, when the outer header is gone. */
INLINE int is_header_intact(struct __sk_buff *skb, __u32 bytes)
{
	__u32 words[MAX_HEADER_WORDS] = {};
	__u64 sum = 0;

	barrier_var(bytes); /* the compiler knows the bound of a 4-bit field, the verifier does not */
	if (bytes < sizeof(struct iphdr) || bytes > sizeof(words) || bpf_skb_load_bytes(skb, ETH_HLEN, words, bytes))
		return 0;
#pragma unroll
	for (int i = 0; i < MAX_HEADER_WORDS; i++)
		sum += words[i];
	sum = (sum & 0xffffffff) + (sum >> 32);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

/* The length from the header field. An aggregate of more than 64 KiB has 0 in the field and its length in the skb. */
INLINE __u32 length_of(struct __sk_buff *skb, __be16 field, __u32 more, __u32 available)
{
	return !field && skb->gso_size ? available : bpf_ntohs(field) + more;
}

enum { ECN_NOT_ECT = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3, ECN_MASK = 3 };

/*
 * The ECN field of the inner packet after decapsulation, RFC 6040 section 4.2. Negative: the packet must be dropped.
 */
INLINE int ecn_after(__u8 outer, __u8 inner)
{
	outer &= ECN_MASK;
	inner &= ECN_MASK;
	if (outer == ECN_CE)
		return inner == ECN_NOT_ECT ? -1 : ECN_CE;
	return outer == ECN_ECT1 && inner == ECN_ECT0 ? ECN_ECT1 : inner;
}

INLINE int write_tos(struct __sk_buff *skb, const struct inner *inner, __u8 tos)
{
	__be16 words;

	if (inner->family == 4) {
		/* A complete checksum of the skb stays correct, because the sum over the header does not change. */
		if (bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), bpf_htons(inner->tos),
					bpf_htons(tos), sizeof(__be16)))
			return -1;
		return bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct iphdr, tos), &tos, sizeof(tos), 0);
	}
	/* Version, traffic class and the upper bits of the flow label. */
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &words, sizeof(words)))
		return -1;
	words = (words & ~bpf_htons(0x0ff0)) | bpf_htons(tos << 4);
	return bpf_skb_store_bytes(skb, ETH_HLEN, &words, sizeof(words), BPF_F_RECOMPUTE_CSUM);
}

INLINE int strip_outer(struct __sk_buff *skb, const struct outer *outer, const struct inner *inner, int ecn)
{
	__be16 type = inner->family == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	__u8 tos = (inner->tos & ~ECN_MASK) | ecn;
	__s32 bytes = outer->header;
	/*
	 * FIXED_GSO: an aggregate keeps its segment size, which is that of the inner packets. NO_CSUM_RESET: an IP
	 * header has no layer 4 checksum, so the device verified the inner one. With GUE, the device may have
	 * verified the outer UDP checksum.
	 */
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | (outer->protocol == IPPROTO_UDP ? 0 : BPF_F_ADJ_ROOM_NO_CSUM_RESET);

	if (outer->family != inner->family) {
		/*
		 * The kernel must get the new family of the packet. BPF_F_ADJ_ROOM_DECAP_L3_* would set it, but
		 * kernels before 6.3 reject these flags. bpf_skb_change_proto sets the family too, and moves 20
		 * bytes.
		 */
		if (bpf_skb_change_proto(skb, type, 0))
			return -1;
		bytes += inner->family == 4 ? -20 : 20;
	}
	if (bpf_skb_adjust_room(skb, -bytes, BPF_ADJ_ROOM_MAC, flags))
		return -1;
	if (outer->family != inner->family &&
	    bpf_skb_store_bytes(skb, offsetof(struct ethhdr, h_proto), &type, sizeof(type), 0))
		return -1;
	return tos == inner->tos ? 0 : write_tos(skb, inner, tos);
}

INLINE void read_inner(struct __sk_buff *skb, struct inner *inner, __u32 at, __u32 available)
{
	if (inner->family == 4) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, ETH_HLEN + at, &ip, sizeof(ip)) || ip.version != 4)
			return;
		inner->readable = 1;
		inner->tos = ip.tos;
		set4(&inner->destination, ip.daddr);
		inner->length = length_of(skb, ip.tot_len, 0, available);
		/* Too short for any of the following reads to be valid. */
		if (ip.ihl < 5 || inner->length < ip.ihl * 4)
			inner->length = ~0U;
		if (ip.protocol == IPPROTO_TCP && !(ip.frag_off & bpf_htons(FRAGMENT_OFFSET)))
			inner->tcp = at + ip.ihl * 4;
	} else {
		struct ipv6hdr ip;

		if (bpf_skb_load_bytes(skb, ETH_HLEN + at, &ip, sizeof(ip)) || ip.version != 6)
			return;
		inner->readable = 1;
		inner->tos = bpf_ntohs(*(__be16 *)&ip) >> 4;
		set6(&inner->destination, &ip.daddr);
		inner->length = length_of(skb, ip.payload_len, sizeof(ip), available);
		if (ip.nexthdr == IPPROTO_TCP)
			inner->tcp = at + sizeof(ip);
	}
}

/*
 * Reads what follows the outer IP header: the encapsulation, its length and the inner family. Returns TUNNEL_OURS, or
 * why the packet is not for this program; family 0 means malformed.
 */
enum { TUNNEL_OURS = 0, TUNNEL_NOT_OURS, TUNNEL_FOREIGN };

INLINE int read_tunnel(struct __sk_buff *skb, struct outer *outer, const struct settings *configured, __u32 *kind,
		       __u8 *family)
{
	*family = 0;
	*kind = KIND_IPIP;
	switch (outer->protocol) {
	case IPPROTO_IPIP:
		*family = 4;
		return TUNNEL_OURS;
	case IPPROTO_IPV6:
		*family = 6;
		return TUNNEL_OURS;
	case IPPROTO_GRE: {
		__be16 gre[2]; /* flags and version, EtherType: RFC 2784 section 2 */

		*kind = KIND_GRE;
		if (bpf_skb_load_bytes(skb, ETH_HLEN + outer->header, gre, sizeof(gre)))
			return TUNNEL_OURS;
		/*
		 * A key, a sequence number or inner Ethernet: a tunnel of another program; no director sends these.
		 */
		if (gre[0] || (gre[1] != bpf_htons(ETH_P_IP) && gre[1] != bpf_htons(ETH_P_IPV6)))
			return TUNNEL_FOREIGN;
		*family = gre[1] == bpf_htons(ETH_P_IP) ? 4 : 6;
		outer->header += GRE_BYTES;
		return TUNNEL_OURS;
	}
	default: {
		__be16 words[GUE_BYTES / 2] = {}; /* UDP ports, length, checksum; GUE control word */
		int ours = 0;

		*kind = KIND_GUE;
		if (bpf_skb_load_bytes(skb, ETH_HLEN + outer->header, words, 8))
			return TUNNEL_NOT_OURS;
#pragma unroll
		for (int i = 0; i < GUE_PORTS; i++)
			ours |= configured->gue_port[i] == words[1];
		if (!ours || !words[1])
			return TUNNEL_NOT_OURS;
		/* Variant 0, no control message, no optional fields: only the protocol remains. */
		if (bpf_skb_load_bytes(skb, ETH_HLEN + outer->header + 8, words + 4, 4) ||
		    (words[4] & bpf_htons(0xff00)) || words[5] ||
		    length_of(skb, words[2], 0, outer->length - outer->header) != outer->length - outer->header)
			return TUNNEL_OURS;
		outer->header += GUE_BYTES;
		*family = words[4] == bpf_htons(IPPROTO_IPIP) ? 4 : words[4] == bpf_htons(IPPROTO_IPV6) ? 6 : 0;
		return TUNNEL_OURS;
	}
	}
}

INLINE int decapsulate_outer(struct __sk_buff *skb, struct outer *outer)
{
	__u32 zero = 0, available = skb->len - ETH_HLEN, kind, ip_header = outer->header;
	struct settings *configured = bpf_map_lookup_elem(&settings, &zero);
	int from_director, what, ecn;
	struct inner inner = {};
	struct vip *vip = 0;

	if (!configured || (outer->protocol == IPPROTO_UDP && !(configured->kinds & KIND_GUE)))
		return TC_ACT_UNSPEC;
	from_director = is_source(&outer->source);
	/* Only the port shows whose UDP datagram it is, and only the first fragment has the port. */
	if (outer->protocol == IPPROTO_UDP && outer->fragment) {
		if (from_director && bpf_map_lookup_elem(&addresses, &outer->destination))
			count(COUNTER_OUTER_FRAGMENT);
		return TC_ACT_UNSPEC;
	}
	what = TUNNEL_NOT_OURS;
	if (!outer->fragment)
		what = read_tunnel(skb, outer, configured, &kind, &inner.family);
	if (outer->protocol == IPPROTO_UDP && what == TUNNEL_NOT_OURS)
		return TC_ACT_UNSPEC;
	if (!bpf_map_lookup_elem(&addresses, &outer->destination))
		return from_director ? pass_counted(COUNTER_REJECTED_DESTINATION) : TC_ACT_UNSPEC;
	if (outer->fragment)
		return pass_counted(from_director ? COUNTER_OUTER_FRAGMENT : COUNTER_FOREIGN);
	if (what == TUNNEL_FOREIGN)
		return pass_counted(COUNTER_FOREIGN);

	if (inner.family)
		read_inner(skb, &inner, outer->header, available - outer->header);
	if (inner.readable)
		vip = find_vip(&inner.destination);
	if (!from_director)
		return vip ? drop_counted(COUNTER_REJECTED_SOURCE) : pass_counted(COUNTER_FOREIGN);
	if (!(configured->kinds & kind))
		return pass_counted(vip ? COUNTER_OTHER_KIND : COUNTER_FOREIGN);
	if (!inner.readable || inner.length > available || outer->length < outer->header + inner.length ||
	    outer->length > available || (outer->family == 4 && !is_header_intact(skb, ip_header)))
		return drop_counted(COUNTER_MALFORMED);
	if (!vip)
		return drop_counted(COUNTER_REJECTED_VIP);
	ecn = ecn_after(outer->tos, inner.tos);
	if (ecn < 0)
		return drop_counted(COUNTER_ECN_DROPPED);
	if (inner.tcp && is_first_syn(tcp_flags(skb, ETH_HLEN + inner.tcp)))
		count_syn(vip);
	if (strip_outer(skb, outer, &inner, ecn))
		return drop_counted(COUNTER_FAILED);
	count(COUNTER_DECAPSULATED);
	return TC_ACT_UNSPEC;
}

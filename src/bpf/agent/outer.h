/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Outer headers: IPv4 or IPv6, and behind it nothing, GRE or GUE. What does not come from a director for a VIP of this
 * server is left to whoever else it may be for, or dropped where it would get to the VIP in disguise.
 */
#pragma once
#include "tcp.h"

#define IP_MORE_FRAGMENTS 0x2000
#define MAX_HEADER_WORDS  15
#define GUE_BYTES	  12 /* UDP header and GUE header */
#define GRE_BYTES	  4

struct outer {
	struct address source, destination;
	__u32 header; /* bytes of the IP header, and then of what is behind it, up to the inner packet */
	__u32 length; /* of the whole datagram */
	__u8 family, tos, protocol, fragment;
};

struct inner {
	struct address destination;
	__u32 length;
	__u32 tcp; /* where its TCP header is in the datagram; 0: it has none */
	__u8 family, tos, readable;
};

/* The kernel checks the header checksum only after this program, when the outer header is gone. */
INLINE int header_is_intact(struct __sk_buff *skb, __u32 bytes)
{
	__u32 words[MAX_HEADER_WORDS] = {};
	__u64 sum = 0;

	asm volatile("" : "+r"(bytes)); /* the compiler knows the bound of a 4-bit field, the verifier does not */
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

/* A length as its header says it; an aggregate of more than 64 KiB has 0 there and its length in the skb. */
INLINE __u32 length_of(struct __sk_buff *skb, __be16 said, __u32 more, __u32 available)
{
	return !said && skb->gso_size ? available : bpf_ntohs(said) + more;
}

enum { ECN_NOT_ECT = 0, ECN_ECT1 = 1, ECN_ECT0 = 2, ECN_CE = 3, ECN_MASK = 3 };

/* RFC 6040, section 4.2: the mark that the inner packet leaves with; negative: it must be dropped. */
INLINE int ecn_after(__u8 outer, __u8 inner)
{
	outer &= ECN_MASK;
	inner &= ECN_MASK;
	if (outer == ECN_CE)
		return inner == ECN_NOT_ECT ? -1 : ECN_CE;
	return outer == ECN_ECT1 && inner == ECN_ECT0 ? ECN_ECT1 : inner;
}

INLINE int mark(struct __sk_buff *skb, const struct inner *inner, __u8 tos)
{
	__be16 words;

	if (inner->family == 4) {
		/* A complete checksum of the skb stays right: the header sums up to the same as before. */
		if (bpf_l3_csum_replace(skb, ETH_HLEN + offsetof(struct iphdr, check), bpf_htons(inner->tos),
					bpf_htons(tos), sizeof(__be16)))
			return -1;
		return bpf_skb_store_bytes(skb, ETH_HLEN + offsetof(struct iphdr, tos), &tos, sizeof(tos), 0);
	}
	/* Version, traffic class, the upper bits of the flow label. */
	if (bpf_skb_load_bytes(skb, ETH_HLEN, &words, sizeof(words)))
		return -1;
	words = (words & ~bpf_htons(0x0ff0)) | bpf_htons(tos << 4);
	return bpf_skb_store_bytes(skb, ETH_HLEN, &words, sizeof(words), BPF_F_RECOMPUTE_CSUM);
}

INLINE int take_off(struct __sk_buff *skb, const struct outer *outer, const struct inner *inner, int ecn)
{
	__be16 type = inner->family == 4 ? bpf_htons(ETH_P_IP) : bpf_htons(ETH_P_IPV6);
	__u8 tos = (inner->tos & ~ECN_MASK) | ecn;
	__s32 bytes = outer->header;
	/*
	 * FIXED_GSO: an aggregate keeps its segment size, which is the inner one. NO_CSUM_RESET: an IP header has no
	 * checksum of layer 4, so what the device verified was the inner one; of GUE, it may have been the outer UDP's.
	 */
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | (outer->protocol == IPPROTO_UDP ? 0 : BPF_F_ADJ_ROOM_NO_CSUM_RESET);

	if (outer->family != inner->family) {
		/*
		 * The kernel must know the packet by its new family. BPF_F_ADJ_ROOM_DECAP_L3_* would say it, but
		 * kernels before 6.3 refuse it; a change of protocol says it, too, and moves 20 bytes.
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
	return tos == inner->tos ? 0 : mark(skb, inner, tos);
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
		/* Never enough for the rest to be right. */
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
 * What is behind the outer IP header: which encapsulation, how long, and which family is inside. Returns 0, or what to
 * do with the packet; family 0 says that it is malformed.
 */
enum { KNOWN = 0, NOT_OURS, ANOTHER_TUNNEL };

INLINE int read_tunnel(struct __sk_buff *skb, struct outer *outer, const struct settings *agreed, __u32 *kind,
		       __u8 *family)
{
	*family = 0;
	*kind = KIND_IPIP;
	switch (outer->protocol) {
	case IPPROTO_IPIP:
		*family = 4;
		return KNOWN;
	case IPPROTO_IPV6:
		*family = 6;
		return KNOWN;
	case IPPROTO_GRE: {
		__be16 gre[2]; /* flags and version, EtherType: RFC 2784, section 2 */

		*kind = KIND_GRE;
		if (bpf_skb_load_bytes(skb, ETH_HLEN + outer->header, gre, sizeof(gre)))
			return KNOWN;
		/* A key, a sequence number, Ethernet inside: somebody's, but no director's. */
		if (gre[0] || (gre[1] != bpf_htons(ETH_P_IP) && gre[1] != bpf_htons(ETH_P_IPV6)))
			return ANOTHER_TUNNEL;
		*family = gre[1] == bpf_htons(ETH_P_IP) ? 4 : 6;
		outer->header += GRE_BYTES;
		return KNOWN;
	}
	default: {
		__be16 words[GUE_BYTES / 2] = {}; /* UDP ports, length, checksum; GUE control word */
		int ours = 0;

		*kind = KIND_GUE;
		if (bpf_skb_load_bytes(skb, ETH_HLEN + outer->header, words, 8))
			return NOT_OURS;
#pragma unroll
		for (int i = 0; i < GUE_PORTS; i++)
			ours |= agreed->gue_port[i] == words[1];
		if (!ours || !words[1])
			return NOT_OURS;
		/* Variant 0, no control message, no optional fields: what remains is the protocol. */
		if (bpf_skb_load_bytes(skb, ETH_HLEN + outer->header + 8, words + 4, 4) ||
		    (words[4] & bpf_htons(0xff00)) || words[5] ||
		    length_of(skb, words[2], 0, outer->length - outer->header) != outer->length - outer->header)
			return KNOWN;
		outer->header += GUE_BYTES;
		*family = words[4] == bpf_htons(IPPROTO_IPIP) ? 4 : words[4] == bpf_htons(IPPROTO_IPV6) ? 6 : 0;
		return KNOWN;
	}
	}
}

INLINE int decapsulate_outer(struct __sk_buff *skb, struct outer *outer)
{
	__u32 zero = 0, available = skb->len - ETH_HLEN, kind, ip_header = outer->header;
	struct settings *agreed = bpf_map_lookup_elem(&settings, &zero);
	int from_director, what, ecn;
	struct inner inner = {};
	struct vip *vip = 0;

	if (!agreed || (outer->protocol == IPPROTO_UDP && !(agreed->kinds & KIND_GUE)))
		return TC_ACT_UNSPEC;
	from_director = is_source(&outer->source);
	/* A datagram of UDP may be anybody's until its port is seen, which only the first fragment shows. */
	if (outer->protocol == IPPROTO_UDP && outer->fragment) {
		if (from_director && bpf_map_lookup_elem(&addresses, &outer->destination))
			count(COUNTER_OUTER_FRAGMENT);
		return TC_ACT_UNSPEC;
	}
	what = NOT_OURS;
	if (!outer->fragment)
		what = read_tunnel(skb, outer, agreed, &kind, &inner.family);
	if (outer->protocol == IPPROTO_UDP && what == NOT_OURS)
		return TC_ACT_UNSPEC;
	if (!bpf_map_lookup_elem(&addresses, &outer->destination))
		return from_director ? left_alone(COUNTER_REFUSED_DESTINATION) : TC_ACT_UNSPEC;
	if (outer->fragment)
		return left_alone(from_director ? COUNTER_OUTER_FRAGMENT : COUNTER_FOREIGN);
	if (what == ANOTHER_TUNNEL)
		return left_alone(COUNTER_FOREIGN);

	if (inner.family)
		read_inner(skb, &inner, outer->header, available - outer->header);
	if (inner.readable)
		vip = find_vip(&inner.destination);
	if (!from_director)
		return vip ? dropped(COUNTER_REFUSED_SOURCE) : left_alone(COUNTER_FOREIGN);
	if (!(agreed->kinds & kind))
		return left_alone(vip ? COUNTER_OTHER_KIND : COUNTER_FOREIGN);
	if (!inner.readable || inner.length > available || outer->length < outer->header + inner.length ||
	    outer->length > available || (outer->family == 4 && !header_is_intact(skb, ip_header)))
		return dropped(COUNTER_MALFORMED);
	if (!vip)
		return dropped(COUNTER_REFUSED_VIP);
	ecn = ecn_after(outer->tos, inner.tos);
	if (ecn < 0)
		return dropped(COUNTER_ECN_DROPPED);
	if (inner.tcp && is_first_syn(tcp_flags(skb, ETH_HLEN + inner.tcp)))
		count_syn(vip);
	if (take_off(skb, outer, &inner, ecn))
		return dropped(COUNTER_FAILED);
	count(COUNTER_DECAPSULATED);
	return TC_ACT_UNSPEC;
}

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Parse: what the frame says about itself. Nearly all frames are plain: no VLAN tag, no options or extension headers,
 * no fragment. They are recognised by a few comparisons; everything else goes the general way (general.h).
 */
#pragma once
#include "packet.h"

/* The shortest datagram that can be looked at: an IP header and both ports (or the head of an ICMP message). */
#define IPV4_MINIMUM	  (sizeof(struct ethhdr) + sizeof(struct iphdr) + 8)
#define IPV6_MINIMUM	  (sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + 8)
#define OFFSET_MASK	  0x1fff
#define MORE_FRAGMENTS	  0x2000
#define DONT_FRAGMENT	  0x4000
#define FRAGMENT_MASK	  (OFFSET_MASK | MORE_FRAGMENTS)
#define VERSION_AND_WORDS 0x45 /* IPv4 with a header of five words: no options */

/* Offset of the flags in a TCP header, and bytes of it without options. */
#define TCP_FLAGS_AT 13
#define TCP_MINIMUM  20

INLINE bool has_ports(__u32 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* A plain IPv4 datagram; the caller has checked IPV4_MINIMUM. */
INLINE bool parse_plain4(struct packet *p, struct tuple *t)
{
	const struct iphdr *ip = p->data + sizeof(struct ethhdr);

	p->bytes = frame_bytes(p);
	p->length = bpf_ntohs(ip->tot_len);
	p->tos = ip->tos;
	t->source[0] = ip->saddr;
	t->destination[0] = ip->daddr;
	t->protocol = ip->protocol;
	t->ports = *(const __u32 *)(ip + 1);
	return *(const __u8 *)ip == VERSION_AND_WORDS && !(ip->frag_off & bpf_htons(FRAGMENT_MASK)) &&
	       p->length >= sizeof(struct iphdr) + 8 && p->length + sizeof(struct ethhdr) <= p->bytes;
}

/* A plain IPv6 datagram of TCP or UDP; the caller has checked IPV6_MINIMUM. */
INLINE bool parse_plain6(struct packet *p, struct tuple *t)
{
	const struct ipv6hdr *ip = p->data + sizeof(struct ethhdr);
	/* By offset: through the structure, whose alignment is 4, clang would read every word in two halves. */
	const __u64 *addresses = p->data + sizeof(struct ethhdr) + offsetof(struct ipv6hdr, saddr);

	p->bytes = frame_bytes(p);
	p->length = bpf_ntohs(ip->payload_len) + sizeof(struct ipv6hdr);
	p->tos = bpf_ntohl(*(const __be32 *)ip) >> 20 & 0xff;
	t->source[0] = addresses[0];
	t->source[1] = addresses[1];
	t->destination[0] = addresses[2];
	t->destination[1] = addresses[3];
	t->protocol = ip->nexthdr;
	t->ports = *(const __u32 *)(ip + 1);
	t->six = true;
	return *(const __u8 *)ip >> 4 == 6 && has_ports(t->protocol) && p->length >= sizeof(struct ipv6hdr) + 8 &&
	       p->length + sizeof(struct ethhdr) <= p->bytes;
}

/* Where a TCP header begins at a fixed place. */
INLINE __u8 plain_tcp_flags(const struct packet *p, __u32 l4)
{
	if (p->data + l4 + TCP_MINIMUM > p->end)
		return 0;
	return *(const __u8 *)(p->data + l4 + TCP_FLAGS_AT);
}

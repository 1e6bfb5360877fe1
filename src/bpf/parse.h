/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Parse: reads the headers of a frame. Nearly all frames qualify for the fast path: they have no VLAN tag, no options
 * or extension headers, and are no fragments. A few comparisons recognise them; every other frame takes the full path
 * (full_path.h).
 */
#pragma once
#include "packet.h"

/* The shortest datagram that can be examined: an IP header and both ports (or the start of an ICMP message). */
#define IPV4_MINIMUM	  (sizeof(struct ethhdr) + sizeof(struct iphdr) + 8)
#define IPV6_MINIMUM	  (sizeof(struct ethhdr) + sizeof(struct ipv6hdr) + 8)
#define OFFSET_MASK	  0x1fff
#define MORE_FRAGMENTS	  0x2000
#define DONT_FRAGMENT	  0x4000
#define FRAGMENT_MASK	  (OFFSET_MASK | MORE_FRAGMENTS)
#define VERSION_AND_WORDS 0x45 /* IPv4 with a header of five words: no options */
#define FAST4_MASK	  ((__u64)bpf_htons(FRAGMENT_MASK) << 48 | 0xff)

/* Offset of the flags in a TCP header, and length of that header without options. */
#define TCP_FLAGS_AT 13
#define TCP_MINIMUM  20

INLINE bool is_tcp_or_udp(__u32 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP;
}

/* The protocols whose header begins with both ports: RFC 9293, RFC 768, RFC 9260, RFC 3828, RFC 4340. */
INLINE bool has_ports(__u32 protocol)
{
	return is_tcp_or_udp(protocol) || protocol == IPPROTO_SCTP || protocol == IPPROTO_UDPLITE ||
	       protocol == IPPROTO_DCCP;
}

/*
 * Whether an IPv4 datagram qualifies for the fast path; the caller has checked IPV4_MINIMUM. Version, header length,
 * total length and fragmentation lie in the first eight bytes: one load and one comparison cover all of them.
 */
INLINE bool is_fast4(const struct packet *p)
{
	__u64 head = *(const __u64 *)(p->data + sizeof(struct ethhdr)), length = bpf_ntohs(head >> 16);

	/* If length is below the minimum, the unsigned difference is very large. */
	return (head & FAST4_MASK) == VERSION_AND_WORDS &&
	       length - (sizeof(struct iphdr) + 8) <= frame_bytes(p) - IPV4_MINIMUM;
}

/*
 * Whether an IPv6 datagram of TCP or UDP qualifies for the fast path; the caller has checked IPV6_MINIMUM. The rarer
 * protocols with ports take the full path.
 */
INLINE bool is_fast6(const struct packet *p)
{
	const struct ipv6hdr *ip = p->data + sizeof(struct ethhdr);
	__u64 length = bpf_ntohs(ip->payload_len);

	return *(const __u8 *)ip >> 4 == 6 && is_tcp_or_udp(ip->nexthdr) && length - 8 <= frame_bytes(p) - IPV6_MINIMUM;
}

/* The flow of a fast-path packet. */
INLINE struct tuple fast_tuple(void *data, bool ipv6)
{
	struct tuple t = {.ipv6 = ipv6};

	if (ipv6) {
		const struct ipv6hdr *ip = data + sizeof(struct ethhdr);
		/*
		 * By offset: through the structure, whose alignment is 4, clang would read every word in two parts.
		 */
		const __u64 *addresses = (const void *)ip + offsetof(struct ipv6hdr, saddr);

		t.source[0] = addresses[0];
		t.source[1] = addresses[1];
		t.destination[0] = addresses[2];
		t.destination[1] = addresses[3];
		t.protocol = ip->nexthdr;
		t.ports = *(const __u32 *)(ip + 1);
	} else {
		const struct iphdr *ip = data + sizeof(struct ethhdr);

		t.source[0] = ip->saddr;
		t.destination[0] = ip->daddr;
		t.protocol = ip->protocol;
		t.ports = *(const __u32 *)(ip + 1);
	}
	return t;
}

/* Length and traffic class of a fast-path packet. */
INLINE void measure_fast(struct packet *p, bool ipv6)
{
	void *data = BARRIER_PTR(p->data);

	if (ipv6) {
		const struct ipv6hdr *ip = data + sizeof(struct ethhdr);

		p->length = bpf_ntohs(ip->payload_len) + sizeof(*ip);
		p->tos = bpf_ntohl(*(const __be32 *)ip) >> 20 & 0xff;
	} else {
		const struct iphdr *ip = data + sizeof(struct ethhdr);

		p->length = bpf_ntohs(ip->tot_len);
		p->tos = ip->tos;
	}
}

/* The TCP flags of a fast-path packet, whose TCP header is at l4. Bytes after the datagram are padding: 0. */
INLINE __u8 fast_tcp_flags(const struct packet *p, __u32 l4, bool ipv6)
{
	const void *ip = p->data + sizeof(struct ethhdr);
	__u32 length;

	if (p->data + l4 + TCP_MINIMUM > p->end)
		return 0;
	length = ipv6 ? bpf_ntohs(((const struct ipv6hdr *)ip)->payload_len) + sizeof(struct ipv6hdr)
		      : bpf_ntohs(((const struct iphdr *)ip)->tot_len);
	if (sizeof(struct ethhdr) + length < l4 + TCP_MINIMUM)
		return 0;
	return *(const __u8 *)(p->data + l4 + TCP_FLAGS_AT);
}

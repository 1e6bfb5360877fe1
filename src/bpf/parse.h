/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Parse: what the frame says about itself. IPv4 without options or fragments; the rest comes with its own reason. */
#pragma once
#include "packet.h"

#define ECHO_HEADER_BYTES 8
#define IPV4_HEADER_BYTES 20

/* The shortest datagram that can be looked at: an IPv4 header and both ports (or the head of an ICMP message). */
#define IPV4_MINIMUM (sizeof(struct ethhdr) + sizeof(struct iphdr) + 8)

/* Reads what Classify needs to know whether the datagram is ours at all. */
INLINE int parse_destination(struct packet *p)
{
	const struct iphdr *ip = p->data + sizeof(struct ethhdr);

	if (p->data + IPV4_MINIMUM > p->end)
		return DECISION_PASS; /* too short to carry anything for a service: the kernel drops it */
	p->destination = ip->daddr;
	return NEXT;
}

/* Reads the rest, once it is known to be for a VIP. */
INLINE int parse_ipv4(struct packet *p)
{
	const struct iphdr *ip = p->data + sizeof(struct ethhdr);
	__u32 first_word;

	/* version, header length, DSCP and ECN, total length in one load */
	first_word = *(const __u32 *)ip;
	p->tos = first_word >> 8;
	p->length = bpf_ntohs(first_word >> 16);
	if ((first_word & 0xff) != 0x45)
		return (first_word & 0xff) > 0x45 && (first_word & 0xff) < 0x50 ? DROP(DROP_IP_OPTIONS)
										: DROP(DROP_MALFORMED);
	p->bytes = frame_bytes(p);
	if (p->length < IPV4_HEADER_BYTES + 8 || p->length + sizeof(struct ethhdr) > p->bytes)
		return DROP(DROP_MALFORMED);
	/* more fragments to come, or an offset: only the first has ports */
	if (ip->frag_off & bpf_htons(0x3fff))
		return DROP(DROP_FRAGMENT);
	p->source = ip->saddr;
	p->protocol = ip->protocol;
	p->ports = *(const __u32 *)(ip + 1);
	return NEXT;
}

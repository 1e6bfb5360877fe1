/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Parse: what the frame says about itself. IPv4 without options or fragments; the rest comes with its own reason. */
#pragma once
#include "packet.h"

/* The shortest datagram that can be looked at: an IPv4 header and both ports (or the head of an ICMP message). */
#define IPV4_MINIMUM (sizeof(struct ethhdr) + sizeof(struct iphdr) + 8)

/*
 * Whatever is wrong with the datagram goes to p->flaw, not into a verdict: only Classify knows whether it is for a VIP,
 * and what is not, however odd, is the kernel's.
 */
INLINE int parse_ipv4(struct packet *p)
{
	const struct iphdr *ip = p->data + sizeof(struct ethhdr);
	__u32 first_word;
	__u8 version_and_length;

	if (p->data + IPV4_MINIMUM > p->end)
		return DECISION_PASS; /* too short to carry anything for a service: the kernel drops it */
	/* version, header length, DSCP and ECN, total length in one load */
	first_word = *(const __u32 *)ip;
	version_and_length = first_word;
	p->tos = first_word >> 8;
	p->length = bpf_ntohs(first_word >> 16);
	p->bytes = frame_bytes(p);
	p->source = ip->saddr;
	p->destination = ip->daddr;
	p->protocol = ip->protocol;
	p->ports = *(const __u32 *)(ip + 1);
	p->flaw = 0;
	if (version_and_length != 0x45)
		p->flaw = version_and_length > 0x45 && version_and_length < 0x50 ? DROP_IP_OPTIONS : DROP_MALFORMED;
	else if (p->length < sizeof(struct iphdr) + 8 || p->length + sizeof(struct ethhdr) > p->bytes)
		p->flaw = DROP_MALFORMED;
	else if (ip->frag_off & bpf_htons(0x3fff)) /* more fragments to come, or an offset: only the first has ports */
		p->flaw = DROP_FRAGMENT;
	return NEXT;
}

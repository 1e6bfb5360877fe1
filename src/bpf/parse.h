/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Parse: what the frame says about itself. IPv4 without options or fragments; the rest has its own drop reason. */
#pragma once
#include "packet.h"

/* The shortest datagram that can be looked at: an IPv4 header and both ports (or the head of an ICMP message). */
#define IPV4_MINIMUM	  (sizeof(struct ethhdr) + sizeof(struct iphdr) + 8)
#define FRAGMENT_MASK	  0x3fff /* more fragments to come, or an offset */
#define VERSION_AND_WORDS 0x45	 /* IPv4 with a header of five words: no options */

/* True for a datagram that a service may take. The caller has checked IPV4_MINIMUM. */
INLINE bool parse_ipv4(struct packet *p)
{
	const struct iphdr *ip = ipv4_of(p);
	__u32 length = ipv4_length(p);

	p->bytes = frame_bytes(p);
	return *(const __u8 *)ip == VERSION_AND_WORDS && !(ip->frag_off & bpf_htons(FRAGMENT_MASK)) &&
	       length >= sizeof(struct iphdr) + 8 && length + sizeof(struct ethhdr) <= p->bytes;
}

/* Why no service may take a datagram that parse_ipv4 refused. */
INLINE enum drop_reason parse_flaw(const struct packet *p)
{
	__u8 version_and_words = *(const __u8 *)ipv4_of(p);
	__u32 length = ipv4_length(p);

	if (version_and_words > VERSION_AND_WORDS && version_and_words < 0x50)
		return DROP_IP_OPTIONS;
	if (version_and_words != VERSION_AND_WORDS || length < sizeof(struct iphdr) + 8 ||
	    length + sizeof(struct ethhdr) > p->bytes)
		return DROP_MALFORMED;
	return DROP_FRAGMENT;
}

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Neighbour discovery (RFC 4861): only the director answers for a VIP. The kernel does not answer for an address of
 * lo, but it answers for an address that it proxies or that an administrator added to the interface.
 */
#pragma once
#include "maps.h"
#include <linux/icmpv6.h>

#define NEIGHBOUR_SOLICITATION	135
#define NEIGHBOUR_ADVERTISEMENT 136

INLINE int is_about_vip(struct __sk_buff *skb, __u8 type)
{
	struct address target;
	struct in6_addr address;
	__u8 found;

	if (bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(struct ipv6hdr), &found, sizeof(found)) || found != type ||
	    bpf_skb_load_bytes(skb, ETH_HLEN + sizeof(struct ipv6hdr) + sizeof(struct icmp6hdr), &address,
			       sizeof(address)))
		return 0;
	set6(&target, &address);
	return find_vip(&target) != 0;
}

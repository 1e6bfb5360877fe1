/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/* Everything about an IPv4 datagram that no service takes: not ours, an echo request, or dropped with a reason. */
#pragma once
#include "answer.h"
#include "parse.h"

/* Out of line, so that what is rare costs forwarded frames neither registers nor cache. It parses again. */
static __noinline int decline(struct xdp_md *ctx, const struct half *half)
{
	struct packet p = packet_of(ctx, half);
	const struct vip *vip;
	__u8 protocol;
	bool plain;

	if (p.data + IPV4_MINIMUM > p.end)
		return XDP_PASS;
	plain = parse_ipv4(&p);
	vip = find_vip(half, ipv4_of(&p)->daddr);
	if (!vip || !is_for_us(ctx, &p))
		return XDP_PASS;
	if (!plain)
		return drop(parse_flaw(&p), p.bytes);
	protocol = ipv4_of(&p)->protocol;
	if (protocol == IPPROTO_ICMP)
		return answer_echo(&p, vip);
	if (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP)
		return drop(DROP_NO_SERVICE, p.bytes);
	return drop(DROP_PROTOCOL_UNSUPPORTED, p.bytes);
}

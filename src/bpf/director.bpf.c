// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The director's XDP program: Parse -> Classify -> Select -> Encapsulate -> Transmit -> Account, a header each.
 * ARCHITECTURE.md draws the way of a packet; docs/limits.md says what is bounded and by what.
 */
#include "capture.h"
#include "forward.h"
#include "general.h"

/* Plain IPv4. */
INLINE int direct4(struct xdp_md *ctx, struct packet *p)
{
	struct tuple t;
	int action;

	if (UNLIKELY(p->data + IPV4_MINIMUM > p->end))
		return general(ctx, p->half_number); /* the last fragment perhaps */
	t = plain_tuple(p->data, false);
	if (is_plain4(p)) {
		p->service = find_service(p->half, service_key(&t));
		if (p->service && is_for_us(ctx, p)) {
			action = forward_plain(ctx, p, false);
			return action == NOT_PLAIN ? general(ctx, p->half_number) : action;
		}
	}
	if (is_vip_free(p->half, t.destination[0]) && !(switches.prefixes && p->half->settings.vip_set))
		return XDP_PASS; /* not for a VIP: the kernel's business */
	return general(ctx, p->half_number);
}

/* Plain IPv6. */
INLINE int direct6(struct xdp_md *ctx, struct packet *p)
{
	const struct half6 *half6 = half6_of(p->half_number);
	struct tuple t;
	int action;

	if (!half6)
		return XDP_PASS;
	if (UNLIKELY(p->data + IPV6_MINIMUM > p->end))
		return general(ctx, p->half_number);
	t = plain_tuple(p->data, true);
	if (is_plain6(p)) {
		p->service = find_service6(half6, &t);
		if (p->service && is_for_us(ctx, p)) {
			action = forward_plain(ctx, p, true);
			return action == NOT_PLAIN ? general(ctx, p->half_number) : action;
		}
	}
	/* Solicitations for a VIP are sent to a multicast address. */
	if (is_vip6_free(half6, t.destination) && !(switches.prefixes && p->half->settings.vip_set) &&
	    !(t.protocol == IPPROTO_ICMPV6 && *(__u8 *)t.destination == 0xff))
		return XDP_PASS;
	return general(ctx, p->half_number);
}

SEC("xdp")
int director(struct xdp_md *ctx)
{
	/* Which half packets use, and whether anybody captures: one word for nearly all. */
	__u64 now = *(volatile __u64 *)&tables.control.active;
	struct packet p;
	__be16 type;

	if (UNLIKELY(now > 1)) {
		now &= 1;
		if (begin_capture(ctx)) {
			int action = general(ctx, now);

			end_capture(ctx, action);
			return action;
		}
	}
	p = packet_of(ctx, now);
	if (p.data + sizeof(struct ethhdr) > p.end)
		return XDP_PASS;
	type = *(__be16 *)(p.data + 12); /* struct ethhdr is packed, which would make this two loads */
	if (type == bpf_htons(ETH_P_IP))
		return direct4(ctx, &p);
	if (switches.ipv6 && type == bpf_htons(ETH_P_IPV6))
		return direct6(ctx, &p);
	if (type == bpf_htons(ETH_P_ARP) || is_vlan(type))
		return general(ctx, p.half_number);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";

// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The director's XDP program: Parse -> Classify -> Select -> Account -> Encapsulate -> Transmit, a header for each.
 *
 * Account comes before Encapsulate, and its counts are reverted if Encapsulate fails; forward.h has the reason.
 * ARCHITECTURE.md draws the path of a packet; docs/limits.md lists every limit and its cause.
 */
#include "capture.h"
#include "forward.h"
#include "full_path.h"

/* The fast path of IPv4. */
INLINE int fast_path4(struct xdp_md *ctx, struct packet *p)
{
	struct tuple t;
	int action;

	if (UNLIKELY(p->data + IPV4_MINIMUM > p->end))
		return full_path(ctx, p->bank_number, 0); /* perhaps the last fragment */
	t = fast_tuple(p->data, false);
	if (is_fast4(p)) {
		p->service = find_service(p->bank, service_key(&t));
		if (p->service && is_for_this_host(ctx, p)) {
			action = forward_fast(ctx, p, false);
			return action == NEEDS_FULL_PATH ? full_path(ctx, p->bank_number, p->server_id | SELECTED)
							 : action;
		}
	}
	if (not_a_vip(p->bank, t.destination[0]) && !(features.vip_prefixes && p->bank->settings.vip_set))
		return XDP_PASS; /* not for a VIP: left to the kernel */
	return full_path(ctx, p->bank_number, 0);
}

/* The fast path of IPv6. */
INLINE int fast_path6(struct xdp_md *ctx, struct packet *p)
{
	const struct bank6 *bank6 = bank6_of(p->bank_number);
	struct tuple t;
	int action;

	if (!bank6)
		return XDP_PASS;
	if (UNLIKELY(p->data + IPV6_MINIMUM > p->end))
		return full_path(ctx, p->bank_number, 0);
	t = fast_tuple(p->data, true);
	if (is_fast6(p)) {
		p->service = find_service6(bank6, &t);
		if (p->service && is_for_this_host(ctx, p)) {
			action = forward_fast(ctx, p, true);
			return action == NEEDS_FULL_PATH ? full_path(ctx, p->bank_number, p->server_id | SELECTED)
							 : action;
		}
	}
	/* Solicitations for a VIP are sent to a multicast address. */
	if (not_a_vip6(bank6, t.destination) && !(features.vip_prefixes && p->bank->settings.vip_set) &&
	    !(t.protocol == IPPROTO_ICMPV6 && *(__u8 *)t.destination == 0xff))
		return XDP_PASS;
	return full_path(ctx, p->bank_number, 0);
}

SEC("xdp")
int director(struct xdp_md *ctx)
{
	/* The active bank and the end of a capture in one read. Above 1: a capture may be running, which is rare. */
	__u64 active = *(volatile __u64 *)&tables.control.active;
	struct packet p;
	__be16 type;

	if (UNLIKELY(active > 1)) {
		active &= 1;
		if (begin_capture(ctx)) {
			int action = full_path(ctx, active, 0);

			end_capture(ctx, action);
			return action;
		}
	}
	p = packet_of(ctx, active);
	if (p.data + sizeof(struct ethhdr) > p.end)
		return XDP_PASS;
	type = *(__be16 *)(p.data + 12); /* struct ethhdr is packed, so reading its field would take two loads */
	if (type == bpf_htons(ETH_P_IP))
		return fast_path4(ctx, &p);
	if (features.ipv6 && type == bpf_htons(ETH_P_IPV6))
		return fast_path6(ctx, &p);
	if (type == bpf_htons(ETH_P_ARP) || is_vlan(type))
		return full_path(ctx, p.bank_number, 0);
	return XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";

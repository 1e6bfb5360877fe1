// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The director's XDP program: Parse -> Classify -> Select -> Encapsulate -> Transmit -> Account, a header each.
 * ARCHITECTURE.md draws the way of a packet; docs/limits.md says what is bounded and by what.
 */
#include "parse.h"
#include "interface.h"
#include "classify.h"
#include "select.h"
#include "encapsulate.h"
#include "transmit.h"
#include "account.h"
#include "answer.h"
#include "decline.h"

INLINE int forward(struct xdp_md *ctx, struct packet *p)
{
	enum drop_reason reason;

	reason = select_server(p);
	if (reason)
		return drop(reason, p->bytes);
	reason = encapsulate(ctx, p);
	if (reason)
		return drop(reason, p->bytes);
	account_forwarded(p);
	return transmit(ctx, p);
}

SEC("xdp")
int director(struct xdp_md *ctx)
{
	struct packet p = packet_of(ctx, &tables.halves[*(volatile __u32 *)&tables.control.active & 1]);
	__be16 type;

	if (p.data + sizeof(struct ethhdr) > p.end)
		return XDP_PASS;
	type = *(__be16 *)(p.data + 12); /* struct ethhdr is packed, which would make this two loads */
	if (type != bpf_htons(ETH_P_IP))
		return type == bpf_htons(ETH_P_ARP) ? answer_arp(ctx, p.half) : XDP_PASS;
	if (p.data + IPV4_MINIMUM > p.end)
		return XDP_PASS; /* too short to carry anything for a service: the kernel drops it */
	if (parse_ipv4(&p) && classify(&p) && is_for_us(ctx, &p))
		return forward(ctx, &p);
	if (is_vip_free(p.half, ipv4_of(&p)->daddr))
		return XDP_PASS; /* not for a VIP: the kernel's business */
	return decline(ctx, p.half);
}

char _license[] SEC("license") = "Dual BSD/GPL";

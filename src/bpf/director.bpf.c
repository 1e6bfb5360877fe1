// SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only
/*
 * The director's XDP program: Parse -> Classify -> Select -> Encapsulate -> Transmit -> Account, a header each.
 * ARCHITECTURE.md draws the way of a packet; docs/limits.md says what is bounded and by what.
 */
#include "parse.h"
#include "classify.h"
#include "select.h"
#include "encapsulate.h"
#include "answer.h"
#include "transmit.h"
#include "account.h"

/* Up to the changed frame. Sets p->service and p->server when the outcome is DECISION_FORWARD. */
INLINE int handle_ipv4(struct xdp_md *ctx, struct packet *p)
{
	struct vip vip;
	int outcome;

	outcome = parse_destination(p);
	if (outcome)
		return outcome;
	vip = find_vip(p->version, p->destination);
	if (!vip.flags)
		return DECISION_PASS; /* not for a VIP: the kernel's business */
	outcome = parse_ipv4(p);
	if (outcome)
		return outcome;
	if (p->protocol != IPPROTO_TCP && p->protocol != IPPROTO_UDP)
		return p->protocol == IPPROTO_ICMP ? answer_echo(p, vip.flags) : DROP(DROP_PROTOCOL_UNSUPPORTED);
	outcome = classify(p, vip.id);
	if (outcome)
		return outcome;
	outcome = select_server(p);
	if (outcome)
		return outcome;
	outcome = encapsulate(ctx, p);
	if (outcome)
		return outcome;
	return DECISION_FORWARD;
}

SEC("xdp")
int director(struct xdp_md *ctx)
{
	struct packet p = {
	    .data = (void *)(long)ctx->data,
	    .end = (void *)(long)ctx->data_end,
	    .version = *(volatile __u32 *)&tables.control.active & 1,
	};
	const struct ethhdr *ethernet = p.data;
	int outcome;

	if ((void *)(ethernet + 1) > p.end)
		return XDP_PASS;
	if (ethernet->h_proto == bpf_htons(ETH_P_IP))
		outcome = handle_ipv4(ctx, &p);
	else if (ethernet->h_proto == bpf_htons(ETH_P_ARP))
		outcome = answer_arp(ctx, &p);
	else
		return XDP_PASS; /* neither IPv4 nor ARP */

	if (outcome == DECISION_FORWARD) {
		account_forwarded(&p);
		return transmit(ctx, &p);
	}
	if (outcome == DECISION_PASS)
		return XDP_PASS;
	if (outcome > 0) {
		account_tally(outcome, frame_bytes(&p));
		return XDP_TX; /* an answer of our own */
	}
	account_tally(DROP_TALLY - outcome, frame_bytes(&p));
	return XDP_DROP;
}

char _license[] SEC("license") = "Dual BSD/GPL";

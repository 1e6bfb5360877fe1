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
	int outcome;

	outcome = parse_ipv4(p);
	if (outcome)
		return outcome;
	outcome = classify(p);
	if (outcome)
		return outcome;
	if (!p->service)
		return answer_echo(p);
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
	__be16 type;
	int outcome;

	if (p.data + sizeof(struct ethhdr) > p.end)
		return XDP_PASS;
	type = *(__be16 *)(p.data + 12); /* struct ethhdr is packed, which would make this two loads */
	if (type == bpf_htons(ETH_P_IP))
		outcome = handle_ipv4(ctx, &p);
	else if (type == bpf_htons(ETH_P_ARP))
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

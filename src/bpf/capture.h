/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * Capture: records frames as they arrived and as they were sent, with the decision about them. No other tool of the
 * machine sees the frames that XDP sends.
 *
 * Frames that may be captured take the full path. For a frame that could take the fast path, the full path does the
 * same work and notes its decision (account.h). The fast path therefore pays for capture only with the test of one
 * word, which lies next to a word that it reads anyway.
 */
#pragma once
#include "full_path.h"

/* The filter, the same for all frames: user space writes it before it sets control.capture. */
INLINE const struct capture_filter *capture_filter(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&capturing, &zero);
}

/* Addresses, ports and protocol, as far as the frame has them. For ARP: the sender's and the target's address. */
INLINE bool parse_captured(struct xdp_md *ctx, struct packet_ctx *pctx)
{
	struct packet p = packet_of(ctx, 0);
	__be16 type = parse_link(ctx, &p);
	struct tuple *t = &pctx->lookup.tuple;

	*pctx = (struct packet_ctx){};
	if (type == bpf_htons(ETH_P_ARP)) {
		const struct arp_ipv4 *arp = bytes_at(ctx, p.l3, sizeof(*arp));

		if (!arp)
			return false;
		t->source[0] = read_address(arp->sender_address);
		t->destination[0] = read_address(arp->target_address);
		return true;
	}
	t->ipv6 = type == bpf_htons(ETH_P_IPV6);
	if ((type != bpf_htons(ETH_P_IP) && !t->ipv6) || !parse_addresses(ctx, &p, t))
		return false;
	p.bytes = frame_bytes(&p);
	if (!(t->ipv6 ? parse_header6(ctx, &p, t, &pctx->info) : parse_header4(ctx, &p, t, &pctx->info)))
		parse_transport(ctx, &p, t, &pctx->info);
	return true;
}

INLINE bool matches_address(const __u64 *address, const struct capture_address *condition)
{
	return !((address[0] ^ condition->address[0]) & condition->mask[0]) &&
	       !((address[1] ^ condition->address[1]) & condition->mask[1]);
}

/* Whether the frame matches the conditions of the filter on addresses, ports and protocol. */
GLOBAL int matches_frame(struct xdp_md *ctx)
{
	const struct capture_filter *filter = capture_filter();
	struct packet_ctx *pctx = own_packet_ctx();
	const struct tuple *t;

	if (!filter || !pctx)
		return false;
	if (!filter->needs_parsing)
		return true;
	if (!parse_captured(ctx, pctx))
		return false;
	t = &pctx->lookup.tuple;
	for (__u32 i = 0; i < CAPTURE_ADDRESSES; i++) {
		const struct capture_address *condition = &filter->addresses[i];

		if (!condition->sides)
			continue;
		if (condition->family != (t->ipv6 ? 6 : 4))
			return false;
		if (!(condition->sides & CAPTURE_SOURCE && matches_address(t->source, condition)) &&
		    !(condition->sides & CAPTURE_DESTINATION && matches_address(t->destination, condition)))
			return false;
	}
	for (__u32 i = 0; i < CAPTURE_PORTS; i++) {
		__u16 port = filter->ports[i];

		if (port && port != (t->ports & 0xffff) && port != t->ports >> 16)
			return false;
	}
	return !filter->protocol || filter->protocol == t->protocol || filter->protocol6 == t->protocol;
}

/* Copies the beginning of the frame as it is now. Returns the number of bytes; 0 when none could be copied. */
INLINE __u64 copy_frame(struct xdp_md *ctx, struct captured_frame *frame, __u32 snap)
{
	__u64 length = ctx->data_end - ctx->data, bytes = snap;

	frame->length = length;
	if (bytes > length)
		bytes = length;
	barrier_var(bytes); /* the check below compares all 64 bits, as the verifier requires */
	if (bytes < sizeof(struct ethhdr) || bytes > CAPTURE_BYTES)
		return 0;
	if (bpf_xdp_load_bytes(ctx, 0, frame->content, bytes))
		return 0;
	frame->recorded = bytes;
	return bytes;
}

INLINE void output_record(struct captured_frame *frame, struct cpu_counters *own)
{
	__u64 bytes = frame->recorded;

	barrier_var(bytes);
	if (bytes > CAPTURE_BYTES)
		return;
	if (bpf_ringbuf_output(&captured, frame, sizeof(*frame) - CAPTURE_BYTES + bytes, 0))
		own->capture_lost++;
}

/*
 * Whether the rate limit allows a record now: each record moves capture_due one interval on, to at most CAPTURE_BURST
 * and one interval ahead of the clock.
 */
INLINE bool is_within_rate(const struct capture_filter *filter, const struct cpu_counters *own, __u64 now)
{
	return !filter->interval || (__s64)(own->capture_due - now) <= CAPTURE_BURST;
}

/* Records the frame as it arrived. Returns false for a frame that is not captured. */
GLOBAL int begin_capture(struct xdp_md *ctx)
{
	__u32 until = *(volatile __u32 *)&tables.control.capture;
	const struct capture_filter *filter = capture_filter();
	struct capture_scratch *scratch = own_capture_scratch();
	struct cpu_counters *own = own_counters();
	struct packet_ctx *pctx = own_packet_ctx();

	if (!filter || !scratch || !own || !pctx)
		return false;
	if ((__s32)(until - now_ticks()) < 0) {
		/* The capturing process did not renew its lease: it has died. */
		__sync_val_compare_and_swap(&tables.control.capture, until, 0);
		return false;
	}
	if (!matches_frame(ctx))
		return false;
	if (++own->capture_skipped < filter->sample)
		return false;
	own->capture_skipped = 0;
	scratch->verdict = 0;
	scratch->frame.recorded = 0;
	pctx->service = NOT_FOUND;
	pctx->server_id = 0;
	if (is_within_rate(filter, own, bpf_ktime_get_coarse_ns())) {
		scratch->frame.time = bpf_ktime_get_ns();
		copy_frame(ctx, &scratch->frame, filter->snap);
	}
	return true;
}

/* The verdict about the frame: the index of its counter in cpu_counters.decisions. */
INLINE __u32 verdict_of(const struct capture_scratch *scratch, int action)
{
	if (scratch->verdict)
		return scratch->verdict;
	return action == XDP_PASS			    ? DECISION_PASS
	       : action == XDP_TX || action == XDP_REDIRECT ? DECISION_FORWARD
							    : DECISION_DROP;
}

INLINE bool matches_verdict(const struct capture_filter *filter, const struct captured_frame *frame)
{
	if (!(filter->verdicts >> (frame->verdict & (DECISION_COUNTERS - 1)) & 1))
		return false;
	if (filter->service != NOT_FOUND && filter->service != frame->service)
		return false;
	if (!filter->servers[0])
		return true;
	for (__u32 i = 0; i < CAPTURE_SERVERS; i++) {
		if (filter->servers[i] && filter->servers[i] == frame->server)
			return true;
	}
	return false;
}

/* If the filter matches the verdict, records the frame as it arrived and, if it is sent, as it leaves. */
GLOBAL int end_capture(struct xdp_md *ctx, __u32 action)
{
	const struct capture_filter *filter = capture_filter();
	struct capture_scratch *scratch = own_capture_scratch();
	struct cpu_counters *own = own_counters();
	const struct packet_ctx *pctx = own_packet_ctx();
	struct captured_frame *frame;
	const struct server *server;
	__u64 now;

	if (!filter || !scratch || !own || !pctx)
		return 0;
	frame = &scratch->frame;
	frame->service = pctx->service;
	frame->server = pctx->server_id & SLOT_SERVER_MASK;
	frame->verdict = verdict_of(scratch, action);
	if (!matches_verdict(filter, frame))
		return 0;
	if (!frame->recorded) {
		own->capture_missed++;
		return 0;
	}
	now = bpf_ktime_get_coarse_ns();
	own->capture_due = ((__s64)(own->capture_due - now) > 0 ? own->capture_due : now) + filter->interval;
	frame->number = ++own->capture_number;
	frame->cpu = bpf_get_smp_processor_id();
	frame->action = action;
	frame->ifindex = ctx->ingress_ifindex;
	frame->direction = CAPTURE_IN;
	output_record(frame, own);
	if (action != XDP_TX && action != XDP_REDIRECT)
		return 0;
	server = server_of(pctx->bank_number, frame->server);
	if (action == XDP_REDIRECT && server)
		frame->ifindex = server->ifindex;
	frame->direction = CAPTURE_OUT;
	frame->time = bpf_ktime_get_ns();
	if (copy_frame(ctx, frame, filter->snap))
		output_record(frame, own);
	return 0;
}

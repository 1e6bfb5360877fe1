/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the director itself answers for a VIP in service: ARP (RFC 826), neighbour solicitation (RFC 4861) and echo
 * (RFC 792, RFC 4443). The VIP is not a local address of the director, so the kernel does not answer.
 */
#pragma once
#include "account.h"
#include "classify.h"
#include "encapsulate.h"
#include "interface.h"
#include "packet_ctx.h"

/* linux/if_arp.h and linux/icmp.h include headers of the C library, which does not exist for a BPF target. */
#define ARPHRD_ETHER	      1
#define ARPOP_REQUEST	      1
#define ARPOP_REPLY	      2
#define ICMP_ECHO	      8
#define ICMP_ECHOREPLY	      0
#define ICMP6_ECHO	      128
#define ICMP6_ECHOREPLY	      129
#define NEIGHBOUR_SOLICIT     135
#define NEIGHBOUR_ADVERTISE   136
#define NEIGHBOUR_HOP_LIMIT   255	 /* proves that no router forwarded the packet, RFC 4861 section 7.1 */
#define ADVERTISE_SOLICITED   0x40000000 /* flags of an advertisement, RFC 4861 section 4.4 */
#define ADVERTISE_OVERRIDE    0x20000000
#define OPTION_SOURCE_ADDRESS 1
#define OPTION_TARGET_ADDRESS 2
#define OPTIONS		      8 /* number of options that are examined */
#define REPLY_TTL	      64

struct icmphdr {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__u32 rest;
};

struct arp_ipv4 {
	__be16 hardware_type;
	__be16 protocol_type;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[ETH_ALEN];
	__u8 sender_address[4];
	__u8 target_mac[ETH_ALEN];
	__u8 target_address[4];
} __attribute__((packed));

/* A solicitation without options, or an advertisement with one. */
struct neighbour {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 flags;
	__u64 target[2];
	__u8 option_type;
	__u8 option_length; /* in units of 8 bytes */
	__u8 mac[ETH_ALEN];
};

#define SOLICITATION_BYTES 24

/* Copies six bytes with an alignment of two. */
INLINE void copy_mac(void *to, const void *from)
{
	((__u16 *)to)[0] = ((const __u16 *)from)[0];
	((__u16 *)to)[1] = ((const __u16 *)from)[1];
	((__u16 *)to)[2] = ((const __u16 *)from)[2];
}

/* Directs the frame back to its sender. */
INLINE void swap_macs(struct ethhdr *ethernet)
{
	__u8 mac[ETH_ALEN];

	copy_mac(mac, ethernet->h_source);
	copy_mac(ethernet->h_source, ethernet->h_dest);
	copy_mac(ethernet->h_dest, mac);
}

/* Directs the datagram back to its sender. No checksum changes. */
INLINE void swap_addresses4(struct iphdr *ip)
{
	__be32 source = ip->saddr;

	ip->saddr = ip->daddr;
	ip->daddr = source;
}

INLINE void swap_addresses6(struct ipv6hdr *ip)
{
	__u64 *source = (__u64 *)&ip->saddr, *destination = (__u64 *)&ip->daddr, address[2];

	address[0] = source[0];
	address[1] = source[1];
	source[0] = destination[0];
	source[1] = destination[1];
	destination[0] = address[0];
	destination[1] = address[1];
}

/* Whether the director answers ARP and neighbour solicitations for the address, which find_vip or the like found. */
INLINE bool replies_to_arp(__u32 bank_number, __u32 vip_id)
{
	const struct vip_record *vip = vip_id == NOT_FOUND ? NULL : vip_record_of(bank_number, vip_id);

	return vip && vip->flags & VIP_REPLY_ARP;
}

/* Sent to a group, as requests are, or to this interface; not a frame that a switch flooded for another host. */
INLINE bool is_request_for(const struct ethhdr *ethernet, const struct interface *self)
{
	return self && (ethernet->h_dest[0] & 1 || is_addressed_to(ethernet, self));
}

INLINE __u32 read_address(const __u8 *bytes)
{
	return (__u32)((const __u16 *)bytes)[1] << 16 | ((const __u16 *)bytes)[0];
}

GLOBAL int reply_to_arp(struct xdp_md *ctx, __u32 bank_number, __u32 l3)
{
	struct packet p = packet_of(ctx, bank_number);
	struct ethhdr *ethernet = p.data;
	struct arp_ipv4 *arp = bytes_at(ctx, l3, sizeof(*arp));
	const struct interface *self;
	__u32 target, sender;

	if (!arp || (void *)(ethernet + 1) > p.end)
		return XDP_PASS;
	if (arp->hardware_type != bpf_htons(ARPHRD_ETHER) || arp->protocol_type != bpf_htons(ETH_P_IP) ||
	    arp->hardware_length != ETH_ALEN || arp->protocol_length != 4 || arp->operation != bpf_htons(ARPOP_REQUEST))
		return XDP_PASS;
	target = read_address(arp->target_address);
	sender = read_address(arp->sender_address);
	if (!replies_to_arp(p.bank_number, search_vips(p.bank, target, vip_index(target) - 1)))
		return XDP_PASS;
	/*
	 * The sender of a gratuitous request announces the VIP as its own. The kernel may process it; a reply would
	 * start an address conflict.
	 */
	if (sender == target)
		return XDP_PASS;
	self = ingress_interface(ctx, p.bank);
	if (!is_request_for(ethernet, self))
		return XDP_PASS;

	copy_mac(ethernet->h_dest, ethernet->h_source);
	copy_mac(ethernet->h_source, self->mac);
	arp->operation = bpf_htons(ARPOP_REPLY);
	copy_mac(arp->target_mac, arp->sender_mac);
	copy_mac(arp->sender_mac, self->mac);
	((__u16 *)arp->target_address)[0] = sender;
	((__u16 *)arp->target_address)[1] = sender >> 16;
	((__u16 *)arp->sender_address)[0] = target;
	((__u16 *)arp->sender_address)[1] = target >> 16;
	account_verdict(DECISION_ARP_REPLY, frame_bytes(&p));
	return XDP_TX;
}

/* Sum of the pseudo header of ICMPv6, RFC 8200 section 8.1. */
INLINE __u64 pseudo_sum(const __u64 *source, const __u64 *destination, __u32 length)
{
	__u64 sum = bpf_htons(length) + bpf_htons(IPPROTO_ICMPV6);

	for (__u32 i = 0; i < 4; i++)
		sum += (__u64)((const __u32 *)source)[i] + ((const __u32 *)destination)[i];
	return sum;
}

/* ff02::1:ffxx:xxxx with the last three bytes of the address, RFC 4291 section 2.7.1. */
INLINE bool is_solicited_node(const __u64 *group, const __u64 *address)
{
	__u64 last = bpf_cpu_to_be64(0xffffff);

	return group[0] == bpf_cpu_to_be64(0xff02ULL << 48) &&
	       group[1] == (bpf_cpu_to_be64(0x1ff000000ULL) | (address[1] & last));
}

/*
 * Options end exactly with the message, none has length 0, and a solicitation from the unspecified address has no
 * source link-layer address: RFC 4861 section 7.1.1.
 */
INLINE bool has_valid_options(struct xdp_md *ctx, __u32 at, __u32 length, bool unspecified_source)
{
	for (__u32 i = 0; i < OPTIONS && length; i++) {
		const __u8 *option = bytes_at(ctx, at, 8);
		__u32 bytes;

		if (!option || length < 8)
			return false;
		bytes = option[1] * 8;
		if (!bytes || bytes > length || (unspecified_source && option[0] == OPTION_SOURCE_ADDRESS))
			return false;
		at += bytes;
		length -= bytes;
	}
	return !length;
}

INLINE bool is_unspecified(const __u64 *address)
{
	return !address[0] && !address[1];
}

/*
 * Sent to a multicast group or to the target itself, RFC 4861 section 4.3: a packet to any other address is not for
 * the VIP. In duplicate address detection, only the target's own group is valid (section 7.1.1).
 */
INLINE bool is_for_target(const struct ipv6hdr *ip, const struct neighbour *solicitation)
{
	const __u64 *destination = (const __u64 *)&ip->daddr;

	if (is_unspecified((const __u64 *)&ip->saddr))
		return is_solicited_node(destination, solicitation->target);
	return *(const __u8 *)destination == 0xff ||
	       (destination[0] == solicitation->target[0] && destination[1] == solicitation->target[1]);
}

/*
 * Reads the target and the source. False when the solicitation is invalid, RFC 4861 section 7.1.1: it is left to the
 * kernel, which drops it.
 */
INLINE bool parse_solicitation(struct xdp_md *ctx, __u32 l3, struct tuple *target, __u64 *source)
{
	struct ipv6hdr *ip = bytes_at(ctx, l3, sizeof(*ip) + SOLICITATION_BYTES);
	__u32 options = l3 + sizeof(*ip) + SOLICITATION_BYTES, payload, sum;
	const struct neighbour *solicitation;

	if (!ip)
		return false;
	solicitation = (const struct neighbour *)(ip + 1);
	payload = bpf_ntohs(ip->payload_len);
	if (ip->hop_limit != NEIGHBOUR_HOP_LIMIT || solicitation->code || payload < SOLICITATION_BYTES || payload > 256)
		return false;
	if (!is_for_target(ip, solicitation))
		return false;
	if (!has_valid_options(ctx, options, payload - SOLICITATION_BYTES, is_unspecified((const __u64 *)&ip->saddr)))
		return false;
	target->destination[0] = solicitation->target[0];
	target->destination[1] = solicitation->target[1];
	source[0] = *(__u64 *)&ip->saddr;
	source[1] = *((__u64 *)&ip->saddr + 1);
	sum = sum_of(ctx, l3 + sizeof(*ip), payload);
	return fold(sum + pseudo_sum(source, (const __u64 *)&ip->daddr, payload)) == 0xffff;
}

/* The advertisement from the target to the receiver, RFC 4861 section 4.4. */
INLINE struct neighbour advertisement_of(const __u64 *target, const __u64 *receiver, const __u8 *mac, bool solicited)
{
	struct neighbour reply = {.type = NEIGHBOUR_ADVERTISE};
	__u64 sum = pseudo_sum(target, receiver, sizeof(reply));

	reply.flags = bpf_htonl(ADVERTISE_OVERRIDE | (solicited ? ADVERTISE_SOLICITED : 0));
	reply.target[0] = target[0];
	reply.target[1] = target[1];
	reply.option_type = OPTION_TARGET_ADDRESS;
	reply.option_length = 1;
	copy_mac(reply.mac, mac);
	for (__u32 i = 0; i < sizeof(reply) / sizeof(__u32); i++)
		sum += ((__u32 *)&reply)[i];
	reply.checksum = ~fold(sum);
	return reply;
}

/* Turns the frame into the reply. False when the driver left too little room. */
INLINE bool write_advertisement(struct xdp_md *ctx, __u32 l3, const struct interface *self,
				const struct neighbour *reply, const __u64 *receiver, bool to_all_nodes)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	struct ipv6hdr *ip = bytes_at(ctx, l3, sizeof(*ip) + sizeof(*reply));

	if (!ip || (void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return false;
	if (to_all_nodes) {
		/* 33:33:00:00:00:01, RFC 2464 section 7. */
		*(__u16 *)ethernet->h_dest = bpf_htons(0x3333);
		*(__u16 *)(ethernet->h_dest + 2) = 0;
		*(__u16 *)(ethernet->h_dest + 4) = bpf_htons(1);
	} else {
		copy_mac(ethernet->h_dest, ethernet->h_source);
	}
	copy_mac(ethernet->h_source, self->mac);
	ip->payload_len = bpf_htons(sizeof(*reply));
	((__u64 *)&ip->saddr)[0] = reply->target[0];
	((__u64 *)&ip->saddr)[1] = reply->target[1];
	((__u64 *)&ip->daddr)[0] = receiver[0];
	((__u64 *)&ip->daddr)[1] = receiver[1];
	*(struct neighbour *)(ip + 1) = *reply;
	return true;
}

GLOBAL int reply_to_solicitation(struct xdp_md *ctx, __u32 bank_number, __u32 l3)
{
	struct packet p = packet_of(ctx, bank_number);
	struct packet_ctx *pctx = own_packet_ctx();
	const struct interface *self;
	struct neighbour reply;
	__u64 receiver[2];
	__u32 bytes = l3 + sizeof(struct ipv6hdr) + sizeof(reply);
	struct tuple *target;
	bool is_dad;

	p.bytes = frame_bytes(&p);
	if (!pctx)
		return XDP_PASS;
	target = &pctx->lookup.tuple;
	if (!parse_solicitation(ctx, l3, target, receiver))
		return XDP_PASS;
	if (!replies_to_arp(bank_number, find_vip6(bank_number, target)))
		return XDP_PASS;
	p = packet_of(ctx, bank_number);
	self = ingress_interface(ctx, p.bank);
	if (p.data + sizeof(struct ethhdr) > p.end || !is_request_for(p.data, self))
		return XDP_PASS;

	/*
	 * Duplicate address detection: the sender has no address yet and probes whether this one is in use. The
	 * advertisement goes to all nodes (ff02::1) and says that it is taken.
	 */
	is_dad = is_unspecified(receiver);
	if (is_dad) {
		receiver[0] = bpf_cpu_to_be64(0xff02ULL << 48);
		receiver[1] = bpf_cpu_to_be64(1);
	}
	reply = advertisement_of(target->destination, receiver, self->mac, !is_dad);
	/* An advertisement always has the same length; a solicitation need not have it. */
	if (bpf_xdp_adjust_tail(ctx, (int)bytes - (int)p.bytes) ||
	    !write_advertisement(ctx, l3, self, &reply, receiver, is_dad))
		return drop(DROP_NO_HEADROOM, p.bytes);
	account_verdict(DECISION_NEIGHBOUR_ADVERTISEMENT, p.bytes);
	return XDP_TX;
}

/* Replaces a 16-bit word in a header checksum, RFC 1624 section 3: HC' = ~(~HC + ~m + m'). */
INLINE __u16 checksum_replace(__u16 checksum, __u16 old, __u16 new)
{
	__u32 sum = (__u16)~checksum + (__u16)~old + new;

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

/*
 * Swapping the addresses leaves every checksum unchanged. The update is wrong for one sum: if the whole reply is zeros,
 * it yields 0, and the sum over zeros that the receiver computes is not the required all ones. The checksum 0xffff is
 * correct there, and in every other case in which the update yields 0.
 */
GLOBAL int reply_to_echo(struct xdp_md *ctx, __u32 l3, __u32 l4, bool ipv6)
{
	struct ethhdr *ethernet = (void *)(long)ctx->data;
	__u64 bytes = ctx->data_end - ctx->data;
	struct icmphdr *icmp;

	if ((void *)(ethernet + 1) > (void *)(long)ctx->data_end)
		return XDP_PASS;
	swap_macs(ethernet);
	if (ipv6) {
		struct ipv6hdr *ip = bytes_at(ctx, l3, sizeof(*ip));

		if (!ip)
			return XDP_PASS;
		swap_addresses6(ip);
		ip->hop_limit = REPLY_TTL;
	} else {
		struct iphdr *ip = bytes_at(ctx, l3, sizeof(*ip));
		__u16 old;

		if (!ip)
			return XDP_PASS;
		old = *(__u16 *)&ip->ttl;
		ip->ttl = REPLY_TTL;
		ip->check = checksum_replace(ip->check, old, *(__u16 *)&ip->ttl);
		swap_addresses4(ip);
	}
	icmp = bytes_at(ctx, l4, sizeof(*icmp));
	if (!icmp)
		return XDP_PASS;
	icmp->checksum =
	    checksum_replace(icmp->checksum, *(__u16 *)&icmp->type, ipv6 ? ICMP6_ECHOREPLY : ICMP_ECHOREPLY) ?: 0xffff;
	icmp->type = ipv6 ? ICMP6_ECHOREPLY : ICMP_ECHOREPLY;
	account_verdict(DECISION_ECHO_REPLY, bytes);
	return XDP_TX;
}

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * What the director itself answers for a VIP in service: ARP (RFC 826) and echo (RFC 792, RFC 4443); solicitation.h has
 * the reply to neighbour solicitations. The VIP is not a local address of the director, so the kernel does not answer.
 */
#pragma once
#include "account.h"
#include "checksum.h"
#include "classify.h"
#include "icmp.h"
#include "interface.h"

/* linux/if_arp.h includes headers of the C library, which does not exist for a BPF target. */
#define ARPHRD_ETHER  1
#define ARPOP_REQUEST 1
#define ARPOP_REPLY   2
#define REPLY_TTL     64

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

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP and ICMPv6 (RFC 792, RFC 4443): the header, and the types that the director reads or sends. linux/icmp.h
 * includes headers of the C library, which does not exist for a BPF target.
 */
#pragma once
#include "packet.h"

#define ICMP_ECHOREPLY	   0
#define ICMP_UNREACHABLE   3
#define ICMP_FRAG_NEEDED   4 /* a code of ICMP_UNREACHABLE */
#define ICMP_ECHO	   8
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER	   12
#define ICMP6_TOO_BIG	   2
#define ICMP6_PARAMETER	   4
#define ICMP6_ECHO	   128
#define ICMP6_ECHOREPLY	   129

struct icmphdr {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__u32 rest;
};

/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * ICMP and ICMPv6 (RFC 792, RFC 4443): the header, and the types that the director reads or sends. linux/icmp.h
 * includes headers of the C library, which does not exist for a BPF target.
 */
#pragma once
#include "packet.h"

#define ICMP_ECHOREPLY	   0
#define ICMP_UNREACHABLE   3
#define ICMP_ECHO	   8
#define ICMP_TIME_EXCEEDED 11
#define ICMP_PARAMETER	   12
#define ICMP6_UNREACHABLE  1
#define ICMP6_TOO_BIG	   2
#define ICMP6_PARAMETER	   4
#define ICMP6_ECHO	   128
#define ICMP6_ECHOREPLY	   129

/* Type and code, as the error functions take them. */
#define ICMP_KIND(type, code)  ((type) << 8 | (code))
#define ICMP_HOST_UNREACHABLE  ICMP_KIND(ICMP_UNREACHABLE, 1)
#define ICMP_PORT_UNREACHABLE  ICMP_KIND(ICMP_UNREACHABLE, 3)
#define ICMP_FRAG_NEEDED       ICMP_KIND(ICMP_UNREACHABLE, 4)
#define ICMP6_HOST_UNREACHABLE ICMP_KIND(ICMP6_UNREACHABLE, 3) /* "address unreachable" */
#define ICMP6_PORT_UNREACHABLE ICMP_KIND(ICMP6_UNREACHABLE, 4)

struct icmphdr {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__u32 rest;
};

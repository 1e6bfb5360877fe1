namespace Sidestep.UnitTests.Model.Mistakes;

/// <summary>Addresses that no VIP or server can have.</summary>
internal static class AddressMistakes
{
    public static Mistake[] All { get; } =
    [
        new("an incomplete address",
            "address: 10.0.0.11",
            "address: 10.0.11",
            "22:18: error: pools[0].servers[0].address: 10.0.11: not an IPv4 address of four decimal numbers "
            + "from 0 to 255. Write an address such as 192.0.2.10 or 2001:db8::10."),
        new("a host name",
            "address: 10.0.0.11",
            "address: web1.example",
            "22:18: error: pools[0].servers[0].address: web1.example: not an IPv4 address of four decimal "
            + "numbers from 0 to 255. Write an address such as 192.0.2.10 or 2001:db8::10."),
        new("an octal address",
            "address: 10.0.0.11",
            "address: 10.0.0.011",
            "22:18: error: pools[0].servers[0].address: 10.0.0.011: not an IPv4 address of four decimal "
            + "numbers from 0 to 255. Write an address such as 192.0.2.10 or 2001:db8::10."),
        new("a prefix that is too long",
            "vip: 203.0.113.10",
            "vip: 203.0.113.10/33",
            "29:10: error: virtualServices[0].vip: 203.0.113.10/33: the prefix length is not a number from 0 to "
            + "32. Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("an address with a port",
            "address: 10.0.0.11",
            "address: 10.0.0.11:80",
            "22:18: error: pools[0].servers[0].address: 10.0.0.11:80: not an address; ports belong to the service, "
            + "and servers listen on the same ones. Write an address such as 192.0.2.10 or "
            + "2001:db8::10."),
        new("an IPv6 VIP with a zone",
            "vip: 203.0.113.10",
            "vip: 2001:db8::10%eth0",
            "29:10: error: virtualServices[0].vip: 2001:db8::10%eth0: an address with a zone. Write an "
            + "address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("an IPv4 address in IPv6 form",
            "address: 10.0.0.11",
            "address: \"::ffff:10.0.0.11\"",
            "22:18: error: pools[0].servers[0].address: ::ffff:10.0.0.11: an IPv4 address in IPv6 form, which "
            + "cannot be the address of a real server. Write an address such as 192.0.2.10 or 2001:db8::10."),
        new("a loopback VIP",
            "vip: 203.0.113.10",
            "vip: 127.0.0.1",
            "29:10: error: virtualServices[0].vip: 127.0.0.1: a loopback address, which cannot be a VIP. "
            + "Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("a multicast VIP",
            "vip: 203.0.113.10",
            "vip: 224.0.0.1",
            "29:10: error: virtualServices[0].vip: 224.0.0.1: a multicast address, which cannot be a VIP. "
            + "Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("the unspecified address as VIP",
            "vip: 203.0.113.10",
            "vip: 0.0.0.0",
            "29:10: error: virtualServices[0].vip: 0.0.0.0: the unspecified address, which cannot be a VIP. "
            + "Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("the broadcast address as VIP",
            "vip: 203.0.113.10",
            "vip: 255.255.255.255",
            "29:10: error: virtualServices[0].vip: 255.255.255.255: the broadcast address, which cannot be a "
            + "VIP. Write an address or a prefix such as 192.0.2.10, 198.51.100.0/24 or 2001:db8::/64."),
        new("a loopback server",
            "address: 10.0.0.11",
            "address: 127.1.2.3",
            "22:18: error: pools[0].servers[0].address: 127.1.2.3: a loopback address, which cannot be the "
            + "address of a real server. Write an address such as 192.0.2.10 or 2001:db8::10."),
        new("a multicast server",
            "address: 10.0.0.11",
            "address: 239.255.255.255",
            "22:18: error: pools[0].servers[0].address: 239.255.255.255: a multicast address, which cannot be "
            + "the address of a real server. Write an address such as 192.0.2.10 or 2001:db8::10."),
        new("the unspecified address as server",
            "address: 10.0.0.11",
            "address: 0.0.0.0",
            "22:18: error: pools[0].servers[0].address: 0.0.0.0: the unspecified address, which cannot be the "
            + "address of a real server. Write an address such as 192.0.2.10 or 2001:db8::10."),
        new("the unspecified network as server",
            "address: 10.0.0.11",
            "address: 0.0.0.7",
            "22:18: error: pools[0].servers[0].address: 0.0.0.7: an address of 0.0.0.0/8, which cannot be the "
            + "address of a real server. Write an address such as 192.0.2.10 or 2001:db8::10."),
        new("the broadcast address as server",
            "address: 10.0.0.11",
            "address: 255.255.255.255",
            "22:18: error: pools[0].servers[0].address: 255.255.255.255: the broadcast address, which cannot "
            + "be the address of a real server. Write an address such as 192.0.2.10 or 2001:db8::10."),
    ];
}

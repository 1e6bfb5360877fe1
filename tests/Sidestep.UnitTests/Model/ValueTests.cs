using System.Net;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Ports and prefixes of random text: refused or understood, and what is understood prints back the
/// same.</summary>
public sealed class ValueTests
{
    private const string Characters = "0123456789.:/-,abcdefg %[]x";

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Random_ports_are_rejected_or_round_trip(int seed)
    {
        var random = new Random(seed);
        int accepted = 0;
        for (int round = 0; round < 2000; round++)
        {
            string text = random.Next(3) switch
            {
                0 => RandomText(random),
                1 => $"{random.Next(70000)}",
                _ => $"{random.Next(70000)}-{random.Next(70000)}",
            };
            if (Service(random.Next(2) == 0 ? $"vip: 203.0.113.1\n    ports: '{text}'"
                : $"vip: 203.0.113.1\n    ports: ['{text}']")
                is not { } service)
                continue;
            accepted++;
            var range = Assert.Single(service.Ports);
            Assert.True(range.First <= range.Last, text);
            int dash = text.IndexOf('-', StringComparison.Ordinal);
            bool one = dash > 0 && text[..dash] == text[(dash + 1)..];
            Assert.Equal(one ? text[..dash] : text, range.ToString());
        }
        Assert.True(accepted > 100, $"{accepted} accepted");
    }

    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    public void Random_prefixes_are_rejected_or_round_trip(int seed)
    {
        var random = new Random(seed);
        int accepted = 0;
        for (int round = 0; round < 3000; round++)
        {
            string text = random.Next(3) switch
            {
                0 => RandomText(random),
                1 => Prefix(random, 4),
                _ => Prefix(random, 16),
            };
            if (Service($"vips: ['{text}']\n    port: 80") is not { } service)
                continue;
            accepted++;
            var vip = Assert.Single(service.Vips);
            int bits = vip.BaseAddress.GetAddressBytes().Length * 8;
            if (vip.PrefixLength == bits)
                Assert.Equal(IPAddress.Parse(text.Split('/')[0]), vip.BaseAddress);
            else
                Assert.Equal(IPNetwork.Parse(text), vip);
            // Its printed form means the same.
            Assert.Equal(vip, Assert.Single(Service($"vips: ['{vip}']\n    port: 80")!.Vips));
        }
        Assert.True(accepted > 100, $"{accepted} accepted");
    }

    [Fact]
    public void VIP_prefix_starting_at_zero_must_cover_the_whole_address_space()
    {
        // Servers with IPv4 addresses are in no IPv6 prefix, ::ffff:0:0/96 included.
        Assert.Equal([IPNetwork.Parse("::/0")], Service("vip: '::/0'\n    port: 80")!.Vips);
        Assert.Null(Service("vip: 0.0.0.0/8\n    port: 80"));
    }

    [Fact]
    public void Ports_are_sorted_whatever_the_order_of_the_document() =>
        Assert.Equal([PortRange.One(80), PortRange.One(443), new PortRange(8000, 8099)],
            Service("vip: 203.0.113.1\n    ports: [8000-8099, 80, 443]")!.Ports);

    [Fact]
    public void Services_may_overlap_when_one_is_narrower()
    {
        var result = Read("""
              - { name: a, vip: 203.0.113.1, protocol: any, pool: p }
              - { name: b, vip: 203.0.113.1, protocol: tcp, ports: any, pool: p }
              - { name: c, vip: 203.0.113.1, protocol: tcp, ports: [1000-1999, 3000], pool: p }
              - { name: d, vip: 203.0.113.1, protocol: tcp, ports: [1500-1600, 80], pool: p }
              - { name: e, vip: 203.0.113.0/24, protocol: tcp, ports: [1500-1600], pool: p }
              - { name: f, vip: "2001:db8::1", protocol: tcp, ports: [1500-1600], pool: p }
              - { name: g, vip: 203.0.113.1, protocol: udp, ports: [1500-1600], pool: p }

            """);

        Assert.Empty(result.Errors);
    }

    private static string RandomText(Random random) =>
        string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => Characters[random.Next(Characters.Length)]));

    private static string Prefix(Random random, int bytes)
    {
        var address = new byte[bytes];
        random.NextBytes(address);
        int length = random.Next((bytes * 8) + 1);
        if (random.Next(4) > 0)
        {
            for (int bit = length; bit < bytes * 8; bit++)
                address[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }
        return $"{new IPAddress(address)}/{length}";
    }

    private static VirtualService? Service(string keys) =>
        Read($"  - name: v\n    protocol: tcp\n    pool: p\n    {keys}\n").Configuration?.VirtualServices[0];

    private static ConfigurationResult Read(string services) => ConfigurationReader.Read($$"""
        node:
          interfaces: [{ name: eth0 }]
        group:
          hashKey: "8f1c2a63b0d94e57a1c3f5e7092b4d6f"
        pools: [{ name: p, servers: [{ name: s, address: 10.0.0.1 }] }]
        virtualServices:

        """ + services, null);
}

using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>Addresses of the director that are in VIP prefixes.</summary>
public sealed class ExcludedAddressesTests
{
    [Theory]
    [InlineData("10.66.0.0/24", "10.66.1.5", "10.66.0.0/24")]
    [InlineData("10.66.0.0/30", "10.66.0.1", "10.66.0.0/32 10.66.0.2/31")]
    [InlineData("10.66.0.0/31", "10.66.0.0", "10.66.0.1/32")]
    [InlineData("10.66.0.0/29", "10.66.0.1 10.66.0.6",
        "10.66.0.0/32 10.66.0.2/31 10.66.0.4/31 10.66.0.7/32")]
    [InlineData("2001:db8::/125", "2001:db8::7", "2001:db8::/126 2001:db8::4/127 2001:db8::6/128")]
    [InlineData("10.66.0.0/24", "2001:db8::7", "10.66.0.0/24")]
    // A VIP of its own cannot be excluded.
    [InlineData("10.66.0.5/32", "10.66.0.5", "10.66.0.5/32")]
    // Parts that a narrower VIP has are its own, whether it contains the address or not.
    [InlineData("10.66.0.0/29 10.66.0.0/30", "10.66.0.1", "10.66.0.4/30; 10.66.0.0/32 10.66.0.2/31")]
    [InlineData("10.66.0.0/29 10.66.0.4/30", "10.66.0.1", "10.66.0.0/32 10.66.0.2/31; 10.66.0.4/30")]
    [InlineData("10.66.0.0/30 10.66.0.0/32", "10.66.0.1", "10.66.0.2/31; 10.66.0.0/32")]
    public void Prefix_is_replaced_by_what_it_consists_of_without_the_address(string vips, string local, string parts)
    {
        IPNetwork[] all = [.. vips.Split(' ').Select(IPNetwork.Parse)];
        var excluded = new ExcludedAddresses(all, [.. local.Split(' ').Select(IPAddress.Parse)]);
        Assert.Equal(parts, string.Join("; ", all.Select(v => string.Join(' ', excluded.Without([v])))));
    }

    /// <summary>Every other address of the prefix stays, and none is in two parts.</summary>
    [Fact]
    public void Parts_have_every_other_address_once()
    {
        var prefix = IPNetwork.Parse("198.51.100.0/24");
        IPAddress[] local = [IPAddress.Parse("198.51.100.7"), IPAddress.Parse("198.51.100.8"),
            IPAddress.Parse("198.51.100.255")];
        var parts = new ExcludedAddresses([prefix], [.. local]).Without(prefix).ToArray();
        for (var i = 0; i < 256; i++)
        {
            var address = IPAddress.Parse($"198.51.100.{i}");
            Assert.Equal(local.Contains(address) ? 0 : 1, parts.Count(p => p.Contains(address)));
        }
    }

    [Fact]
    public void Excluded_addresses_are_bounded_and_the_others_named()
    {
        IPAddress[] local = [.. Enumerable.Range(0, ExcludedAddresses.MaxAddresses + 2)
            .Select(static i => IPAddress.Parse($"10.66.0.{i}"))];
        var excluded = new ExcludedAddresses([IPNetwork.Parse("10.66.0.0/16"), IPNetwork.Parse("10.66.0.3/32")],
            [.. local]);
        Assert.Equal(local[..ExcludedAddresses.MaxAddresses], excluded.Excluded);
        Assert.Equal(local[ExcludedAddresses.MaxAddresses..], excluded.NotExcluded);
        Assert.Equal([IPAddress.Parse("10.66.0.3")], excluded.VipsOfDirector);
    }

    /// <summary>Services and VIPs of the tables agree, and come back whole when the address is gone.</summary>
    [Fact]
    public void Tables_have_no_VIP_with_the_address_while_the_director_has_it()
    {
        var prefix = IPNetwork.Parse("10.66.0.0/30");
        var configuration = new Configuration
        {
            Node = new NodeSettings { Interfaces = [new("lan0", Driver.Auto)] },
            Group = new GroupSettings { HashKey = new HashKey(7, 9) },
            Pools = [new Pool { Name = "web", Slots = 1021 }],
            Vips = [new Vip(prefix, EchoPolicy.Always)],
            VirtualServices =
            [
                new VirtualService
                {
                    Name = "web", Vips = [prefix], Protocol = TransportProtocol.Tcp, Ports = [PortRange.One(80)],
                    Pool = "web",
                },
            ],
        };
        var none = new NextHops([], new Dictionary<VrfAddress, NextHop>(), new Dictionary<VrfAddress, string>());
        var before = TableCompiler.Compile(configuration, none);
        var during = TableCompiler.Compile(configuration,
            none with { LocalAddresses = [IPAddress.Parse("10.66.0.1"), IPAddress.Parse("192.0.2.1")] }, before);
        var after = TableCompiler.Compile(configuration, none, during);
        Assert.Equal(["10.66.0.0/32", "10.66.0.2/31"], during.Vips.Select(static v => v.Address.ToString()));
        Assert.Equal(during.Vips.Select(static v => v.Address), during.Services[0].Vips);
        // The echo policy of the prefix holds for its parts, and a part of one address answers no ARP.
        Assert.All(during.Vips, static v => Assert.Equal((EchoAction.Reply, false), (v.Echo, v.RespondsToArp)));
        Assert.Equal(before.Vips, after.Vips);
        Assert.Equal([prefix], after.Services[0].Vips);
    }
}

using System.Net;
using FsCheck.Fluent;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.UnitTests.Packets;

namespace Sidestep.UnitTests.Forwarding;

/// <summary>The text of an encapsulation, which labels groups in counters, status and files.</summary>
public sealed class EncapTests
{
    private static readonly IPNetwork Four = IPNetwork.Parse("198.18.0.0/15"), Six = IPNetwork.Parse("2001:db8::/64");

    [Theory]
    [InlineData("l2")]
    [InlineData("ipip")]
    [InlineData("gre")]
    [InlineData("gue")]
    [InlineData("gue:6081")]
    [InlineData("ipip@198.18.0.0/15")]
    [InlineData("gre@2001:db8::/64")]
    [InlineData("ipip@198.18.0.0/15@2001:db8::/64")]
    public void Text_is_read_back(string text)
    {
        Assert.True(Encap.TryParse(text, out var encap));
        Assert.Equal(text, encap.Value.ToString());
    }

    [Fact]
    public void Every_encapsulation_is_read_back() => Gens.Check(
        from kind in Gen.Elements(Enum.GetValues<ForwardingMode>())
        from port in Gen.Choose(1, 65535)
        from prefixes in Gen.Choose(0, 3)
        select kind switch
        {
            ForwardingMode.L2 => Encap.Layer2,
            ForwardingMode.Gue => new Encap(kind, port),
            _ => new Encap(kind, 0, (prefixes & 1) != 0 ? Four : null, (prefixes & 2) != 0 ? Six : null),
        },
        static encap => Encap.TryParse(encap.ToString(), out var read) && read == encap, 200);

    [Theory]
    [InlineData("")]
    [InlineData("l3")]
    [InlineData("vxlan")]
    [InlineData("gue:")]
    [InlineData("gue:port")]
    [InlineData("gue:-1")]
    [InlineData("gue: 1")]
    [InlineData("ipip@")]
    [InlineData("ipip@198.18.0.0/33")]
    public void Other_text_is_rejected(string text)
    {
        Assert.False(Encap.TryParse(text, out var encap));
        Assert.Null(encap);
    }

    [Fact]
    public void Settings_that_do_not_apply_are_left_out()
    {
        var profile = new NetworkProfile { Name = "p", GuePort = 7000, OuterSource4 = Four, OuterSource6 = Six };
        Assert.Equal(new Encap(ForwardingMode.IpIp, 0, Four, Six), Encap.Of(profile, Encapsulation.IpIp));
        Assert.Equal(new Encap(ForwardingMode.Gue, 7000), Encap.Of(profile, Encapsulation.Gue));
        Assert.Equal(Encap.Layer2, Encap.Of(profile with { DsrType = DsrType.L2 }));
        Assert.Equal(Encap.Of(profile, profile.Encapsulation), Encap.Of(profile));
    }

    [Fact]
    public void Group_is_named_by_pool_and_encapsulation()
    {
        var web = PoolKey.InDefault("web");
        Assert.Equal("web/gue", $"{new GroupKey(web, new Encap(ForwardingMode.Gue, NetworkProfile.DefaultGuePort))}");
        Assert.NotEqual(new GroupKey(web, Encap.Layer2), new GroupKey(web, new Encap(ForwardingMode.Gre)));
        Assert.NotEqual(new GroupKey(web, Encap.Layer2), new GroupKey(PoolKey.InDefault("api"), Encap.Layer2));
    }
}

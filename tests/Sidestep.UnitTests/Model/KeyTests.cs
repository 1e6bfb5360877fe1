using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;

namespace Sidestep.UnitTests.Model;

/// <summary>Keys with a tenant or a VRF: their text, and that other tenants and VRFs are other keys.</summary>
public sealed class KeyTests
{
    private static readonly TenantName Red = new("red");
    private static readonly VrfName Blue = new("blue");
    private static readonly IPAddress Address = IPAddress.Parse("10.0.0.1");

    [Fact]
    public void Default_names_equal_their_text()
    {
        Assert.Equal(TenantName.Default, new TenantName("default"));
        Assert.Equal(VrfName.Default, new VrfName("default"));
        Assert.Equal(("default", "default"), ($"{TenantName.Default}", $"{VrfName.Default}"));
        Assert.Equal(("red", "blue"), ($"{Red}", $"{Blue}"));
    }

    [Fact]
    public void Keys_of_another_tenant_or_VRF_are_other_keys()
    {
        Assert.NotEqual(PoolKey.InDefault("web"), new PoolKey(Red, "web"));
        Assert.NotEqual(ServiceKey.InDefault("web"), new ServiceKey(Red, "web"));
        Assert.NotEqual(RealServerKey.InDefault("web1"), new RealServerKey(Red, "web1"));
        Assert.NotEqual(VrfAddress.InDefault(Address), new VrfAddress(Blue, Address));
        Assert.NotEqual(new GroupKey(PoolKey.InDefault("web"), Encap.Layer2), new GroupKey(new(Red, "web"), default));
        Assert.Equal(new VrfAddress(new("blue"), IPAddress.Parse("10.0.0.1")), new VrfAddress(Blue, Address));
    }

    [Fact]
    public void Text_names_a_tenant_or_VRF_only_if_it_is_not_the_default()
    {
        Assert.Equal(("web", "red/web"), ($"{PoolKey.InDefault("web")}", $"{new PoolKey(Red, "web")}"));
        Assert.Equal(("www", "red/www"), ($"{ServiceKey.InDefault("www")}", $"{new ServiceKey(Red, "www")}"));
        Assert.Equal(("s1", "red/s1"), ($"{RealServerKey.InDefault("s1")}", $"{new RealServerKey(Red, "s1")}"));
        Assert.Equal(("10.0.0.1", "10.0.0.1%blue"),
            ($"{VrfAddress.InDefault(Address)}", $"{new VrfAddress(Blue, Address)}"));
        Assert.Equal("red/web/l2", $"{new GroupKey(new PoolKey(Red, "web"), Encap.Layer2)}");
    }

    [Theory]
    [InlineData("web")]
    [InlineData("red/web")]
    [InlineData("red/2001:db8::1")]
    public void Key_is_read_back_from_its_text(string text)
    {
        Assert.Equal(text, PoolKey.Parse(text).ToString());
        Assert.Equal(text, ServiceKey.Parse(text).ToString());
        Assert.Equal(text, RealServerKey.Parse(text).ToString());
        Assert.Equal(PoolKey.InDefault("web"), PoolKey.Parse("default/web"));
    }

    [Theory]
    [InlineData("10.0.0.1")]
    [InlineData("2001:db8::1%blue")]
    public void Address_is_read_back_from_its_text(string text) =>
        Assert.Equal(text, VrfAddress.Parse(text).ToString());

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("web1")]
    [InlineData("10.0.0.1%")]
    [InlineData("%blue")]
    public void Other_text_is_no_address(string? text) => Assert.False(VrfAddress.TryParse(text, out _));

    [Theory]
    [InlineData("web/l2")]
    [InlineData("web/ipip@198.18.0.0/15@2001:db8::/64")]
    [InlineData("red/web/gue:6081")]
    [InlineData("red/web/ipip@198.18.0.0/15")]
    public void Group_is_read_back_from_its_text(string text) => Assert.Equal(text, GroupKey.Parse(text).ToString());

    [Theory]
    [InlineData("web")]
    [InlineData("/l2")]
    [InlineData("web/l4")]
    [InlineData("@")]
    public void Other_text_is_no_group(string text) => Assert.Throws<FormatException>(() => GroupKey.Parse(text));

    [Fact]
    public void Group_names_its_service_where_the_pool_has_several_groups()
    {
        var (pool, other) = (PoolKey.InDefault("web"), PoolKey.InDefault("api"));
        var (http, https) = (ServiceKey.InDefault("http"), ServiceKey.InDefault("https"));
        var names = new GroupNames([new(pool, Encap.Layer2, http), new(pool, Encap.Layer2, https),
            new(other, Encap.Layer2, http)]);
        Assert.Equal("web/l2 for https", names.Of(new GroupKey(pool, Encap.Layer2, https)));
        Assert.Equal("api/l2", names.Of(new GroupKey(other, Encap.Layer2, http)));
        Assert.Equal("web/l2", names.Of(new GroupKey(pool, Encap.Layer2)));
    }

    /// <summary>Equality is that of <see cref="IPAddress"/>, as before; no configuration contains this form.</summary>
    [Fact]
    public void IPv4_mapped_address_is_another_address() =>
        Assert.NotEqual(VrfAddress.InDefault(Address), VrfAddress.InDefault(Address.MapToIPv6()));

    [Fact]
    public void Lookups_allocate_nothing()
    {
        var server = new RealServer { Name = "web1", Address = Address };
        var pools = new Dictionary<PoolKey, int> { [PoolKey.InDefault("web")] = 1 };
        var servers = new Dictionary<VrfAddress, int> { [server.VrfAddress] = 1 };
        var found = pools[PoolKey.InDefault("web")] + servers[server.VrfAddress];
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            found += pools[PoolKey.InDefault("web")] + servers[server.VrfAddress];
        Assert.Equal((2002, 0), (found, GC.GetAllocatedBytesForCurrentThread() - before));
    }
}

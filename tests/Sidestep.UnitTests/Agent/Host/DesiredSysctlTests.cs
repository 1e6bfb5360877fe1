using Sidestep.Agent.Host;

namespace Sidestep.UnitTests.Agent.Host;

public sealed class DesiredSysctlTests
{
    [Fact]
    public void All_is_set_before_the_interfaces_and_rp_filter_on_interfaces_only()
    {
        var kernel = new FakeKernel();
        Assert.Equal(
        [
            "net/ipv4/conf/all/arp_ignore 0 1", "net/ipv4/conf/all/arp_announce 0 2",
            "net/ipv4/conf/eth0/arp_ignore 2 1", "net/ipv4/conf/eth0/arp_announce 2 2",
                "net/ipv4/conf/eth0/rp_filter 2 2",
            "net/ipv4/conf/eth1/arp_ignore 3 1", "net/ipv4/conf/eth1/arp_announce 3 2",
                "net/ipv4/conf/eth1/rp_filter 3 2",
        ], DesiredSysctl.For(kernel.Interfaces.Skip(1))
            .Select(static s => $"{s.Setting.Name} {s.InterfaceIndex} {s.Value}"));
    }

    /// <summary>Values by Documentation/networking/ip-sysctl.rst of the kernel.</summary>
    [Theory]
    [InlineData("arp_ignore", true, "1 2 3 8")]
    [InlineData("arp_ignore", false, "1 2 8")]
    [InlineData("arp_announce", true, "2")]
    [InlineData("rp_filter", true, "0 2 3 4 5 6 7 8 9")]
    [InlineData("proxy_arp", true, "0")]
    [InlineData("proxy_arp_pvlan", false, "0")]
    public void Only_values_that_suppress_ARP_for_the_VIPs_serve(string key, bool scopeHost, string serving) =>
        Assert.Equal(serving,
            string.Join(' ', Enumerable.Range(0, 10).Where(v => DesiredSysctl.Serves(key, v, scopeHost))));

    [Theory]
    [InlineData("arp_ignore", "arp-ignore")]
    [InlineData("arp_announce", "arp-announce")]
    [InlineData("rp_filter", "rp-filter")]
    [InlineData("arp_filter", "arp-filter")]
    [InlineData("proxy_arp", "proxy-arp")]
    [InlineData("proxy_arp_pvlan", "proxy-arp")]
    public void Every_sysctl_belongs_to_a_condition(string key, string condition) =>
        Assert.Equal(condition, DesiredSysctl.ConditionOf(key));

    [Fact]
    public void A_name_with_dots_stays_one_part() =>
        Assert.Equal("net/ipv6/conf/eth0.100/disable_ipv6", new Sysctl("eth0.100", Sysctl.DisableIPv6, "ipv6").Name);
}

using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Persistence;

public sealed class LegacyConfigScanTests : IDisposable
{
    private const string Scripts = "etc/sysconfig/network-scripts/";
    private readonly TempFolder _root = new();
    private readonly FakeKernel _kernel = new();

    /// <summary>File, its text, and what is found: status, found, expected, and a part of the remedy.</summary>
    public static TheoryData<string, string, string> Found => new()
    {
        { "etc/rc.local", "ip link set eth1:1 arp off\n",
            "Wrong|ip link set eth1:1 arp off|ARP on|disables ARP on all of eth1 " },
        { "etc/rc.local", "  ip link set dev eth0 arp off # x\n",
            "Wrong|ip link set dev eth0 arp off # x|ARP on|disables ARP on all of eth0 " },
        { "etc/rc.d/rc.local", "ifconfig eth0 203.0.113.10 netmask 255.255.255.255 -arp up\n",
            "Wrong|ifconfig eth0 203.0.113.10 netmask 255.255.255.255 -arp up|ARP on|all of eth0 " },
        { "etc/network/if-up.d/vip", "ifconfig lo:0 203.0.113.10 netmask 255.255.255.255 -arp up\n",
            "Note|ifconfig lo:0 203.0.113.10 netmask 255.255.255.255 -arp up|any|Harmless" },
        { "etc/network/interfaces", "up ip link set eth0 arp off\n",
            "Wrong|up ip link set eth0 arp off|ARP on|all of eth0 " },
        { "etc/network/interfaces.d/x", "up ip link set eth0 arp off\n",
            "Wrong|up ip link set eth0 arp off|ARP on|all of eth0 " },
        { "etc/init.d/vip", "ip link set eth0 arp off\n", "Wrong|ip link set eth0 arp off|ARP on|all of eth0 " },
        { "etc/systemd/system/vip.service", "ExecStart=/sbin/ip link set eth0 arp off\n",
            "Wrong|ExecStart=/sbin/ip link set eth0 arp off|ARP on|all of eth0 " },
        { "etc/NetworkManager/dispatcher.d/vip", "ip link set eth0 arp off\n",
            "Wrong|ip link set eth0 arp off|ARP on|all of eth0 " },
        { Scripts + "ifcfg-lo", "DEVICE=lo:1\nIPADDR=127.0.0.1\n",
            "Wrong|DEVICE=lo:1|DEVICE=lo and 127.0.0.1|Rename it to /etc/sysconfig/network-scripts/ifcfg-lo:1," },
        { Scripts + "ifcfg-lo:1", "DEVICE=\"lo:1\"\nIPADDRESS='203.0.113.10'\nARPUPDATE=no\n",
            "Note|IPADDRESS=203.0.113.10|IPADDR=203.0.113.10|The scripts read IPADDR" },
        { Scripts + "ifcfg-lo:1", "IPADDR=203.0.113.10\n", "Note|ARPUPDATE is not no|ARPUPDATE=no|add ARPUPDATE=no" },
        { Scripts + "ifcfg-lo:1", "IPADDR=203.0.113.10\nARPUPDATE=no\nARPUPDATE=yes\n",
            "Note|ARPUPDATE is not no|ARPUPDATE=no|add ARPUPDATE=no" },
        { Scripts + "ifcfg-eth0:1", "IPADDR=203.0.113.10\n",
            "Wrong|203.0.113.10 on eth0:1|203.0.113.10 on lo|announces the VIP by ARP" },
        { "etc/sysctl.conf", "net.ipv4.ip_forward = 1\n", "Note|net.ipv4.ip_forward = 1|any|DSR does not need it" },
        { "etc/sysctl.d/a.conf", "-net/ipv4/ip_forward=1\n", "Note|-net/ipv4/ip_forward=1|any|DSR does not need it" },
        { "etc/sysctl.d/a.conf", "net.ipv4.conf.all.arp_ignore=0\n",
            "Note|net.ipv4.conf.all.arp_ignore=0|see arp-ignore|reverts what a real server needs" },
        { "etc/sysctl.d/a.conf", "net.ipv4.conf.default.arp_announce=1\n",
            "Note|net.ipv4.conf.default.arp_announce=1|see arp-announce|reverts" },
        { "etc/sysctl.d/a.conf", "net.ipv4.conf.*.arp_announce=0\n",
            "Note|net.ipv4.conf.*.arp_announce=0|see arp-announce|reverts" },
        { "etc/sysctl.d/a.conf", "net/ipv4/conf/eth0/rp_filter = 1\n",
            "Note|net/ipv4/conf/eth0/rp_filter = 1|see rp-filter|reverts" },
    };

    [Theory]
    [MemberData(nameof(Found))]
    public void Legacy_configuration_is_found(string file, string text, string expected)
    {
        _root.Put(file, text);
        var condition = Assert.Single(Scan());
        var parts = expected.Split('|');
        Assert.Equal((ConditionNames.LegacyConfig, "/" + file, parts[0], parts[1], parts[2]),
            (condition.Name, condition.Subject, $"{condition.Status}", condition.Found, condition.Expected));
        Assert.Contains(parts[3], condition.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("etc/rc.local",
        "# ip link set eth0 arp off\n; ifconfig eth0 -arp\n\nip link set eth0 arp on\nip link set eth0 up\n")]
    [InlineData("etc/rc.local", "ifconfig eth0 203.0.113.10 arp\nskip link set eth0 arpx off\n")]
    [InlineData("etc/other", "ip link set eth0 arp off\n")]
    [InlineData("etc/systemd/system/vip.timer", "ip link set eth0 arp off\n")]
    [InlineData(Scripts + "ifcfg-lo", "DEVICE=lo\nIPADDR=127.0.0.1\n")]
    [InlineData(Scripts + "ifcfg-lo:1", "DEVICE=lo:1\nIPADDR=203.0.113.10\nARPUPDATE=no\n")]
    [InlineData(Scripts + "ifcfg-eth0", "DEVICE=eth0\nIPADDR=10.0.1.3\n")]
    [InlineData(Scripts + "ifcfg-eth0", "DEVICE=eth0\nIPADDR=nonsense\n")]
    [InlineData("etc/sysctl.conf", "net.ipv4.ip_forward = 0\nnet.ipv6.conf.all.forwarding = 1\nkernel.x\n")]
    [InlineData("etc/sysctl.d/a.conf",
        "net.ipv4.conf.all.arp_ignore=1\nnet.ipv4.conf.all.arp_announce=2\nnet.ipv4.conf.eth0.rp_filter=2\n")]
    [InlineData("etc/sysctl.d/a.conf",
        "net.ipv4.conf.all.rp_filter=1\nnet.ipv4.conf.eth9.arp_ignore=0\nnet.ipv4.conf.all.log_martians=0\n")]
    [InlineData("etc/sysctl.d/60-sidestep.conf", "net.ipv4.conf.all.arp_ignore=0\n")]
    [InlineData("etc/sysctl.d/a.txt", "net.ipv4.conf.all.arp_ignore=0\n")]
    public void Harmless_configuration_is_not_reported(string file, string text)
    {
        _root.Put(file, text);
        Assert.Empty(Scan());
    }

    [Fact]
    public void An_interface_without_ARP_is_wrong()
    {
        _kernel.Interfaces[1] = FakeKernel.Ethernet(FakeKernel.Eth0, "eth0", FakeKernel.Up | FakeKernel.NoArp);
        _kernel.Interfaces[2] = FakeKernel.Ethernet(FakeKernel.Eth1, "eth1", FakeKernel.Up | FakeKernel.NoArp);
        var condition = Assert.Single(Scan());
        Assert.Equal(("eth0", ConditionStatus.Wrong, "ARP is off on the whole interface"),
            (condition.Subject, condition.Status, condition.Found));
        Assert.EndsWith("Run: ip link set eth0 arp on", condition.Remedy, StringComparison.Ordinal);
    }

    public void Dispose() => _root.Dispose();

    private List<Condition> Scan()
    {
        var result = new Verification();
        LegacyConfigScan.Check(new HostFiles(_root.Path),
            TestSpec.Desired(_kernel, TestSpec.Of(TestSpec.Layer2("203.0.113.0/24"))), result);
        return result.Conditions;
    }
}

using Sidestep.Agent.Input;
using Sidestep.Agent.Persistence;

namespace Sidestep.UnitTests.Agent.Persistence;

/// <summary>The exact text of every file: network managers read it, so that every character counts.</summary>
public sealed class AddressFilesTests : IDisposable
{
    private const string Header =
        "# Written by sidestep-agent, which replaces it; 'sidestep-agent remove' deletes it.\n";
    private const string Prefix = "198.51.100.0/24";
    private const string Interfaces = "/etc/network/interfaces", Source = "source /etc/network/interfaces.d/*\n";
    private readonly TempFolder _root = new();
    private readonly List<string> _remarks = [];
    private readonly List<Problem> _problems = [];

    [Fact]
    public void Networkd_gets_a_file_for_lo()
    {
        var file = Single(NetworkManagerKind.Networkd, TestSpec.Vip, TestSpec.Vip6, Prefix);
        Assert.Equal("/etc/systemd/network/05-sidestep-lo.network", file.Path);
        Assert.Equal(PlannedFile.Readable, file.Mode);
        Assert.Equal(Header + """
            [Match]
            Name=lo

            [Network]
            LinkLocalAddressing=no
            KeepConfiguration=yes

            [Address]
            Address=203.0.113.10/32
            Scope=host

            [Address]
            Address=2001:db8:113::10/128
            DuplicateAddressDetection=none
            PreferredLifetime=0

            [Route]
            Destination=198.51.100.0/24
            Type=local
            Table=local
            Scope=host

            """, file.Text);
        Assert.Empty(_remarks);
    }

    [Theory]
    [InlineData("[Match]\nName=lo\n[Network]\n")]
    [InlineData("[Match]\n  Name=eth9 lo\n")]
    [InlineData("[Match]\nName=*\n")]
    [InlineData("[Match]\nName=l*\n")]
    public void Networkd_gets_a_drop_in_if_the_host_has_a_file_for_lo(string text)
    {
        _root.Put("etc/systemd/network/10-lo.network", text);
        var file = Single(NetworkManagerKind.Networkd, TestSpec.Vip);
        Assert.Equal("/etc/systemd/network/10-lo.network.d/sidestep.conf", file.Path);
        Assert.Equal(Header + "\n[Address]\nAddress=203.0.113.10/32\nScope=host\n", file.Text);
        Assert.Equal(
            ["/etc/systemd/network/10-lo.network is the host's own file for lo: the VIPs go into a drop-in of it."],
            _remarks);
    }

    [Theory]
    [InlineData("10-eth.network", "[Match]\nName=eth0\n")]
    [InlineData("10-route.network", "[Match]\nName=eth0\n[Route]\nName=lo\n")]
    [InlineData("05-sidestep-lo.network", "[Match]\nName=lo\n")]
    public void Networkd_files_that_do_not_match_lo_or_are_the_agents_do_not_matter(string name, string text)
    {
        _root.Put("etc/systemd/network/" + name, text);
        Assert.Equal("/etc/systemd/network/05-sidestep-lo.network",
            Single(NetworkManagerKind.Networkd, TestSpec.Vip).Path);
        Assert.Empty(_remarks);
    }

    [Fact]
    public void Netplan_gets_a_file_that_only_root_may_read()
    {
        var file = Single(NetworkManagerKind.Netplan, TestSpec.Vip, TestSpec.Vip6);
        Assert.Equal("/etc/netplan/60-sidestep.yaml", file.Path);
        Assert.Equal(PlannedFile.Secret, file.Mode);
        Assert.Equal(Header + """
            network:
              version: 2
              ethernets:
                lo:
                  match: { name: lo }
                  addresses:
                    - "203.0.113.10/32"
                    - "2001:db8:113::10/128": { lifetime: 0 }

            """, file.Text);
    }

    [Fact]
    public void NetworkManager_gets_a_profile_for_lo()
    {
        var file = Single(NetworkManagerKind.NetworkManager, TestSpec.Vip, TestSpec.OtherVip, TestSpec.Vip6);
        Assert.Equal("/etc/NetworkManager/system-connections/sidestep-lo.nmconnection", file.Path);
        Assert.Equal(PlannedFile.Secret, file.Mode);
        Assert.Equal(Header + """
            # Needs NetworkManager 1.42 or newer.
            [connection]
            id=sidestep-lo
            type=loopback
            interface-name=lo
            autoconnect=true

            [ipv4]
            method=manual
            address1=203.0.113.10/32
            address2=203.0.113.11/32

            [ipv6]
            method=manual
            address1=2001:db8:113::10/128

            """, file.Text);
        Assert.EndsWith("\n[ipv6]\nmethod=auto\n", Single(NetworkManagerKind.NetworkManager, TestSpec.Vip).Text,
            StringComparison.Ordinal);
    }

    [Fact]
    public void NetworkManager_cannot_have_a_second_profile_for_lo()
    {
        _root.Put("etc/NetworkManager/system-connections/eth0.nmconnection", "[connection]\ninterface-name=eth0\n");
        _root.Put("etc/NetworkManager/system-connections/sidestep-lo.nmconnection",
            "[connection]\ninterface-name=lo\n");
        Single(NetworkManagerKind.NetworkManager, TestSpec.Vip);
        _root.Put("etc/NetworkManager/system-connections/mine.nmconnection", "[connection]\ninterface-name=lo\n");
        Assert.Null(Render(NetworkManagerKind.NetworkManager, TestSpec.Vip));
        Assert.Equal("/etc/NetworkManager/system-connections/mine.nmconnection", Assert.Single(_problems).Value);
    }

    [Fact]
    public void Ifupdown_gets_stanzas_that_set_the_sysctls_first()
    {
        _root.Put(Interfaces, Source + "auto lo\niface lo inet loopback\n");
        var file = Single(NetworkManagerKind.Ifupdown, TestSpec.Vip, Prefix, TestSpec.Vip6);
        Assert.Equal("/etc/network/interfaces.d/sidestep", file.Path);
        Assert.Equal(Header + """
            auto lo

            iface lo inet static
                pre-up sysctl -q -e -p /etc/sysctl.d/60-sidestep.conf || true
                address 203.0.113.10/32
                scope host

            iface lo inet6 static
                pre-up sysctl -q -e -p /etc/sysctl.d/60-sidestep.conf || true
                address 2001:db8:113::10/128
                dad-attempts 0
                preferred-lifetime 0

            iface lo inet manual
                pre-up sysctl -q -e -p /etc/sysctl.d/60-sidestep.conf || true
                up ip route replace local 198.51.100.0/24 dev lo
                down ip route del local 198.51.100.0/24 dev lo || true

            """, file.Text);
        Assert.DoesNotContain("inet manual", Single(NetworkManagerKind.Ifupdown, TestSpec.Vip).Text,
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Source, true)]
    [InlineData("  source-directory /etc/network/interfaces.d\n", true)]
    [InlineData("# source /etc/network/interfaces.d/*\n", false)]
    [InlineData("source /etc/network/other\n", false)]
    [InlineData("", false)]
    public void Ifupdown_must_read_its_folder(string text, bool isRead)
    {
        _root.Put(Interfaces, text);
        Assert.Equal(isRead, Render(NetworkManagerKind.Ifupdown, TestSpec.Vip) is not null);
        Assert.Equal(isRead ? 0 : 1,
            _problems.Count(static p => p is { Value: Interfaces, Reason: "does not read /etc/network/interfaces.d" }));
    }

    [Fact]
    public void Ifcfg_gets_one_file_for_each_VIP()
    {
        var files = Render(NetworkManagerKind.Ifcfg, TestSpec.Vip, TestSpec.OtherVip)!;
        Assert.Equal(["/etc/sysconfig/network-scripts/ifcfg-lo:51", "/etc/sysconfig/network-scripts/ifcfg-lo:52"],
            files.Select(static f => f.Path));
        Assert.Equal(Header + """
            DEVICE=lo:52
            IPADDR=203.0.113.11
            NETMASK=255.255.255.255
            ONBOOT=yes
            ARPUPDATE=no
            ARPCHECK=no
            NAME=sidestep

            """, files[1].Text);
    }

    [Fact]
    public void Ifcfg_cannot_add_IPv6()
    {
        Assert.Null(Render(NetworkManagerKind.Ifcfg, TestSpec.Vip, TestSpec.Vip6));
        Assert.Equal(
            (TestSpec.Vip6, "is an IPv6 address, which ifcfg files allow only in ifcfg-lo itself, beside 127.0.0.1"),
            (Assert.Single(_problems).Value, _problems[0].Reason));
    }

    [Theory]
    [InlineData("netplan")]
    [InlineData("networkmanager")]
    [InlineData("ifcfg")]
    public void Some_managers_cannot_make_a_prefix_local(string name)
    {
        Assert.Null(Render(Enum.Parse<NetworkManagerKind>(name, ignoreCase: true), TestSpec.Vip, Prefix));
        Assert.Equal((Prefix, $"is a prefix, which {name} cannot make local"),
            (Assert.Single(_problems).Value, _problems[0].Reason));
    }

    public void Dispose() => _root.Dispose();

    private PlannedFile Single(NetworkManagerKind manager, params string[] vips)
    {
        var files = Render(manager, vips);
        Assert.Empty(_problems);
        return Assert.Single(files!);
    }

    private IReadOnlyList<PlannedFile>? Render(NetworkManagerKind manager, params string[] vips) =>
        AddressFiles.For(manager,
        TestSpec.Desired(new FakeKernel(), TestSpec.Of(TestSpec.Layer2(vips))), new HostFiles(_root.Path), _remarks,
            _problems);
}
